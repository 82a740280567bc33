"""How far a score would move with another sample of conversations: percentile bootstrap intervals.

Conversations are drawn, never single utterances: utterances of one conversation share speakers, topic and
mood, so they are not independent, and drawing them one by one makes intervals too narrow (Field & Welsh,
Bootstrapping clustered data, JRSS B 2007). The interval speaks of the sample of conversations; the spread
over training seeds is another matter (`summary.py`). With few conversations (IEMOCAP's test part has 31)
percentile intervals are known to be somewhat narrow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.errors import InputError
from crossgate.evaluation.labelled import Labelled, groups_of
from crossgate.evaluation.metrics import accuracy_of, f1_of, macro_f1_of, surprisal_of, weighted_f1_of

RESAMPLES = 1000
LEVEL = 0.95

Sums = npt.NDArray[np.float64]
Metric = Callable[[Sums], npt.NDArray[np.float64]]
"""From sums over conversations (resample, ...) to scores (resample, ...)."""


@dataclass(frozen=True)
class Interval:
    """A percentile interval.

    Attributes:
        low: lower end.
        high: upper end.
        level: share of resamples between them, for example 0.95.
    """

    low: float
    high: float
    level: float

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def conversation_sums(groups: npt.NDArray[np.int64], statistics: npt.NDArray[Any]) -> Sums:
    """Add up statistics (utterance, ...) within conversations numbered (utterance,): (conversation, ...)."""
    sums = np.zeros((int(groups.max()) + 1, *statistics.shape[1:]))
    np.add.at(sums, groups, statistics)
    return sums


def conversation_confusions(
    groups: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
    predicted: npt.NDArray[np.int64],
    emotions: int,
) -> Sums:
    """One confusion matrix a conversation: (conversation, emotion, emotion); rows are labels."""
    conversations = int(groups.max()) + 1
    cell = (groups * emotions + labels) * emotions + predicted
    counts = np.bincount(cell, minlength=conversations * emotions**2)
    return counts.reshape(conversations, emotions, emotions).astype(np.float64)


def bootstrap(
    sums: Sums, metric: Metric, *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> list[Interval]:
    """Percentile intervals of any metric that is a function of sums over conversations.

    Args:
        sums: (conversation, ...) what each conversation adds, for example its confusion matrix.
        metric: scores (resample,) or (resample, score) of summed statistics (resample, ...).
        resamples: how many samples of conversations to draw, each as large as the original.
        level: share of the resamples that lies in the interval.
        seed: the same seed draws the same samples.

    Returns one interval a score. Raises InputError for fewer than two conversations.
    """
    drawn = metric(resampled(sums, resamples, seed))
    tail = 100 * (1 - level) / 2
    ends = np.percentile(drawn.reshape(resamples, -1), [tail, 100 - tail], axis=0)
    return [Interval(float(low), float(high), level) for low, high in ends.T]


def resampled(sums: Sums, resamples: int, seed: int) -> Sums:
    """Sums over `resamples` samples of conversations, drawn with replacement: (resample, ...)."""
    conversations = len(sums)
    if conversations < 2:
        raise InputError(
            f"{conversations} conversation with labels; an interval over conversations needs two at least",
            fix="measure more conversations, or report the score without an interval",
        )
    if resamples < 1:
        raise InputError(f"{resamples} resamples, expected one at least")
    # How often each conversation is drawn says all that matters; the sums are then one matrix product.
    times = np.random.default_rng(seed).multinomial(
        conversations, np.full(conversations, 1 / conversations), size=resamples
    )
    flat = times.astype(np.float64) @ sums.reshape(conversations, -1)
    return flat.reshape(resamples, *sums.shape[1:])


@dataclass(frozen=True)
class Intervals:
    """Intervals of the scores of a report.

    Attributes:
        scores: by name: accuracy, weighted_f1, macro_f1, negative_log_likelihood. The calibration error has
            none: a sum of absolute values grows with resampling, so its percentiles would mislead.
        class_f1: one an emotion, in the order of the label set.
        conversations: how many were drawn from.
        resamples: how many samples were drawn.
        seed: of the drawing.
    """

    scores: dict[str, Interval]
    class_f1: tuple[Interval, ...]
    conversations: int
    resamples: int
    seed: int

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def intervals_of(
    labelled: Labelled,
    conversation: Sequence[Any] | npt.NDArray[Any],
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Intervals:
    """Intervals of every score of a report; all rest on the same samples of conversations.

    Args:
        labelled: what was predicted.
        conversation: (all utterances,) the conversation's id of every utterance, labelled or not.
        resamples: samples to draw.
        level: share of them inside an interval.
        seed: of the drawing.

    Raises InputError for fewer than two conversations with a label.
    """
    groups = groups_of(conversation, labelled)
    confusions = conversation_confusions(groups, labelled.labels, labelled.predicted, labelled.emotions)
    surprisal = conversation_sums(groups, np.stack([surprisal_of(labelled), np.ones(len(labelled))], axis=1))

    def draw(sums: Sums, metric: Metric) -> list[Interval]:
        return bootstrap(sums, metric, resamples=resamples, level=level, seed=seed)

    return Intervals(
        scores={
            "accuracy": draw(confusions, accuracy_of)[0],
            "weighted_f1": draw(confusions, weighted_f1_of)[0],
            "macro_f1": draw(confusions, macro_f1_of)[0],
            "negative_log_likelihood": draw(surprisal, lambda sums: sums[:, 0] / sums[:, 1])[0],
        },
        class_f1=tuple(draw(confusions, f1_of)),
        conversations=len(confusions),
        resamples=resamples,
        seed=seed,
    )
