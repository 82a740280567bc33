"""Intervals hold what they say, on simulated predictions that are calibrated by construction."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.report.summary.intervals import counted_interval, inertia, share_variance, speaker_interval

FREQUENCIES = np.array([0.47, 0.12, 0.03, 0.07, 0.17, 0.03, 0.11])


def drawn(
    random: np.random.Generator, turns: int, sharpness: float = 1.5, lasting: float = 0.0
) -> np.ndarray:
    """Distributions (turn, emotion); with `lasting` the chance that a turn has the one before."""
    values = random.dirichlet(FREQUENCIES * sharpness, size=turns)
    for place in range(1, turns):
        if random.random() < lasting:
            values[place] = values[place - 1]
    return values


@pytest.mark.parametrize("lasting", [0.0, 0.3])
@pytest.mark.parametrize("turns", [20, 60])
def test_95_percent_hold_the_speakers_share(turns: int, lasting: float) -> None:
    random = np.random.default_rng(0)
    held = []
    for _ in range(200):
        values = drawn(random, turns, lasting=lasting)
        widened = inertia(values - values.mean(axis=0))
        for place, share in enumerate(FREQUENCIES / FREQUENCIES.sum()):
            interval = speaker_interval(values[:, place], widened)
            held.append(interval.low <= share <= interval.high)
    assert 0.90 <= np.mean(held) <= 0.985


@pytest.mark.parametrize("turns", [20, 60])
def test_95_percent_hold_the_share_of_labels(turns: int) -> None:
    random = np.random.default_rng(0)
    held = []
    for _ in range(200):
        values = drawn(random, turns)
        labels = np.array([random.multinomial(1, row) for row in values]).mean(axis=0)
        for place in range(len(FREQUENCIES)):
            interval = counted_interval(values[:, place])
            held.append(interval.low - 1e-9 <= labels[place] <= interval.high + 1e-9)
    assert 0.94 <= np.mean(held) <= 0.985


@pytest.mark.parametrize("turns", [1, 2, 3, 4])
def test_intervals_of_few_turns_are_not_too_narrow(turns: int) -> None:
    random = np.random.default_rng(0)
    held = []
    for _ in range(300):
        values = drawn(random, turns, 0.5)
        widened = inertia(values - values.mean(axis=0))
        for place, share in enumerate(FREQUENCIES / FREQUENCIES.sum()):
            interval = speaker_interval(values[:, place], widened)
            held.append(interval.low <= share <= interval.high)
    assert np.mean(held) >= 0.95


@given(st.lists(st.floats(0, 1), min_size=1, max_size=9))
def test_the_counted_interval_is_the_shortest_by_enumeration(values: list[float]) -> None:
    chances = np.zeros(len(values) + 1)
    for labels in product([0, 1], repeat=len(values)):
        chances[sum(labels)] += np.prod([p if one else 1 - p for one, p in zip(labels, values, strict=True)])
    interval = counted_interval(np.array(values))
    low, high = round(interval.low * len(values)), round(interval.high * len(values))
    assert chances[low : high + 1].sum() >= 0.95 - 1e-9
    for shorter in range(high - low):
        best = max(chances[start : start + shorter + 1].sum() for start in range(len(chances)))
        assert best < 0.95 + 1e-9


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_holds_its_estimate(values: list[float]) -> None:
    array = np.array(values)
    interval = speaker_interval(array, 1.0)
    assert 0 <= interval.low <= array.mean() + 1e-12
    assert array.mean() - 1e-12 <= interval.high <= 1
    assert share_variance(array, 1.0) >= 0


def test_lasting_moods_widen_and_others_do_not() -> None:
    random = np.random.default_rng(0)
    lasting, fresh = (drawn(random, 500, lasting=p) for p in (0.6, 0.0))
    assert inertia(lasting - lasting.mean(axis=0)) > 3
    assert inertia(fresh - fresh.mean(axis=0)) < 1.4
    assert inertia(np.zeros((10, 3))) == 1
    assert speaker_interval(fresh[:, 0], 4.0).low < speaker_interval(fresh[:, 0], 1.0).low


@pytest.mark.parametrize("certain", [0.0, 1.0])
def test_certainty_about_every_turn_is_none_about_the_speaker(certain: float) -> None:
    values = np.full(6, certain)
    assert counted_interval(values).low == counted_interval(values).high == certain
    interval = speaker_interval(values, 1.0)
    assert interval.high - interval.low > 0.2
