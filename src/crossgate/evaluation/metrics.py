"""How often and how well: accuracy, F1 scores, confusion matrix and negative log-likelihood."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.labelled import Labelled, labelled_of

SMALLEST_PROBABILITY = float(np.finfo(np.float32).tiny)
"""Floor under a probability before its logarithm: where a float32 softmax says 0, it has underflowed."""

Counts = npt.NDArray[np.int64] | npt.NDArray[np.float64]
"""Confusion matrices (..., emotion, emotion): rows are labels, columns predictions."""


@dataclass(frozen=True)
class ClassMetrics:
    """One emotion against all others.

    Attributes:
        emotion: its name.
        precision: share of the utterances predicted as it that are; 0 where none was predicted.
        recall: share of its utterances that were found; 0 where there is none.
        f1: harmonic mean of the two.
        support: number of utterances labelled with it.
        predicted: number of utterances predicted as it.
    """

    emotion: str
    precision: float
    recall: float
    f1: float
    support: int
    predicted: int


@dataclass(frozen=True)
class Metrics:
    """The measures of one set of predictions.

    Attributes:
        utterances: number of labelled utterances, on which everything is measured.
        unlabelled: number of utterances left out.
        accuracy: share of labelled utterances whose likeliest emotion is the label.
        weighted_f1: F1 of the emotions, weighted by their support.
        macro_f1: plain mean of F1 over the emotions that occur among labels or predictions.
        negative_log_likelihood: mean over utterances, in nats.
        classes: one entry an emotion, in the order of the label set.
        confusion: counts; row = label, column = prediction.
    """

    utterances: int
    unlabelled: int
    accuracy: float
    weighted_f1: float
    macro_f1: float
    negative_log_likelihood: float
    classes: tuple[ClassMetrics, ...]
    confusion: tuple[tuple[int, ...], ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def measure(labels: npt.ArrayLike, probabilities: npt.ArrayLike, label_set: LabelSet) -> Metrics:
    """Measure predictions.

    Args:
        labels: (utterance,) class indices; `UNLABELLED` utterances are left out.
        probabilities: (utterance, emotion), rows sum to 1.
        label_set: names the emotions.

    Raises InputError where shapes or values do not fit, and where no utterance is labelled.
    """
    return measure_labelled(labelled_of(labels, probabilities), label_set)


def measure_labelled(labelled: Labelled, label_set: LabelSet) -> Metrics:
    """The same as `measure` for utterances that were checked already."""
    if labelled.emotions != len(label_set):
        raise InputError(
            f"predictions have {labelled.emotions} emotions, the label set {label_set.name!r} "
            f"has {len(label_set)}: {', '.join(label_set.labels)}"
        )
    every = np.arange(len(label_set))
    confusion = confusion_matrix(labelled.labels, labelled.predicted, labels=every)
    precision, recall, f1, support = precision_recall_fscore_support(
        labelled.labels, labelled.predicted, labels=every, zero_division=0.0
    )
    return Metrics(
        utterances=len(labelled),
        unlabelled=labelled.unlabelled,
        accuracy=float(accuracy_of(confusion)),
        weighted_f1=float(weighted_f1_of(confusion)),
        macro_f1=float(macro_f1_of(confusion)),
        negative_log_likelihood=float(surprisal_of(labelled).mean()),
        classes=tuple(
            ClassMetrics(
                emotion=emotion,
                precision=float(precision[k]),
                recall=float(recall[k]),
                f1=float(f1[k]),
                support=int(support[k]),
                predicted=int(confusion[:, k].sum()),
            )
            for k, emotion in enumerate(label_set.labels)
        ),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def surprisal_of(labelled: Labelled) -> npt.NDArray[np.float64]:
    """(utterance,) minus the natural logarithm of the label's probability."""
    of_label = labelled.probabilities[np.arange(len(labelled)), labelled.labels]
    surprisal: npt.NDArray[np.float64] = -np.log(np.maximum(of_label, SMALLEST_PROBABILITY))
    return surprisal


# The scores below take any number of confusion matrices at once: the bootstrap has a thousand of them.


def accuracy_of(confusion: Counts) -> npt.NDArray[np.float64]:
    """Accuracy (...) of confusion matrices (..., emotion, emotion)."""
    return _ratio(np.trace(confusion, axis1=-2, axis2=-1), confusion.sum(axis=(-2, -1)))


def f1_of(confusion: Counts) -> npt.NDArray[np.float64]:
    """F1 (..., emotion) of confusion matrices: 2 hits / (labelled + predicted); 0 for what never occurs."""
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    return _ratio(2 * hits, confusion.sum(axis=-1) + confusion.sum(axis=-2))


def weighted_f1_of(confusion: Counts) -> npt.NDArray[np.float64]:
    """Mean of F1 weighted by support (...); scikit-learn's `average="weighted"`."""
    support = confusion.sum(axis=-1)
    return _ratio((f1_of(confusion) * support).sum(axis=-1), support.sum(axis=-1))


def weighted_f1(labels: npt.NDArray[np.int64], predicted: npt.NDArray[np.int64], emotions: int) -> float:
    """Weighted F1 of class indices (utterance,), all labelled; much quicker than asking scikit-learn."""
    cells = np.bincount(labels * emotions + predicted, minlength=emotions**2)
    return float(weighted_f1_of(cells.reshape(emotions, emotions)))


def macro_f1_of(confusion: Counts) -> npt.NDArray[np.float64]:
    """Mean of F1 (...) over the emotions that occur among labels or predictions.

    This is what scikit-learn and torchmetrics do by default: an emotion that is neither there nor predicted
    says nothing about the predictions, and counting it as 0 would punish a small split.
    """
    occurs = (confusion.sum(axis=-1) + confusion.sum(axis=-2)) > 0
    return _ratio((f1_of(confusion) * occurs).sum(axis=-1), occurs.sum(axis=-1))


def _ratio(above: npt.NDArray[Any], below: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Elementwise above / below, 0 where below is 0."""
    above, below = np.asarray(above, dtype=np.float64), np.asarray(below, dtype=np.float64)
    ratio: npt.NDArray[np.float64] = np.divide(above, below, out=np.zeros_like(above), where=below != 0)
    return ratio
