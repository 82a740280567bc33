"""Random predictions to measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Predictions:
    """Labels (utterance,), probabilities (utterance, emotion) and conversations (utterance,)."""

    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    conversation: npt.NDArray[np.int64]


def make_predictions(
    seed: int, utterances: int = 500, emotions: int = 7, skill: float = 1.5, conversations: int = 40
) -> Predictions:
    """Softmax of noise with a bonus for the label; a higher `skill` is right more often."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, emotions, utterances)
    logits = random.normal(size=(utterances, emotions))
    logits[np.arange(utterances), labels] += skill
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(labels, probabilities, np.sort(random.integers(0, conversations, utterances)))
