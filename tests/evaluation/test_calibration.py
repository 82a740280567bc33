from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from evaluation_data import make_predictions
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.functional.classification import multiclass_calibration_error

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.calibration import at_temperature, fit_temperature, reliability


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bins", [10, 15])
def test_agrees_with_torchmetrics(seed: int, bins: int) -> None:
    some = make_predictions(seed, utterances=400)
    got = reliability(some.labels, some.probabilities, bins)
    labels, probabilities = torch.tensor(some.labels), torch.tensor(some.probabilities)
    for norm, value in (("l1", got.expected_calibration_error), ("max", got.maximum_calibration_error)):
        expected = multiclass_calibration_error(probabilities, labels, 7, n_bins=bins, norm=norm)
        assert value == pytest.approx(float(expected), abs=1e-6)


def test_a_perfectly_calibrated_generator_has_a_small_error() -> None:
    random = np.random.default_rng(0)
    probabilities = random.dirichlet(np.full(6, 0.6), 20_000)
    labels = (probabilities.cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1).clip(0, 5)
    got = reliability(labels, probabilities)
    assert got.expected_calibration_error < 0.015
    overconfident = reliability(labels, at_temperature(probabilities, 0.4))
    assert overconfident.expected_calibration_error > 0.1


def test_hand_worked_bins() -> None:
    probabilities = np.array([[0.6, 0.4], [0.6, 0.4], [0.2, 0.8], [1.0, 0.0]])
    got = reliability(np.array([0, 1, 1, 0]), probabilities, bins=5)
    # (0.4, 0.6]: two, half right at 0.6; (0.6, 0.8]: one, right at 0.8; (0.8, 1]: one, right at 1.
    assert got.expected_calibration_error == pytest.approx((2 * 0.1 + 0.2 + 0.0) / 4)
    assert got.maximum_calibration_error == pytest.approx(0.2)
    assert [one.utterances for one in got.bins] == [0, 0, 2, 1, 1]
    assert got.bins[0].accuracy is None
    json.dumps(got.to_json())


def test_no_bins_are_refused() -> None:
    with pytest.raises(InputError, match="0 bins"):
        reliability([0], [[0.5, 0.5]], bins=0)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10**6), utterances=st.integers(1, 60), bins=st.integers(1, 20))
def test_bounds_and_bins_add_up(seed: int, utterances: int, bins: int) -> None:
    some = make_predictions(seed, utterances)
    got = reliability(some.labels, some.probabilities, bins)
    assert 0 <= got.expected_calibration_error <= got.maximum_calibration_error + 1e-12 <= 1 + 1e-12
    assert sum(one.utterances for one in got.bins) == utterances
    for one in got.bins:
        if one.confidence is not None:
            assert one.low - 1e-9 <= one.confidence <= one.high + 1e-9


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_spoilt_the_logits_is_found(true_temperature: float) -> None:
    random = np.random.default_rng(1)
    logits = 2 * random.normal(size=(20_000, 7))
    probabilities = at_temperature(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), 1)
    labels = (probabilities.cumsum(axis=1) < random.random((20_000, 1))).sum(axis=1).clip(0, 6)
    assert fit_temperature(labels, logits * true_temperature) == pytest.approx(true_temperature, rel=0.05)


def test_fitting_never_makes_the_fitted_split_worse_and_ignores_unlabelled() -> None:
    some = make_predictions(5, skill=3.0)
    labels = some.labels.copy()
    labels[:50] = UNLABELLED
    logs = np.log(some.probabilities)
    temperature = fit_temperature(labels, logs)
    assert temperature == fit_temperature(labels[50:], logs[50:])

    def surprisal(at: float) -> float:
        scaled = at_temperature(some.probabilities[50:], at)
        return float(-np.log(scaled[np.arange(450), labels[50:]]).mean())

    assert all(surprisal(temperature) <= surprisal(other) + 1e-9 for other in (1.0, 0.9 * temperature, 1.1))


def test_a_temperature_keeps_the_likeliest_emotion() -> None:
    some = make_predictions(2)
    for temperature in (0.1, 1.0, 7.0):
        scaled = at_temperature(some.probabilities, temperature)
        assert np.array_equal(scaled.argmax(axis=1), some.probabilities.argmax(axis=1))
        assert np.allclose(scaled.sum(axis=1), 1)
    assert np.allclose(at_temperature(some.probabilities, 1.0), some.probabilities)


def test_bad_logits_and_temperatures_are_refused() -> None:
    with pytest.raises(InputError, match="NaN or infinity"):
        fit_temperature([0], [[-np.inf, 0.0]])
    with pytest.raises(InputError, match="expected more than 0"):
        at_temperature([[0.5, 0.5]], 0.0)
