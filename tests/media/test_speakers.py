"""Who speaks: clustering of voices, with the built-in embedder and a stand-in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_voices import RATE, cut_out, decoded, voice

from crossgate.errors import InputError
from crossgate.media.clips import Sound, Span
from crossgate.media.voices.clustering import ClusteredSpeakers, ClusteringSettings, numbered
from crossgate.media.voices.embedding import CepstralEmbedder, Vector
from crossgate.media.voices.mfcc import voiced_frames
from crossgate.media.voices.speakers import speaker_labeller

Turn = tuple[float | None, float]
"""Where a voice lies on a line, None without one; and its seconds."""


class OnALine:
    """An embedder for sounds whose first sample is the place of the voice."""

    name = "a line"
    threshold = 1.0

    def embed(self, sound: Sound) -> Vector | None:
        return None if np.isnan(sound.samples[0]) else sound.samples[:1]


def label(turns: list[Turn], speakers: int | None = None) -> tuple[list[str], tuple[str, ...]]:
    """The names and the notes on the second and later."""
    labeller = ClusteredSpeakers(OnALine(), ClusteringSettings(speakers=speakers))
    spans = [Span(20.0 * place, 20.0 * place + seconds) for place, (_, seconds) in enumerate(turns)]
    sounds = [
        (place, Sound(np.full(round(seconds * RATE), np.nan if at is None else at, np.float32), RATE, start))
        for place, ((at, seconds), (start, _)) in enumerate(zip(turns, spans, strict=True))
    ]
    return labeller.label(sounds[::-1], spans), labeller.notes[1:]


def names(*numbers: int) -> list[str]:
    return [f"Speaker {number}" for number in numbers]


def test_speakers_are_numbered_in_the_order_they_appear() -> None:
    assert numbered(["x", 3, "x", None]) == names(1, 2, 1, 3)
    assert label([(9, 2), (0, 2), (9.3, 2), (0.2, 2), (5, 2)])[0] == names(1, 2, 1, 2, 3)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.none() | st.floats(0, 20, width=32), st.sampled_from([0.1, 0.9, 1.0, 3.0])), max_size=15
    ),
    st.none() | st.integers(1, 4),
)
def test_everybody_has_a_name_and_numbers_leave_none_out(turns: list[Turn], speakers: int | None) -> None:
    found, _ = label(turns, speakers)
    assert len(found) == len(turns)
    first = list(dict.fromkeys(found))
    assert first == names(*range(1, len(first) + 1))
    if speakers is not None:
        voiced = sum(at is not None for at, _ in turns)
        assert len(first) == (min(speakers, voiced) or min(1, len(turns)))


def test_one_voice_is_one_speaker_and_silence_nobody_else() -> None:
    assert label([])[0] == []
    assert label([(3, 2)])[0] == names(1)
    assert label([(0.1 * k, 2) for k in range(8)])[0] == names(*[1] * 8)
    assert label([(None, 2), (None, 2)])[0] == names(1, 1)


def test_a_turn_without_a_voice_is_given_to_the_speaker_before() -> None:
    assert label([(None, 2), (0, 2), (9, 2), (None, 2), (0, 2)])[0] == names(1, 1, 2, 2, 1)


def test_short_turns_join_the_nearest_voice_and_make_none_of_their_own() -> None:
    assert label([(0, 2), (9, 2), (6, 0.5), (4, 0.5)])[0] == names(1, 2, 2, 1)
    assert label([(0, 0.5), (9, 0.5)])[0] == names(1, 1)


def test_a_cough_in_a_long_talk_is_no_speaker() -> None:
    turns: list[Turn] = [(0, 5), (9, 5)] * 10 + [(6, 1.2)]
    assert label(turns)[0] == names(*[1, 2] * 10, 2)


def test_the_number_of_speakers_can_be_given() -> None:
    turns: list[Turn] = [(0, 2), (0.2, 2), (0.5, 2), (0.7, 2)]
    assert label(turns, 2)[0] == names(1, 1, 2, 2)
    assert label([(0, 0.5), (9, 0.5)], 2)[0] == names(1, 2)
    assert label([(0, 2), (9, 2)], 1)[0] == names(1, 1)


def test_more_speakers_than_voices_are_reported() -> None:
    found, notes = label([(0, 2), (None, 2), (9, 2)], 3)
    assert found == names(1, 1, 2)
    assert notes == ("only 2 utterances have a voice to tell 3 speakers by",)


@pytest.mark.parametrize("wrong", [{"speakers": 0}, {"threshold": 0.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="speakers"):
        ClusteringSettings(**wrong)  # type: ignore[arg-type]


def test_it_always_says_that_it_is_a_guess() -> None:
    assert "guessed" in ClusteredSpeakers().notes[0]
    assert "their number" in speaker_labeller().notes[0]
    assert "their number" not in speaker_labeller(speakers=2).notes[0]


@pytest.mark.parametrize("pitch", [85.0, 120.0, 210.0, 330.0])
def test_the_pitch_is_that_of_the_harmonics(pitch: float) -> None:
    phase = 2 * np.pi * pitch * np.arange(RATE) / RATE
    tone = sum(np.cos(harmonic * phase) / harmonic for harmonic in range(1, 10)).astype(np.float32)
    assert np.median(voiced_frames(tone).pitch) == pytest.approx(pitch, rel=0.02)


@pytest.mark.parametrize(
    "samples",
    [
        np.empty(0, np.float32),
        np.zeros(RATE, np.float32),
        np.full(RATE, np.nan, np.float32),
        np.full(RATE, 0.3, np.float32),
        voice(120, 1.0, 0.2, 0)[:3000],
        np.random.default_rng(0).normal(size=RATE).astype(np.float32),
    ],
    ids=["empty", "silence", "no numbers", "constant", "too short", "hiss"],
)
def test_what_is_no_voice_has_no_vector(samples: np.ndarray) -> None:
    assert CepstralEmbedder().embed(Sound(samples, RATE)) is None


def test_a_voice_does_not_change_with_its_loudness() -> None:
    samples = voice(130, 1.0, 2.0, 5)
    loud, soft = (CepstralEmbedder().embed(Sound(samples * gain, RATE)) for gain in (1.0, 0.1))
    assert loud is not None
    assert soft is not None
    assert loud.shape == (41,)
    assert loud == pytest.approx(soft, abs=0.02)


def test_voices_that_differ_much_are_told_apart() -> None:
    low, high = [voice(105, 1.0, 3.0, k) for k in range(4)], [voice(230, 1.25, 3.0, 10 + k) for k in range(4)]
    turns = [sound for pair in zip(low, high, strict=True) for sound in pair]
    spans = [Span(4.0 * k, 4.0 * k + 3) for k in range(8)]
    sounds = [(k, Sound(samples, RATE, 4.0 * k)) for k, samples in enumerate(turns)]
    assert ClusteredSpeakers().label(sounds, spans) == names(*[1, 2] * 4)
    assert set(ClusteredSpeakers().label(sounds[::2], spans[::2] * 2)) == set(names(1))


def test_told_that_there_are_seven_it_finds_the_speakers_of_the_meeting(shared_media: Path) -> None:
    samples = decoded(shared_media / "grid_meeting.mp4")
    spans = [Span(2.92 * k, 2.92 * (k + 1)) for k in range(8)]
    sounds = cut_out(samples, spans)
    assert speaker_labeller(speakers=7).label(sounds, spans) == names(1, 2, 3, 4, 5, 6, 5, 7)
    # Untold it is too careful: all are one. The page that says so must change when this does.
    assert speaker_labeller().label(sounds, spans) == names(*[1] * 8)
