"""Does a confidence of 70 % mean right seven times in ten? Reliability, calibration error, temperature."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.labelled import Labelled, labelled_of
from crossgate.evaluation.metrics import SMALLEST_PROBABILITY

BINS = 15
"""Equal-width bins of confidence, as in Guo et al., On Calibration of Modern Neural Networks, ICML 2017."""

TEMPERATURE_RANGE = (0.05, 20.0)
"""Where a temperature is looked for; beyond it predictions are one-hot or uniform to the eye."""


@dataclass(frozen=True)
class ReliabilityBin:
    """The utterances whose confidence lies in (low, high].

    Attributes:
        low: lower edge, excluded.
        high: upper edge, included.
        utterances: how many there are.
        confidence: their mean confidence; None in an empty bin.
        accuracy: the share of them that is right; None in an empty bin.
    """

    low: float
    high: float
    utterances: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Reliability:
    """The reliability curve and what it adds up to.

    Attributes:
        expected_calibration_error: mean distance of accuracy and confidence, weighted by utterances.
        maximum_calibration_error: the largest such distance.
        mean_confidence: over all utterances; above the accuracy means overconfident.
        bins: the curve, from confidence 0 to 1.
    """

    expected_calibration_error: float
    maximum_calibration_error: float
    mean_confidence: float
    bins: tuple[ReliabilityBin, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def reliability(labels: npt.ArrayLike, probabilities: npt.ArrayLike, bins: int = BINS) -> Reliability:
    """Reliability of the likeliest emotion's probability.

    Args:
        labels: (utterance,) class indices; `UNLABELLED` utterances are left out.
        probabilities: (utterance, emotion), rows sum to 1.
        bins: number of bins of equal width.

    Raises InputError as `metrics.measure` does.
    """
    return reliability_of(labelled_of(labels, probabilities), bins)


def reliability_of(labelled: Labelled, bins: int = BINS) -> Reliability:
    """The same as `reliability` for utterances that were checked already."""
    if bins < 1:
        raise InputError(f"{bins} bins, expected one at least")
    # Bins are open below and closed above, so that confidence 1 belongs to the last one.
    place = np.clip(np.ceil(labelled.confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    confidence = np.bincount(place, weights=labelled.confidence, minlength=bins)
    correct = np.bincount(place, weights=labelled.correct, minlength=bins)
    filled = count > 0
    gaps = np.abs(correct[filled] - confidence[filled])
    edges = np.linspace(0, 1, bins + 1)
    return Reliability(
        expected_calibration_error=float(gaps.sum() / len(labelled)),
        maximum_calibration_error=float((gaps / count[filled]).max()),
        mean_confidence=float(labelled.confidence.mean()),
        bins=tuple(
            ReliabilityBin(
                low=float(edges[k]),
                high=float(edges[k + 1]),
                utterances=int(count[k]),
                confidence=float(confidence[k] / count[k]) if filled[k] else None,
                accuracy=float(correct[k] / count[k]) if filled[k] else None,
            )
            for k in range(bins)
        ),
    )


def fit_temperature(labels: npt.ArrayLike, logits: npt.ArrayLike) -> float:
    """The temperature that makes softmax(logits / temperature) likeliest (Guo et al., 2017, section 4.2).

    Args:
        labels: (utterance,) class indices of the *validation* split; `UNLABELLED` utterances are left out.
        logits: (utterance, emotion), before the softmax; log-probabilities serve as well.

    Raises InputError where shapes or values do not fit, and where no utterance is labelled.
    """
    classes, scores = np.asarray(labels), np.asarray(logits, dtype=np.float64)
    if not np.isfinite(scores).all():
        raise InputError("the logits hold NaN or infinity", fix="floor probabilities before the logarithm")
    if scores.ndim != 2:
        raise InputError(f"logits have shape {scores.shape}, expected (utterance, emotion)")
    labelled = labelled_of(classes, softmax(scores, axis=1))
    scores = scores[classes != UNLABELLED]
    every = np.arange(len(labelled))

    def surprisal(log_temperature: float) -> float:
        return -float(log_softmax(scores / np.exp(log_temperature), axis=1)[every, labelled.labels].mean())

    # Convex in 1/temperature, hence with a single minimum in its logarithm: the bounded search finds it.
    found = minimize_scalar(surprisal, bounds=tuple(np.log(TEMPERATURE_RANGE)), method="bounded")
    return float(np.exp(found.x))


def at_temperature(probabilities: npt.ArrayLike, temperature: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Distributions (utterance, emotion) as softmax(log p / temperature); the likeliest emotion stays.

    The temperature is a number, or one for every utterance, (utterance, 1).
    """
    divisors = np.asarray(temperature, dtype=np.float64)
    if not np.all(divisors > 0):
        raise InputError(f"temperature is {divisors}, expected more than 0")
    given = np.asarray(probabilities, dtype=np.float64)
    scaled: npt.NDArray[np.float64] = softmax(
        np.log(np.maximum(given, SMALLEST_PROBABILITY)) / divisors, axis=-1
    )
    return scaled
