"""Small untrained checkpoints for the tests of the pipeline."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from crossgate.conversation import MODALITIES, FeatureSpec
from crossgate.emotions import MELD
from crossgate.features.settings import FeatureSettings
from crossgate.features.standardize import Standardizer
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.features.text.turn_settings import TurnEncoderSettings
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.crossgate import CrossGate
from crossgate.models.settings import ModelSettings
from tiny_base import tiny_base

AUDIO = FeatureSpec("audio", "toy", "1", 5, "drawn")
VISUAL = FeatureSpec("visual", "toy", "1", 4, "drawn")


MEASURED = {"audio": 0.01, "visual": 5.0}
"""Scales of Praat's prosody and of the packaged network's faces, by which no measurement is implausible."""


def toy_checkpoint(
    folder: Path, *, causal: bool = True, audio: FeatureSpec = AUDIO, visual: FeatureSpec = VISUAL
) -> Checkpoint:
    """Text by a text encoder of its own in `folder`, audio and visual by columns; random weights."""
    torch.manual_seed(0)
    settings = TurnEncoderSettings(
        base=tiny_base(folder / "base"), rank=2, alpha=4, max_tokens=40, turn_tokens=24, causal=causal
    )
    fresh = TurnEmbedder.fresh(settings, {"mood": ("good", "bad")})
    for parameter in fresh.encoder.parameters():  # adapters start at zero, and would do nothing
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.3)
    fresh.save(folder / "encoder")
    text = TurnEmbedder.load(folder / "encoder").spec("mood")
    specs = {"text": (text,), "audio": (audio,), "visual": (visual,)}
    dimensions = {m: specs[m][0].dimension for m in MODALITIES}
    columns = {"audio": (audio, AUDIO), "visual": (visual, VISUAL)}
    scales = dict.fromkeys(MODALITIES, 1.0)
    scales |= {m: MEASURED[m] for m, (spec, toy) in columns.items() if spec != toy}
    standardizers = {
        m: Standardizer(np.zeros(d, np.float32), np.full(d, scales[m], np.float32))
        for m, d in dimensions.items()
    }
    model = ModelSettings(hidden=16, heads=2, gate_rank=4, causal=causal, relations=True)
    return Checkpoint(
        CrossGate(model, dimensions, len(MELD)).eval(),
        model,
        FeatureSettings(text=("turns",), audio=(audio.name,), visual=(visual.name,), turns="mood"),
        specs,
        standardizers,
        MELD,
        encoder=folder / "encoder",
    )
