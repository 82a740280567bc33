"""A network's numbers -> predictions in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crossgate.evaluation.predictor import Predictions, predict
from crossgate.features.dataset import Example
from crossgate.models.checkpoint import Checkpoint
from crossgate.prediction import Prediction


def predictions_of(checkpoint: Checkpoint, examples: Sequence[Example]) -> list[Prediction]:
    """What a checkpoint says of every utterance of some examples, in order."""
    found = predict(checkpoint.network, examples, temperature=checkpoint.temperature)
    return [_prediction(found, row, checkpoint) for row in range(len(found.labels))]


def _prediction(found: Predictions, row: int, checkpoint: Checkpoint) -> Prediction:
    labels = checkpoint.labels.labels

    def distribution_of(probabilities: Any) -> dict[str, float]:
        return dict(zip(labels, _whole(probabilities), strict=True))

    distribution = distribution_of(found.probabilities[row])
    emotion = max(distribution, key=lambda name: distribution[name])
    confidence = distribution[emotion]
    there = bool(found.valid[-1, row])
    measured = {name for view, name in enumerate(found.names) if len(name) == 1 and found.valid[view, row]}
    return Prediction(
        distribution,
        emotion,
        confidence,
        abstained=not there or confidence < checkpoint.confidence_threshold,
        shares=dict(zip(checkpoint.network.modalities, _whole(found.shares[row]), strict=True)),
        # The network's full view answers where any modality is there; by its name all should be.
        views={
            name: distribution_of(found.views[view, row])
            for view, name in enumerate(found.names)
            if set(name) <= measured
        },
    )


def _whole(parts: Any) -> list[float]:
    """Parts that sum to 1 in double precision, where single precision had rounded them; zeros stay zeros."""
    exact = np.asarray(parts, dtype=np.float64)
    return [float(part) for part in exact / (exact.sum() or 1.0)]
