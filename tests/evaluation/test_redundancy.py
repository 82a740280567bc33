from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_networks import Reader, talks

from crossgate.evaluation.predictor import represent
from crossgate.evaluation.redundancy import cross_correlation, linear_cka, redundancy_of
from crossgate.models.baselines.early_fusion import EarlyFusion
from crossgate.models.settings import ModelSettings


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def plain_hsic(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. 2012 as written, with the kernels."""
    n, one = len(x), np.ones(len(x))
    k, m = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    means = (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return float((np.trace(k @ m) + means - 2 / (n - 2) * one @ k @ m @ one) / (n * (n - 3)))


@pytest.mark.parametrize("seed", range(3))
def test_cka_is_the_published_estimator(seed: int) -> None:
    x = normal(30, 7, seed=seed) + 5.0
    y = x[:, :4] + normal(30, 4, seed=seed + 10)
    expected = plain_hsic(x, y) / np.sqrt(plain_hsic(x, x) * plain_hsic(y, y))
    assert linear_cka(x, y) == pytest.approx(expected)


def test_cka_of_the_same_is_one_and_of_unlike_about_zero() -> None:
    x = normal(400, 64)
    assert linear_cka(x, x) == pytest.approx(1)
    assert linear_cka(x, normal(400, 64, seed=1)) == pytest.approx(0, abs=0.02)


def test_cka_does_not_rise_where_features_outnumber_utterances() -> None:
    found = [linear_cka(normal(20, 300, seed=k), normal(20, 300, seed=k + 100)) for k in range(30)]
    assert np.mean([one for one in found if one is not None]) == pytest.approx(0, abs=0.05)


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100), shift=st.floats(-10, 10))
@settings(max_examples=20, deadline=None)
def test_cka_knows_no_rotation_scale_or_shift(seed: int, scale: float, shift: float) -> None:
    x, y = normal(25, 6, seed=seed), normal(25, 6, seed=seed + 1)
    y += x
    turned = np.linalg.qr(normal(6, 6, seed=seed + 2))[0]
    assert linear_cka(scale * x @ turned + shift, y) == pytest.approx(linear_cka(x, y), abs=1e-6)
    assert linear_cka(y, x) == pytest.approx(linear_cka(x, y))


def test_cka_is_not_made_up_where_it_is_not_defined() -> None:
    assert linear_cka(normal(3, 5), normal(3, 5)) is None
    assert linear_cka(np.full((20, 5), 0.1), normal(20, 5)) is None


def test_cross_correlation_of_copies_is_high_and_of_unlike_about_one_in_n() -> None:
    x = np.repeat(normal(500, 1), 8, axis=1) + 0.01 * normal(500, 8, seed=1)
    assert cross_correlation(x, x) > 0.99
    assert cross_correlation(normal(500, 8), normal(500, 8, seed=2)) == pytest.approx(1 / 500, rel=0.5)


def test_pairs_are_measured_where_both_are_present() -> None:
    examples = talks(missing=0.3)
    for example in examples:
        example.values["audio"][:, :4] = example.values["text"]
        example.values["audio"] *= example.present[1][:, None]
    found = redundancy_of(Reader("text"), examples)
    assert list(found) == ["ta", "tv", "av"]
    there = np.concatenate([example.present.numpy() for example in examples], axis=1)
    assert found["ta"].utterances == (there[0] & there[1]).sum()
    assert found["ta"].cka == pytest.approx(1)
    assert found["tv"].cka == pytest.approx(0, abs=0.15)
    assert found["ta"].inputs_cka is not None
    assert found["ta"].inputs_cka < 1  # the fifth number of audio is its own


def test_a_network_without_single_views_has_none() -> None:
    network = EarlyFusion(ModelSettings(hidden=8, heads=2), {"text": 4, "audio": 5, "visual": 6}, 4)
    assert redundancy_of(network, talks(2)) == {}


def test_representations_stand_in_the_order_of_the_utterances() -> None:
    examples = talks(3, turns=4) + talks(2, turns=7, seed=1)
    features, valid = represent(Reader("text"), examples, turns_per_batch=8)
    expected = np.concatenate([example.values["text"].numpy() for example in examples])
    assert np.allclose(features[0], expected)
    assert valid.shape == (7, len(expected))
