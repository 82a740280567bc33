"""Voices as x-vectors of a trained network, by transformers (extra `text`), from a folder or the hub."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from crossgate.errors import InputError, reason_of
from crossgate.media.clips import Sound
from crossgate.media.voices.blocks import RATE, finite
from crossgate.media.voices.embedding import Vector

SHORTEST = 0.5
"""Seconds: less does not fill the network's temporal context."""

LONGEST = 20.0
"""Seconds from the start of an utterance that are read; attention costs the square."""

SIMILARITY = 0.86
"""Cosine from which two utterances are one voice; the value transformers' documentation uses with WavLM."""


class XVectorEmbedder:
    """The network in memory.

    Args:
        model: with `embeddings` in its output, such as `WavLMForXVector`.
        extractor: its feature extractor.
        name: of the model.
        similarity: cosine from which two utterances are one voice; depends on the model.
    """

    def __init__(self, model: Any, extractor: Any, name: str, similarity: float = SIMILARITY) -> None:
        self._model = model.eval()
        self._extractor = extractor
        self.name = name
        # Of vectors of length 1: |a - b|^2 = 2 - 2 cos.
        self.threshold = float(np.sqrt(2 - 2 * similarity))

    @classmethod
    def load(cls, model: str, similarity: float = SIMILARITY) -> XVectorEmbedder:
        """Load a folder or a repository of the hub, such as `microsoft/wavlm-base-plus-sv`.

        Only weights stored as safetensors are read. Raises InputError where there are none, transformers is
        not installed, or the model is for another rate.
        """
        where = f"voice embeddings by {model}"
        try:
            from transformers import AutoFeatureExtractor, AutoModelForAudioXVector
        except ImportError as error:
            raise InputError(
                "transformers is not installed", where=where, fix="pip install 'crossgate[text]'"
            ) from error
        try:
            extractor = AutoFeatureExtractor.from_pretrained(model)
            network = AutoModelForAudioXVector.from_pretrained(
                model, use_safetensors=True, dtype=torch.float32
            )
        except Exception as error:  # transformers raises the hub's and its HTTP library's errors as well
            reason = reason_of(error)
            raise InputError(
                f"the model cannot be loaded: {reason}",
                where=where,
                fix="name a folder or repository of an x-vector model with model.safetensors",
            ) from error
        if extractor.sampling_rate != RATE:
            raise InputError(f"it takes {extractor.sampling_rate} Hz, expected {RATE} Hz", where=where)
        return cls(network, extractor, model, similarity)

    @torch.inference_mode()
    def embed(self, sound: Sound) -> Vector | None:
        """(feature) float32 of length 1; None for less than 0.5 s."""
        if sound.seconds < SHORTEST:
            return None
        samples = finite(sound.samples[: int(LONGEST * RATE)])
        inputs = self._extractor(samples, sampling_rate=RATE, return_tensors="pt")
        vector = self._model(inputs["input_values"]).embeddings[0]
        return np.asarray(torch.nn.functional.normalize(vector, dim=0).numpy(), np.float32)
