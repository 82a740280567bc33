"""Measurements that cannot be what a network was trained on: a dead or frozen sensor, another scale, noise.

A network answers whatever it is given. Trained with modalities that are missing at times, it takes a missing
one better than a wrong one: what is implausible by the statistics that stand in the checkpoint is therefore
taken for missing. Of wrong measurements that look like right ones (another speaker's voice) nothing here
can know.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crossgate.features.standardize import Standardizer

FARTHEST = 4.0
"""Root mean square of an utterance's standardised features, above which nobody can have measured that. It is
1 on average; the largest of MELD's 1,108 validation voices has 3.8, of IEMOCAP's 5,810 3.4, of 1,500 faces
2.6."""

NEAREST = 0.3
"""The same, below which the features are all but the mean of the train split: filled in, or shrunk.
Of 1,500 real faces 2 are below."""

SMALLEST = 0.3
"""Root mean square of an utterance's features as they were measured, to that of the train split, below which
they were scaled down. Of 9,949 real faces 13 are below, of IEMOCAP's voices none."""

MANY = 32
"""Features from which `NEAREST` and `SMALLEST` are asked for: a few come all near their means by chance, as
22 of MELD's 9,988 training voices (8 features) do."""

FEW = 4
"""Measured features below which nothing is refused."""

ALIKE = 1e-6
"""Of their size: features that differ by less are one number, such as 0, and no measurement."""

WHY = "implausible measurements, taken for missing"
"""As the note of a result says it."""


def implausible(values: npt.NDArray[np.float32], standardizer: Standardizer) -> npt.NDArray[np.bool_]:
    """Which utterances' features cannot have been measured, (utterance,) bool.

    Args:
        values: (utterance, feature) as they were measured, NaN where they were not.
        standardizer: of the train split; of its features the first ones are these.

    A row of which nothing was measured is not implausible: it is missing. Vectors of fewer than four
    measured features are never refused: their mean square says too little.
    """
    features = values.shape[1]
    mean = standardizer.mean[:features].astype(np.float64)
    scale = standardizer.scale[:features].astype(np.float64)
    there = np.isfinite(values) & (scale > 0)
    counts = there.sum(axis=1)
    given = np.where(there, values, mean).astype(np.float64)
    size = np.sqrt((((given - mean) * scale) ** 2).sum(axis=1) / np.maximum(counts, 1))
    largest = np.where(there, values, -np.inf).max(axis=1, initial=-np.inf)
    smallest = np.where(there, values, np.inf).min(axis=1, initial=np.inf)
    reach = np.maximum(np.abs(largest), np.abs(smallest))
    with np.errstate(invalid="ignore"):
        alike = largest - smallest <= ALIKE * reach
    deviation = 1 / np.where(scale > 0, scale, np.inf)
    raw = np.where(there, values, 0.0).astype(np.float64)
    usual = (there * (mean**2 + deviation**2)).sum(axis=1)
    small = (size < NEAREST) | ((raw**2).sum(axis=1) < SMALLEST**2 * usual)
    wrong: npt.NDArray[np.bool_] = (counts >= FEW) & (alike | (size > FARTHEST) | (small & (counts >= MANY)))
    return wrong


def repeated(values: npt.NDArray[np.float32], lengths: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Which utterances have, number by number, the features of an earlier one of their conversation.

    A sensor is frozen then.

    Args:
        values: (utterance, feature), conversation after conversation, NaN where they were not measured.
        lengths: utterances of each conversation.

    Vectors of fewer than four measured features may be the same by chance, and are never refused.
    """
    found = np.zeros(len(values), dtype=bool)
    start = 0
    for length in lengths:
        seen: set[bytes] = set()
        for row in range(start, start + length):
            mark = mark_of(values[row])
            if mark is not None:
                found[row] = mark in seen
                seen.add(mark)
        start += length
    return found


def mark_of(vector: npt.NDArray[np.float32]) -> bytes | None:
    """By what the features of an utterance, (feature,), are known again; None of too few to tell."""
    return vector.tobytes() if np.isfinite(vector).sum() >= FEW else None
