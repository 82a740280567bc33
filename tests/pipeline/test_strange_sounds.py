"""How much speech is in a turn: music and noise are no voice."""

from __future__ import annotations

import numpy as np
import pytest

from crossgate.media.clips import Span
from crossgate.media.voices.curve import VoiceCurve
from crossgate.pipeline.measuring import LEAST_SPEECH, speech_in


def curve(probability: list[float]) -> VoiceCurve:
    return VoiceCurve(0.0, 0.5, np.array(probability, np.float32), 0.5 * len(probability))


def test_the_share_of_speech_is_that_of_the_span() -> None:
    heard = curve([0.9, 0.9, 0.1, 0.1, 0.6, 0.2])
    assert speech_in(Span(0.0, 1.0), heard) == 1.0
    assert speech_in(Span(1.0, 2.0), heard) == 0.0
    assert speech_in(Span(0.0, 3.0), heard) == pytest.approx(0.5)


def test_a_span_beyond_the_sound_holds_no_speech() -> None:
    assert speech_in(Span(10.0, 12.0), curve([0.9] * 4)) == 0.0


def test_a_span_shorter_than_a_frame_is_looked_at() -> None:
    assert speech_in(Span(0.1, 0.2), curve([0.9])) == 1.0


@pytest.mark.parametrize("sound", ["chords", "noise"])
def test_music_and_noise_are_below_the_least_speech(sound: str) -> None:
    pytest.importorskip("silero_vad")
    from crossgate.media.clips import Sound
    from crossgate.media.voices.activity import SileroVoiceActivity

    times = np.arange(6 * 16000) / 16000
    random = np.random.default_rng(0)
    roots = np.repeat([220.0, 174.6, 261.6, 196.0, 220.0, 174.6], 16000)
    chords = sum(np.sin(2 * np.pi * roots * part * times) for part in (1, 1.25, 1.5)) * np.exp(
        -3 * (times % 1)
    )
    samples = (0.1 * (chords if sound == "chords" else random.standard_normal(len(times)))).astype(np.float32)
    heard = SileroVoiceActivity().listen([Sound(samples, 16000)])
    assert speech_in(Span(0.0, 6.0), heard.curve) < LEAST_SPEECH
