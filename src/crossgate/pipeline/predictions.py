"""A network's numbers -> predictions in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from crossgate.conversation import Modality, Utterance
from crossgate.evaluation.predictor import Predictions, predict
from crossgate.features.assemble import MINILM, TURNS
from crossgate.features.dataset import Example
from crossgate.features.plausible import WHY
from crossgate.models.checkpoint import Checkpoint
from crossgate.pipeline.doubts import Doubt, doubts_of
from crossgate.prediction import Prediction


def predictions_of(
    checkpoint: Checkpoint,
    examples: Sequence[Example],
    *,
    doubt: bool = True,
    before: Sequence[Utterance] = (),
) -> list[Prediction]:
    """What a checkpoint says of every utterance of some examples, in order.

    Args:
        checkpoint: with its network.
        examples: conversations, ready for it.
        doubt: abstain where a text is none that the shipped models have learned; see `doubts.py`.
        before: what was said before the first utterance of each, to judge short texts by.
    """
    found = predict(checkpoint.network, examples, temperature=checkpoint.temperature)
    return in_words(found, checkpoint, examples, doubt=doubt, before=before)


def in_words(
    found: Predictions,
    checkpoint: Checkpoint,
    examples: Sequence[Example],
    *,
    doubt: bool = True,
    before: Sequence[Utterance] = (),
) -> list[Prediction]:
    """`predictions_of` of numbers that are at hand: `found`, what the network says of the examples."""
    doubts = [one for example in examples for one in _doubts(checkpoint, example, doubt, before)]
    wrong = [notes for example in examples for notes in _implausible(example)]
    return [_prediction(found, row, checkpoint, doubts[row], wrong[row]) for row in range(len(found.labels))]


def _doubts(
    checkpoint: Checkpoint, example: Example, doubt: bool, before: Sequence[Utterance]
) -> list[Doubt | None]:
    """What is wrong with the texts that were read."""
    if not doubt or "text" not in example.values:
        return [None] * len(example)
    there = example.present[list(example.values).index("text")].tolist()
    if not any(there):
        return [None] * len(example)
    utterances = example.conversation.utterances
    read = [u.text if present else None for u, present in zip(utterances, there, strict=True)]
    return doubts_of(
        [*(u.text for u in before), *read],
        [u.speaker for u in (*before, *utterances)],
        tokens=_tokens(checkpoint),
        causal=checkpoint.settings.causal,
        since=len(before),
    )


def _tokens(checkpoint: Checkpoint) -> int | None:
    """How many tokens of a turn the checkpoint's encoder reads."""
    if TURNS in checkpoint.features.text and checkpoint.encoder is not None:
        from crossgate.features.text.turn_embedder import settings_in  # transformers is an extra

        return settings_in(checkpoint.encoder).turn_tokens
    return checkpoint.features.minilm.max_tokens - 2 if MINILM in checkpoint.features.text else None


def _implausible(example: Example) -> list[dict[Modality, str]]:
    """Notes on what was taken for missing."""
    wrong = {modality: rows.tolist() for modality, rows in example.implausible.items()}
    return [{m: WHY for m, rows in wrong.items() if rows[turn]} for turn in range(len(example))]


def _prediction(
    found: Predictions, row: int, checkpoint: Checkpoint, doubt: Doubt | None, wrong: dict[Modality, str]
) -> Prediction:
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
        abstained=not there
        or confidence < checkpoint.confidence_threshold
        or (doubt is not None and doubt.abstains),
        shares=dict(zip(checkpoint.network.modalities, _whole(found.shares[row]), strict=True)),
        # The network's full view answers where any modality is there; by its name all should be.
        views={
            name: distribution_of(found.views[view, row])
            for view, name in enumerate(found.names)
            if set(name) <= measured
        },
        notes=wrong if doubt is None else {**wrong, "text": doubt.why},
    )


def _whole(parts: Any) -> list[float]:
    """Parts that sum to 1 in double precision, where single precision had rounded them; zeros stay zeros."""
    exact = np.asarray(parts, dtype=np.float64)
    return [float(part) for part in exact / (exact.sum() or 1.0)]
