"""Where somebody speaks: silero-vad, or loudness where it is not installed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple, Protocol

import numpy as np
from scipy.ndimage import percentile_filter

from crossgate.media.clips import Samples, Sound, Span
from crossgate.media.voices.blocks import RATE
from crossgate.media.voices.curve import FRAME, Probability, SpeechSettings, VoiceCurve, measure_curve
from crossgate.media.voices.silero import (
    SileroNetwork,
    SileroStream,
    load_silero,
    silero_version,
    silero_weights,
)

AROUND = 313
"""Frames around each in which the noise floor is sought: 10 s, longer than people speak without a breath."""

MARGIN = 9.0
"""dB above the noise floor that make the probability one half."""

SLOPE = 2.0
"""dB that change the odds by the factor e."""

HIGHEST_FLOOR = -35.0
"""dBFS. A short recording may be speech from end to end; above this, its quiet parts are no noise."""

LOWEST_SPEECH = -60.0
"""dBFS below which nothing counts as speech."""


class Heard(NamedTuple):
    """What was heard of a recording.

    Attributes:
        curve: the probability of speech over time.
        spans: of speech, in order and apart from each other; none where nobody speaks.
    """

    curve: VoiceCurve
    spans: list[Span]


class VoiceActivity(Protocol):
    """Finds speech.

    Attributes:
        name: of the method, with its version.
        rate: samples a second of the sound it takes.
        note: what a reader of the result must know of the method, None where nothing is to say.
    """

    name: str
    rate: int
    note: str | None

    def listen(self, blocks: Iterable[Sound]) -> Heard:
        """Where there is speech in consecutive mono blocks; the same, however they are cut."""


class SileroVoiceActivity:
    """silero-vad (MIT licence), a small recurrent network.

    Args:
        settings: how probabilities become spans.
        network: None for the weights of the installed package.

    Raises InputError where the package is not installed, or has other weights than expected.
    """

    rate = RATE
    note: str | None = None

    def __init__(self, settings: SpeechSettings | None = None, network: SileroNetwork | None = None) -> None:
        self._network = network or load_silero()
        self.name = f"silero-vad {silero_version()}"
        self.settings = settings or SpeechSettings()

    def listen(self, blocks: Iterable[Sound]) -> Heard:
        """Where there is speech in consecutive mono blocks at 16 kHz; the same, however they are cut."""
        curve = measure_curve(blocks, SileroStream(self._network))
        return Heard(curve, curve.spans(self.settings))


class LoudnessVoiceActivity:
    """Sound at least 9 dB above the noise floor, the 10th percentile of the 10 s around.

    Music and slammed doors are speech to it.

    Args:
        settings: how probabilities become spans.
    """

    name = "loudness"
    rate = RATE
    note: str | None = (
        "speech was found by loudness alone, so that music and noises may count as speech; "
        "pip install silero-vad to find speech itself"
    )

    def __init__(self, settings: SpeechSettings | None = None) -> None:
        self.settings = settings or SpeechSettings()

    def listen(self, blocks: Iterable[Sound]) -> Heard:
        """Where there is sound above the noise in consecutive mono blocks at 16 kHz."""
        measured = measure_curve(blocks, _decibels)
        curve = replace(measured, probability=_probability(measured.probability))
        return Heard(curve, curve.spans(self.settings))


def installed_voice_activity(settings: SpeechSettings | None = None) -> VoiceActivity:
    """silero-vad where it is installed, else loudness, whose `note` says so."""
    if silero_weights() is None:
        return LoudnessVoiceActivity(settings)
    return SileroVoiceActivity(settings)


def _decibels(samples: Samples) -> Probability:
    """(sample,) -> (frame,) dBFS."""
    whole = np.zeros(-(-len(samples) // FRAME) * FRAME)
    whole[: len(samples)] = samples
    power = np.square(whole).reshape(-1, FRAME).mean(axis=1)
    return np.asarray(10 * np.log10(power + 1e-12), np.float32)


def _probability(decibels: Probability) -> Probability:
    if not len(decibels):
        return decibels
    floor = percentile_filter(decibels, 10, size=AROUND, mode="nearest")
    above = decibels - np.minimum(floor, HIGHEST_FLOOR)
    probability = 1 / (1 + np.exp(-(above - MARGIN) / SLOPE))
    return np.where(decibels < LOWEST_SPEECH, 0, probability).astype(np.float32)
