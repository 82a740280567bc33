from __future__ import annotations

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from crossgate.emotions import UNLABELLED
from crossgate.training.class_weights import class_weights
from crossgate.training.randomness import Purpose, generator, seed_torch
from crossgate.training.schedule import learning_rate_factor, update_average


@given(steps=st.integers(1, 300), warmup=st.floats(0, 0.99))
def test_the_learning_rate_rises_to_its_peak_and_falls(steps: int, warmup: float) -> None:
    factors = [learning_rate_factor(step, steps, warmup) for step in range(steps)]
    assert all(0 < factor <= 1 for factor in factors)
    assert max(factors) == 1
    peak = factors.index(1)
    assert all(before < after for before, after in pairwise(factors[: peak + 1]))
    assert all(before >= after for before, after in pairwise(factors[peak:]))


def test_the_schedule_by_hand() -> None:
    factors = [learning_rate_factor(step, 14, 4 / 14) for step in range(15)]
    assert factors[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert factors[9] == pytest.approx(0.5)
    assert factors[6] == pytest.approx(0.5 * (1 + math.cos(math.pi * 0.2)))
    assert factors[14] == pytest.approx(0)


def test_without_decay_the_average_is_the_last() -> None:
    average, current = [torch.zeros(3), torch.zeros(2, 2)], [torch.randn(3), torch.randn(2, 2)]
    update_average(average, current, 500, 0.0)
    assert all(torch.allclose(a, c) for a, c in zip(average, current, strict=True))


@pytest.mark.parametrize(("step", "kept"), [(0, 0.1), (10, 0.55), (100_000, 0.99)])
def test_the_average_follows_faster_early_on(step: int, kept: float) -> None:
    average, current = [torch.tensor([1.0, 2.0])], [torch.tensor([3.0, -2.0])]
    update_average(average, current, step, 0.99)
    assert torch.allclose(average[0], kept * torch.tensor([1.0, 2.0]) + (1 - kept) * current[0])
    assert current[0].tolist() == [3.0, -2.0]


def test_the_average_forgets_its_start() -> None:
    average, current = [torch.full((3,), 1e3)], [torch.ones(3)]
    for step in range(200):
        update_average(average, current, step, 0.9)
    assert torch.allclose(average[0], current[0], atol=1e-4)


class Labelled:
    """Stands in for an example of which only the labels are looked at."""

    def __init__(self, *labels: int) -> None:
        self.labels = torch.tensor(labels)


TRAIN = [Labelled(0, 0, 0, 1), Labelled(0, 0, 0, 1, UNLABELLED), Labelled(3, UNLABELLED)]


def test_balanced_weights_make_every_emotion_count_the_same() -> None:
    weights = class_weights(TRAIN, 5, 1.0)  # type: ignore[arg-type]
    assert weights is not None
    counts = torch.tensor([6.0, 2.0, 0.0, 1.0, 0.0])
    assert torch.allclose((weights * counts)[counts > 0], torch.tensor(3.0))
    assert weights[counts == 0].tolist() == [0, 0]


@pytest.mark.parametrize("power", [0.3, 0.5, 1.0, 2.0])
def test_weights_are_a_power_of_rarity_with_mean_1_over_labels(power: float) -> None:
    weights = class_weights(TRAIN, 5, power)  # type: ignore[arg-type]
    assert weights is not None
    assert float(weights[0] * 6 + weights[1] * 2 + weights[3]) / 9 == pytest.approx(1)
    assert float(weights[1] / weights[0]) == pytest.approx(3**power, rel=1e-5)
    assert float(weights[3] / weights[0]) == pytest.approx(6**power, rel=1e-5)


def test_power_0_weighs_nothing_and_no_labels_are_no_error() -> None:
    assert class_weights(TRAIN, 5, 0) is None  # type: ignore[arg-type]
    none = class_weights([Labelled(UNLABELLED)], 3, 1.0)  # type: ignore[arg-type]
    assert none is not None
    assert none.tolist() == [0, 0, 0]


def test_random_numbers_depend_on_seed_purpose_and_position_alone() -> None:
    def drawn(*key: int) -> float:
        seed, purpose, *position = key
        seed_torch(seed, Purpose(purpose), *position)
        return float(torch.rand(()))

    keys = [
        (0, Purpose.STEP, 0, 0),
        (0, Purpose.STEP, 0, 1),
        (0, Purpose.STEP, 1, 0),
        (1, Purpose.STEP, 0, 0),
    ]
    keys += [(0, Purpose.ORDER, 0, 0), (0, Purpose.WEIGHTS, 0, 0)]
    first = [drawn(*key) for key in keys]
    torch.rand(100)
    assert first == [drawn(*key) for key in keys]
    assert len(set(first)) == len(first)
    numbers = [generator(seed, Purpose.ORDER, epoch).random() for seed in (0, 1) for epoch in (0, 1)]
    assert len(set(numbers)) == 4
    assert numbers[0] == generator(0, Purpose.ORDER, 0).random()
