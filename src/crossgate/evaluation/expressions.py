"""How well facial expressions are told apart, against the annotators' votes or against class labels."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.bootstrap import Interval, bootstrap, conversation_confusions
from crossgate.evaluation.labelled import labelled_of
from crossgate.evaluation.metrics import Counts, Metrics, accuracy_of, measure_labelled
from crossgate.features.visual.face_settings import EXPRESSIONS

LEAST_VOTES = 2
"""A single vote against all others counts as a slip (Barsoum et al., ICMI 2016, and their published code)."""


@dataclass(frozen=True)
class ExpressionMetrics:
    """The measures of one set of faces.

    Attributes:
        images: number of images given.
        measured: number of them with a label; all else here is of these.
        accuracy: share whose likeliest expression is the label.
        balanced_accuracy: mean recall of the expressions that occur among the labels.
        accuracy_interval: percentile bootstrap over images; None for fewer than two.
        balanced_accuracy_interval: the same.
        detail: precision, recall, F1 and confusion matrix by expression, and the negative log-likelihood.
    """

    images: int
    measured: int
    accuracy: float
    balanced_accuracy: float
    accuracy_interval: Interval | None
    balanced_accuracy_interval: Interval | None
    detail: Metrics

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values: lists, where the fields are tuples."""
        content: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return content


def without_slips(votes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The votes (image, choice), those of a single annotator set to 0."""
    votes = np.asarray(votes, dtype=np.int64)
    return np.where(votes < LEAST_VOTES, 0, votes)


def majority_labels(votes: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """The expression most annotators agree on, as the evaluation of FER+ counts it.

    Single votes go first; then the choice with most votes must have more than half of those that are left,
    and must be one of the eight expressions. This is the `majority` mode of the code published with the paper
    (github.com/microsoft/FERPlus), which evaluates in that mode however a network was trained.

    Args:
        votes: (image, choice) numbers of annotators: the eight expressions, then unknown and not a face.

    Returns (image,) class indices; `UNLABELLED` where there is no such majority.
    """
    votes = without_slips(votes)
    if votes.ndim != 2 or votes.shape[1] < len(EXPRESSIONS):
        raise InputError(
            f"votes have shape {votes.shape}, expected (image, choice), {len(EXPRESSIONS)} choices or more"
        )
    most = votes.argmax(axis=1)
    agreed = 2 * votes.max(axis=1) > votes.sum(axis=1)
    labels: npt.NDArray[np.int64] = np.where(agreed & (most < len(EXPRESSIONS)), most, UNLABELLED)
    return labels


def measure_expressions(
    labels: npt.ArrayLike, posterior: npt.ArrayLike, *, seed: int = 0
) -> ExpressionMetrics:
    """Measure predictions.

    Args:
        labels: (image,) class indices, from `majority_labels` or of a folder of classes; images that are
            `UNLABELLED` are left out.
        posterior: (image, expression), rows sum to 1.
        seed: of the intervals.

    Raises InputError where shapes or values do not fit, and where no image has a label.
    """
    labels = np.asarray(labels)
    labelled = labelled_of(labels, posterior)
    detail = measure_labelled(labelled, EXPRESSIONS)
    confusion = np.asarray(detail.confusion)
    accuracy_interval = balanced_interval = None
    if len(labelled) > 1:
        # Every image stands for itself: there is nothing to say which show the same person.
        single = conversation_confusions(
            np.arange(len(labelled)), labelled.labels, labelled.predicted, len(EXPRESSIONS)
        )
        (accuracy_interval,) = bootstrap(single, accuracy_of, seed=seed)
        (balanced_interval,) = bootstrap(single, balanced_accuracy_of, seed=seed)
    return ExpressionMetrics(
        images=len(labels),
        measured=len(labelled),
        accuracy=detail.accuracy,
        balanced_accuracy=float(balanced_accuracy_of(confusion)),
        accuracy_interval=accuracy_interval,
        balanced_accuracy_interval=balanced_interval,
        detail=detail,
    )


def balanced_accuracy_of(confusion: Counts) -> npt.NDArray[np.float64]:
    """Mean recall (...) of confusion matrices (..., label, prediction) over the labels that occur.

    Scikit-learn's `balanced_accuracy_score`.
    """
    support = confusion.sum(axis=-1)
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    recall = np.divide(hits, support, out=np.zeros(support.shape), where=support > 0)
    mean: npt.NDArray[np.float64] = recall.sum(axis=-1) / np.maximum((support > 0).sum(axis=-1), 1)
    return mean


def among_present(labels: npt.ArrayLike, posterior: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """The posterior (image, expression) over those expressions only that occur among the labels (image,).

    For corpora with fewer expressions: their annotators could not have chosen the others either.
    """
    posterior = np.array(posterior, dtype=np.float64)
    labels = np.asarray(labels)
    present = np.isin(np.arange(posterior.shape[1]), labels)
    if not present.any():
        raise InputError("no image has a label")
    # Where all that is left has underflowed to 0, the expressions that occur are alike.
    posterior[:, present] = np.maximum(posterior[:, present], np.finfo(np.float32).tiny)
    posterior[:, ~present] = 0
    shares: npt.NDArray[np.float64] = posterior / posterior.sum(axis=1, keepdims=True)
    return shares
