"""Voices and faces that go wrong: as a table would hold them, before anything is standardised."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from crossgate.conversation import Modality
from crossgate.corpora.table import FeatureColumn, Split

Array = npt.NDArray[np.float32]
Kind = Callable[[Array, npt.NDArray[np.int64], np.random.Generator], Array]
"""(values (utterance, feature), conversations (utterance,), random) -> what stands there instead."""


def _noise(values: Array, _: npt.NDArray[np.int64], random: np.random.Generator) -> Array:
    drawn = random.standard_normal(values.shape, dtype=np.float32)
    return np.nanmean(values, axis=0) + np.nanstd(values, axis=0) * drawn


def _in_noise(values: Array, _: npt.NDArray[np.int64], random: np.random.Generator) -> Array:
    return values + 3 * np.nanstd(values, axis=0) * random.standard_normal(values.shape, dtype=np.float32)


def _in_time(values: Array, groups: npt.NDArray[np.int64], random: np.random.Generator) -> Array:
    shuffled = values.copy()
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        shuffled[rows] = values[random.permutation(rows)]
    return shuffled


def _of_others(values: Array, groups: npt.NDArray[np.int64], random: np.random.Generator) -> Array:
    """A turn of another conversation: half of the split further on, and a little more by chance."""
    return np.roll(values, len(values) // 2 + int(random.integers(50)), axis=0)


def _one(values: Array, _: npt.NDArray[np.int64], __: np.random.Generator) -> Array:
    first = values[np.isfinite(values).all(axis=1)][:1]
    return np.repeat(first, len(values), axis=0)


def _times(factor: float) -> Kind:
    return lambda values, _, __: values * np.float32(factor)


KINDS: dict[str, Kind] = {
    "missing": lambda values, _, __: np.full_like(values, np.nan),
    "zeros": lambda values, _, __: np.zeros_like(values),
    "noise": _noise,
    "in noise": _in_noise,
    "of another conversation": _of_others,
    "shuffled in time": _in_time,
    "frozen": _one,
    "x 0.01": _times(0.01),
    "x 0.1": _times(0.1),
    "x 0.2": _times(0.2),
    "x 3": _times(3),
    "x 100": _times(100),
}
"""By name. `noise` has mean and deviation of each feature; `in noise` adds three deviations; `frozen` is one
and the same measurement at every turn."""


def corrupted(split: Split, modalities: tuple[Modality, ...], kind: str, share: float, seed: int) -> Split:
    """A split with some modalities gone wrong at a share of all turns, the same turns for all kinds.

    Turns that fail at one share fail at every larger one. A turn that has no voice or face gets none.
    """
    groups = np.repeat(np.arange(len(split.conversations)), [len(c) for c in split.conversations])
    hit = np.random.default_rng(seed).permutation(split.rows)[: round(share * split.rows)]
    columns = dict(split.columns)
    for name, column in split.columns.items():
        if column.spec.modality not in modalities:
            continue
        wrong = KINDS[kind](column.values, groups, np.random.default_rng([seed, len(name)]))
        values = column.values.copy()
        values[hit] = wrong[hit]
        values[~column.present] = np.nan
        columns[name] = FeatureColumn(column.spec, values, np.isfinite(values).any(axis=1))
    return replace(split, columns=columns)
