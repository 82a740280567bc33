"""The redundancy term: what two modalities say twice."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import hadamard
from torch import Tensor

from crossgate.objectives.redundancy import redundancy

ALL = torch.ones(16, dtype=torch.bool)


def uncorrelated() -> Tensor:
    """(utterance 16, feature 15): columns of mean 0, variance 1 and no correlation at all."""
    return torch.tensor(hadamard(16)[:, 1:], dtype=torch.float32)


def test_independent_features_are_not_redundant() -> None:
    columns = uncorrelated()
    assert float(redundancy(columns[:, :6], columns[:, 6:12], ALL)) == pytest.approx(0, abs=1e-6)


def test_a_feature_said_twice_is_redundant() -> None:
    columns = uncorrelated()
    first, second = columns[:, :6], columns[:, 6:12].clone()
    for sign in (1.0, -3.0):  # said louder, or the other way round, it is still the same
        second[:, 1] = sign * first[:, 0] + 5
        assert redundancy(first, second, ALL).item() == pytest.approx(1 / (6 * 5), rel=1e-3)
    everything = first[:, :1].expand(-1, 6)
    assert float(redundancy(everything, everything, ALL)) == pytest.approx(1, rel=1e-3)


def test_the_diagonal_is_left_alone() -> None:
    columns = uncorrelated()[:, :6]
    assert float(redundancy(columns, columns, ALL)) == pytest.approx(0, abs=1e-6)
    assert float(redundancy(columns, columns.roll(1, dims=1), ALL)) > 0.1


@given(
    seed=st.integers(0, 2**16),
    utterances=st.integers(0, 12),
    padding=st.integers(0, 6),
    features=st.integers(1, 5),
    scale=st.sampled_from([1e-4, 1.0, 1e4]),
)
@settings(max_examples=50, deadline=None)
def test_it_is_bounded_and_blind_to_what_is_not_valid(
    seed: int, utterances: int, padding: int, features: int, scale: float
) -> None:
    random = torch.Generator().manual_seed(seed)
    first, second = scale * torch.randn(2, utterances + padding, features, generator=random)
    valid = torch.arange(utterances + padding) < utterances
    first.requires_grad_()
    term = redundancy(first, second, valid)
    assert 0 <= term.item() <= 1 + 1e-4
    if utterances < 2 or features < 2:
        assert term.item() == pytest.approx(0, abs=1e-6)
    alone = redundancy(first[:utterances], second[:utterances], valid[:utterances])
    assert torch.isclose(term, alone, atol=1e-5)
    term.backward()
    assert first.grad is not None
    assert first.grad.isfinite().all()
    assert not first.grad[utterances:].any()


@pytest.mark.parametrize(("utterances", "features"), [(40, 3), (12, 30)])
def test_the_correlation_is_numpys(utterances: int, features: int) -> None:
    torch.manual_seed(0)
    first, second = torch.randn(2, utterances, features)
    second = second + 0.5 * first.roll(1, dims=1) + 3
    valid = torch.rand(utterances) > 0.2
    together = np.corrcoef(first[valid].numpy(), second[valid].numpy(), rowvar=False)
    squared = together[:features, features:] ** 2
    by_hand = (squared.sum() - np.trace(squared)) / (features * (features - 1))
    assert redundancy(first, second, valid).item() == pytest.approx(by_hand, rel=1e-3)


def test_descending_it_makes_two_modalities_say_different_things() -> None:
    columns = uncorrelated()
    first = columns[:, :4]
    second = (first.roll(1, dims=1) + 0.1 * columns[:, 4:8]).requires_grad_()
    before = redundancy(first, second, ALL).item()
    optimizer = torch.optim.Adam([second], lr=0.1)
    for _ in range(50):
        optimizer.zero_grad()
        redundancy(first, second, ALL).backward()
        optimizer.step()
    assert redundancy(first, second, ALL).item() < 0.1 * before
