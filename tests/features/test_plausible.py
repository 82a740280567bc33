"""What cannot have been measured is taken for missing, and what was measured is not."""

from __future__ import annotations

import numpy as np
import pytest

from crossgate.features.plausible import implausible, repeated
from crossgate.features.standardize import Standardizer

RANDOM = np.random.default_rng(0)
REAL = (RANDOM.standard_normal((400, 40)) * np.arange(1, 41) + 3).astype(np.float32)
STATISTICS = Standardizer.fit(REAL, np.ones(400, dtype=bool))


def test_what_was_measured_is_kept() -> None:
    assert not implausible(REAL, STATISTICS).any()


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((5, 40)),
        np.full((5, 40), 1e4),
        REAL[:5] * 100,
        np.tile(STATISTICS.mean, (5, 1)),
        STATISTICS.mean + (REAL[:5] - STATISTICS.mean) * 0.05,
    ],
    ids=["zeros", "one number", "another scale", "filled in", "shrunk"],
)
def test_what_cannot_have_been_measured_is_refused(
    wrong: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    assert implausible(wrong.astype(np.float32), STATISTICS).all()


def test_what_is_missing_is_not_refused() -> None:
    rows = np.full((3, 40), np.nan, dtype=np.float32)
    rows[1, :3] = 0.0
    assert not implausible(rows, STATISTICS).any()


def test_the_first_features_are_judged_where_more_were_standardised() -> None:
    assert implausible(REAL[:, :10] * 100, STATISTICS).all()
    assert not implausible(REAL[:, :10], STATISTICS).any()


def test_a_measurement_that_comes_again_is_a_frozen_sensor() -> None:
    rows = REAL[[0, 1, 0, 2, 1, 0]].copy()
    assert repeated(rows, [4, 2]).tolist() == [False, False, True, False, False, False]
    rows[:, 3:] = np.nan  # three numbers may be the same by chance
    assert not repeated(rows, [6]).any()


def test_what_was_scaled_down_is_refused_where_its_mean_hides_it() -> None:
    random = np.random.default_rng(1)
    real = np.maximum(random.standard_normal((400, 64)) + 0.5, 0).astype(np.float32)
    statistics = Standardizer.fit(real, np.ones(400, dtype=bool))
    assert not implausible(real, statistics).any()
    assert implausible(real * np.float32(0.2), statistics).all()
