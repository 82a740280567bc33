"""A voice as a vector: the interface, and one that needs no trained network."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from crossgate.media.clips import Sound
from crossgate.media.voices.blocks import finite
from crossgate.media.voices.mfcc import COEFFICIENTS, voiced_frames

Vector = npt.NDArray[np.float32]
"""(feature,)"""

FEWEST = 25
"""Voiced frames, 0.25 s, below which a mean says nothing of a voice."""

PITCH_SPREAD = 4.5
"""Semitones: how far a speaker's mean pitch varies from utterance to utterance. The standard deviation of the
utterances' mean F0 is 4.2 to 5.7 for MELD's six main speakers, 3.0 to 5.7 for IEMOCAP's."""

CEPSTRUM_SPREAD = 2.2 * np.arange(1, COEFFICIENTS + 1) ** -0.65
"""(coefficient) the same for the means of the cepstra; their standard deviations vary half as far. Fitted to
the spread within twelve voices of espeak-ng (96 sentences) and seven of the GRID corpus (half sentences)."""

LONGEST = 20.0
"""Seconds from the start of an utterance that are listened to; enough to know a voice by."""


class VoiceEmbedder(Protocol):
    """Turns an utterance into a vector that lies near those of the same voice.

    Attributes:
        name: of the method.
        threshold: Euclidean distance; groups whose mean distance is less are taken for one voice.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def threshold(self) -> float: ...  # noqa: D102

    def embed(self, sound: Sound) -> Vector | None:
        """The vector (feature) of an utterance at 16 kHz, None where it is too short or has no voice."""


class CepstralEmbedder:
    """Median pitch, and the means and standard deviations of the mel cepstra, over voiced frames.

    Each is divided by how far it varies within a speaker, and the distance is the root mean square of the
    differences. It tells apart voices that differ much.

    The threshold is set high, so that one speaker is rarely split in two: within any of 24 espeak-ng voices
    the mean distance was 2.1 at most. Real voices vary more: IEMOCAP's speakers 0.8 to 2.3 times as much as
    espeak-ng's in the means of the first four cepstra (openSMILE's).
    """

    name = "mel cepstra and pitch"
    threshold = 2.2

    def embed(self, sound: Sound) -> Vector | None:
        """(1 + 2 x 20) float32; None with less than 0.25 s of voice."""
        frames = voiced_frames(finite(sound.samples[: int(LONGEST * sound.rate)]))
        if len(frames.pitch) < FEWEST:
            return None
        semitones = 12 * np.log2(np.median(frames.pitch))
        parts = (
            [semitones / PITCH_SPREAD],
            frames.cepstra.mean(axis=0) / CEPSTRUM_SPREAD,
            frames.cepstra.std(axis=0) / (CEPSTRUM_SPREAD / 2),
        )
        vector = np.concatenate(parts)
        return np.asarray(vector / np.sqrt(len(vector)), np.float32)
