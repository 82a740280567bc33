"""What can be scored: the labelled utterances of a prediction, checked once for every measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError

SUM_TOLERANCE = 1e-3
"""How far a row's sum may be from 1: a float32 softmax stays within 1e-6, half precision in 1e-3."""


@dataclass(frozen=True)
class Labelled:
    """Labels and predicted distributions of the labelled utterances.

    Attributes:
        labels: (utterance,) class indices, none of them `UNLABELLED`.
        probabilities: (utterance, emotion) float64, rows sum to 1.
        rows: (utterance,) positions in the arrays they were taken from.
        unlabelled: number of utterances left out because nobody labelled them.
    """

    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    rows: npt.NDArray[np.int64]
    unlabelled: int

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def emotions(self) -> int:
        """Number of emotions."""
        return int(self.probabilities.shape[1])

    @property
    def predicted(self) -> npt.NDArray[np.int64]:
        """(utterance,) the likeliest emotion; of equally likely ones the first, as `argmax` does."""
        likeliest: npt.NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return likeliest

    @property
    def correct(self) -> npt.NDArray[np.bool_]:
        """(utterance,) whether the likeliest emotion is the label."""
        right: npt.NDArray[np.bool_] = self.predicted == self.labels
        return right

    @property
    def confidence(self) -> npt.NDArray[np.float64]:
        """(utterance,) probability of the likeliest emotion."""
        largest: npt.NDArray[np.float64] = self.probabilities.max(axis=1)
        return largest


def labelled_of(labels: npt.ArrayLike, probabilities: npt.ArrayLike) -> Labelled:
    """Check labels (utterance,) and probabilities (utterance, emotion), and keep the labelled utterances.

    Raises InputError, with the row, where shapes disagree, a label is no class, a row is no distribution, or
    where no utterance is labelled at all.
    """
    classes, distributions = np.asarray(labels), np.asarray(probabilities, dtype=np.float64)
    if classes.ndim != 1 or distributions.ndim != 2 or len(classes) != len(distributions):
        raise InputError(
            f"labels have shape {classes.shape} and probabilities {distributions.shape}; "
            "expected (utterance,) and (utterance, emotion)"
        )
    if classes.size and not np.issubdtype(classes.dtype, np.integer):
        raise InputError(f"labels are {classes.dtype}, expected whole class indices")
    emotions = distributions.shape[1]
    if emotions < 2:
        raise InputError(f"probabilities have {emotions} emotion(s), expected two at least")
    known = classes != UNLABELLED
    _refuse(
        known & ((classes < 0) | (classes >= emotions)),
        classes,
        f"is no class index; expected 0 to {emotions - 1}, or {UNLABELLED} for no label",
    )
    sums = distributions.sum(axis=1)
    # Written so that NaN fails as well.
    proper = (distributions >= 0).all(axis=1) & (np.abs(sums - 1) <= SUM_TOLERANCE)
    _refuse(~proper, distributions, "is no distribution; expected numbers from 0 that sum to 1")
    if not known.any():
        raise InputError(
            f"none of the {len(classes)} utterances is labelled, so there is nothing to measure",
            fix="measure on a split with labels; `crossgate predict` needs none",
        )
    kept = distributions[known]
    return Labelled(
        labels=classes[known].astype(np.int64),
        probabilities=kept / kept.sum(axis=1, keepdims=True),
        rows=np.flatnonzero(known),
        unlabelled=int((~known).sum()),
    )


def groups_of(conversation: Sequence[Any] | npt.NDArray[Any], labelled: Labelled) -> npt.NDArray[np.int64]:
    """Number the conversations of the labelled utterances from 0: (utterance,) int64.

    `conversation` (all utterances,) holds an id per utterance, labelled or not. Conversations without a label
    get no number. Raises InputError where the length does not fit.
    """
    ids = np.asarray(conversation)
    total = len(labelled) + labelled.unlabelled
    if ids.shape != (total,):
        raise InputError(f"conversation ids have shape {ids.shape}, expected ({total},), one an utterance")
    return np.unique(ids[labelled.rows], return_inverse=True)[1].astype(np.int64).reshape(-1)


def _refuse(wrong: npt.NDArray[np.bool_], values: npt.NDArray[Any], complaint: str) -> None:
    """Raise InputError for the first wrong row, with what stands in it."""
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InputError(f"{values[row]} {complaint}", where=f"utterance {row} (counted from 0)")
