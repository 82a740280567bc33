from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crossgate.errors import InputError
from crossgate.features.standardize import LIMIT, Standardizer

ANYTHING = arrays(np.float32, st.tuples(st.integers(0, 8), st.just(3)), elements=st.floats(width=32))


def drawn(rows: int = 500, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    return (random.normal(size=(rows, 3)) * [1, 1e-3, 1e5] + [0, 5, -1e6]).astype(np.float32)


def everywhere(values: np.ndarray) -> np.ndarray:
    return np.ones(len(values), dtype=bool)


def test_mean_0_and_variance_1_on_the_train_split() -> None:
    values = drawn()
    scaled = Standardizer.fit(values, everywhere(values))(values)
    assert scaled.dtype == np.float32
    assert np.allclose(scaled.mean(axis=0), 0, atol=1e-2)
    assert np.allclose(scaled.std(axis=0), 1, atol=1e-2)


def test_another_split_is_measured_by_the_train_splits_rule() -> None:
    train = drawn()
    rule = Standardizer.fit(train, everywhere(train))
    other = train + np.float32(2) * train.std(axis=0)
    assert np.allclose(rule(other).mean(axis=0), 2, atol=0.05)
    assert np.allclose(rule(other[:1]), rule(other)[:1])  # one row at a time says the same


@pytest.mark.parametrize("constant", [0.0, 1.0, -3e5, 1e-9])
def test_a_constant_column_says_nothing(constant: float) -> None:
    values = drawn()
    values[:, 1] = constant
    rule = Standardizer.fit(values, everywhere(values))
    assert rule.scale[1] == 0
    elsewhere = drawn(seed=1)
    assert (rule(elsewhere)[:, 1] == 0).all()
    assert rule(elsewhere)[:, 0].any()


def test_what_is_not_finite_becomes_the_mean() -> None:
    values = drawn()
    rule = Standardizer.fit(values, everywhere(values))
    for bad in (np.nan, np.inf, -np.inf):
        broken = values.copy()
        broken[3, 0] = bad
        assert rule(broken)[3, 0] == 0
        assert np.array_equal(np.delete(rule(broken), 3, axis=0), np.delete(rule(values), 3, axis=0))


def test_statistics_pass_over_what_is_not_finite_and_what_is_not_present() -> None:
    values = drawn()
    rule = Standardizer.fit(values[:300], everywhere(values[:300]))
    more = values.copy()
    more[300:400] = np.nan
    more[400:] = 1e30
    present = np.arange(500) < 400
    more[350] = np.inf
    again = Standardizer.fit(more, present)
    assert np.allclose(again.mean, rule.mean)
    assert np.allclose(again.scale, rule.scale)


def test_a_column_missing_in_part_keeps_the_rest() -> None:
    values = drawn()
    values[::2, 0] = np.nan
    rule = Standardizer.fit(values, everywhere(values))
    assert rule.mean[0] == pytest.approx(np.nanmean(values[:, 0], dtype=np.float64), abs=1e-6)
    assert 1 / rule.scale[0] == pytest.approx(np.nanstd(values[:, 0], dtype=np.float64), rel=1e-4)


def test_outliers_are_cut() -> None:
    values = drawn()
    rule = Standardizer.fit(values, everywhere(values))
    values[0] = [1e9, -1e9, 3e38]
    assert rule(values)[0].tolist() == [LIMIT, -LIMIT, LIMIT]


@given(train=ANYTHING, other=ANYTHING, seed=st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_nothing_but_small_numbers_ever_comes_out(train: np.ndarray, other: np.ndarray, seed: int) -> None:
    present = np.random.default_rng(seed).random(len(train)) < 0.8
    before = other.copy()
    rule = Standardizer.fit(train, present)
    assert np.isfinite(rule.mean).all()
    assert np.isfinite(rule.scale).all()
    for values in (train, other):
        scaled = rule(values)
        assert scaled.shape == values.shape
        assert np.isfinite(scaled).all()
        assert (np.abs(scaled) <= LIMIT).all()
    assert np.array_equal(before, other, equal_nan=True)  # what was given is left as it was


def test_another_width_is_refused_with_both() -> None:
    values = drawn()
    rule = Standardizer.fit(values, everywhere(values))
    with pytest.raises(InputError, match="2 dimensions, expected 3"):
        rule(values[:, :2])
