"""The sound of a recording: cut by presentation time, silence in gaps, rates and channels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.errors import InputError
from crossgate.media.clips import Span, StereoSound
from crossgate.media.decoding.containers import Notes
from crossgate.media.decoding.cut import cut
from crossgate.media.decoding.sound_track import sound_of
from crossgate.media.recording import Recording, open_recording
from made_media import clicks, make_media

RATE = 16000


def whole(recording: Recording, rate: int = RATE, track: int = 0) -> np.ndarray:
    return np.concatenate([block.samples for block in recording.blocks(rate=rate, track=track)])


def first_loud(samples: np.ndarray, rate: int = RATE) -> float:
    return float(np.flatnonzero(np.abs(samples) > 0.2)[0]) / rate


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.wav", "pcm_s16le"),
        ("a.mkv", "aac"),
        ("a.mp4", "aac"),
        ("a.mov", "pcm_s16le"),
        ("a.flac", "flac"),
        ("a.ogg", "libopus"),
        ("a.mp3", "libmp3lame"),
    ],
)
def test_a_click_is_where_it_was_made(tmp_path: Path, name: str, codec: str) -> None:
    path = make_media(tmp_path / name, sound=[clicks(3, 48000, [1.25])], rate=48000, sound_codec=codec)
    with open_recording(path) as recording:
        ((_, sound),) = recording.sounds([Span(1.0, 1.5)])
        assert (sound.rate, sound.start, len(sound.samples)) == (48000, 1.0, 24000)
        assert 1.0 + first_loud(sound.samples, 48000) == pytest.approx(1.25, abs=0.002)
        ((_, sound),) = recording.sounds([Span(1.0, 1.5)], rate=16000)
        assert (sound.rate, sound.start, len(sound.samples)) == (16000, 1.0, 8000)
        assert 1.0 + first_loud(sound.samples) == pytest.approx(1.25, abs=0.002)


@pytest.mark.parametrize("name", ["late.mkv", "late.mp4", "late.mov"])
def test_sound_that_begins_after_the_video(tmp_path: Path, name: str) -> None:
    path = make_media(
        tmp_path / name,
        sound=[clicks(2, RATE, [0.5])],
        sound_codec="aac",
        sound_start=1.0,
        times=np.arange(0, 3, 0.1),
    )
    with open_recording(path) as recording:
        sounds = dict(recording.sounds([Span(0, 1), Span(1.4, 1.8)]))
        assert len(sounds[0].samples) == RATE
        assert np.abs(sounds[0].samples).max() < 0.05
        assert 1.4 + first_loud(sounds[1].samples) == pytest.approx(1.5, abs=0.003)


def test_video_that_begins_after_the_sound(tmp_path: Path) -> None:
    path = make_media(tmp_path / "late.mkv", sound=[clicks(3, RATE, [1.5])], times=1.0 + np.arange(0, 2, 0.1))
    with open_recording(path) as recording:
        assert next(recording.frames(5)).time == pytest.approx(1.0, abs=0.002)
        assert first_loud(whole(recording)) == pytest.approx(1.5, abs=0.002)


def test_time_zero_is_the_start_of_the_first_track(tmp_path: Path) -> None:
    path = make_media(
        tmp_path / "shifted.ts",
        sound=[clicks(2, 48000, [0.5])],
        rate=48000,
        sound_codec="mp2",
        sound_start=5.0,
        times=5.0 + np.arange(0, 2, 0.1),
        video_codec="libx264",
    )
    with open_recording(path) as recording:
        assert recording.info.duration == pytest.approx(2, abs=0.15)
        # MPEG audio is decoded some 10 ms late; a transport stream does not say so.
        assert first_loud(whole(recording)) == pytest.approx(0.5, abs=0.025)
        assert next(recording.frames(5)).time == pytest.approx(0, abs=0.03)


def test_a_gap_is_filled_with_silence(tmp_path: Path) -> None:
    gap = (0.512, 0.7)
    noise = 0.5 * np.ones(RATE, np.float32)
    path = make_media(tmp_path / "gap.mkv", sound=[noise], gap=gap)
    with open_recording(path) as recording:
        samples = whole(recording)
        assert len(samples) / RATE == pytest.approx(1.7, abs=0.002)
        silent = np.flatnonzero(np.abs(samples) < 0.1)
        assert silent[0] / RATE == pytest.approx(0.512, abs=0.002)
        assert len(silent) / RATE == pytest.approx(0.7, abs=0.002)


def test_no_piece_of_a_long_track_is_large(tmp_path: Path) -> None:
    path = make_media(tmp_path / "gap.mkv", sound=[clicks(3, RATE, [2.5])], gap=(1.024, 1800))
    with open_recording(path) as recording:
        sizes = [p.shape[1] for p in sound_of(recording.info, recording.info.audio[0], Notes())]
        assert sum(sizes) / RATE == pytest.approx(1803, abs=0.01)
        assert max(sizes) <= 2 * RATE + 4096
        ((_, sound),) = recording.sounds([Span(1802.4, 1802.6)])
        assert first_loud(sound.samples) == pytest.approx(0.1, abs=0.002)


def test_sound_that_ends_before_the_video_is_noted(tmp_path: Path) -> None:
    path = make_media(tmp_path / "short.mkv", sound=[clicks(2, RATE, [])], times=np.arange(0, 6, 0.1))
    with open_recording(path) as recording:
        list(recording.sounds([Span(0, 1)]))
        assert recording.notes == (), "nothing is known of an end that was not read"
        list(recording.blocks())
        assert any("the sound ends at 2.0 s" in note for note in recording.notes)


def test_an_overlap_is_cut_off(tmp_path: Path) -> None:
    ramp = np.linspace(0, 0.9, RATE, dtype=np.float32)
    path = make_media(tmp_path / "overlap.mkv", sound=[ramp], gap=(0.512, -0.2))
    with open_recording(path) as recording:
        samples = whole(recording)
        assert len(samples) / RATE == pytest.approx(0.8, abs=0.01)
        assert samples[int(0.6 * RATE)] == pytest.approx(0.9 * 0.8, abs=0.01)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    noise = 0.3 * np.random.default_rng(0).standard_normal((2, 5 * 22050)).astype(np.float32)
    folder = tmp_path_factory.mktemp("noisy")
    return make_media(folder / "noise.mkv", sound=[noise], rate=22050, sound_start=0.3, gap=(2.048, 0.5))


times = st.floats(-1, 8, allow_nan=False)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(pairs=st.lists(st.tuples(times, times), max_size=6), rate=st.sampled_from([None, 16000, 44100]))
def test_spans_are_slices_of_the_whole(
    noisy: Path, pairs: list[tuple[float, float]], rate: int | None
) -> None:
    spans = [Span(min(pair), max(pair)) for pair in pairs]
    with open_recording(noisy) as recording:
        samples = whole(recording, rate or 22050)
        got = dict(recording.sounds(spans, rate=rate))
    assert sorted(got) == list(range(len(spans)))
    for index, sound in got.items():
        first, last = (max(0, round(time * sound.rate)) for time in spans[index])
        assert sound.rate == (rate or 22050)
        assert sound.start == first / sound.rate
        np.testing.assert_array_equal(sound.samples, samples[first:last])


def test_a_span_comes_as_soon_as_it_is_complete() -> None:
    read = 0

    def pieces():
        nonlocal read
        for k in range(10):
            read = k + 1
            yield np.full((1, 100), k, np.float32)

    spans = [Span(0.3, 4.2), Span(0.1, 0.5), Span(1.0, 1.0)]
    order = [(one.span, read, one.samples.shape[1]) for one in cut(pieces(), 100, 1, spans)]
    assert order == [(1, 1, 40), (2, 2, 0), (0, 5, 390)]
    assert read == 6, "nothing is read once all spans are complete but the piece that tells so"


def test_two_channels_come_with_their_mean(tmp_path: Path) -> None:
    left, right = 0.5 * np.ones(RATE, np.float32), np.zeros(RATE, np.float32)
    with open_recording(make_media(tmp_path / "a.wav", sound=[np.stack([left, right])])) as recording:
        ((_, sound),) = recording.sounds([Span(0, 1)])
        assert isinstance(sound, StereoSound)
        np.testing.assert_allclose(sound.samples, 0.25, atol=1e-4)
        np.testing.assert_allclose(sound.channels, np.stack([left, right]), atol=1e-4)
        ((_, sound),) = recording.sounds([Span(0, 1)], rate=8000)
        assert not isinstance(sound, StereoSound)
        np.testing.assert_allclose(sound.samples[200:-200], 0.25, atol=1e-3)


def test_six_channels_are_mixed_down_without_clipping(tmp_path: Path) -> None:
    channels = np.zeros((6, RATE), np.float32)
    channels[2] = 0.9  # the middle, where a film has its speech
    with open_recording(make_media(tmp_path / "a.wav", sound=[channels])) as recording:
        ((_, sound),) = recording.sounds([Span(0, 1)])
        # 1/sqrt(2) of the middle goes to each side; the scale is 1 / (1 + 2/sqrt(2)).
        expected = 0.9 * np.sqrt(0.5) / (1 + np.sqrt(2))
        np.testing.assert_allclose(sound.samples[2000:-2000], expected, atol=0.01)
        assert len(sound.samples) == RATE


def test_a_tone_keeps_its_level_and_place_at_another_rate(tmp_path: Path) -> None:
    time = np.arange(48000) / 48000
    tone = (0.5 * np.sin(2 * np.pi * 440 * time)).astype(np.float32)
    with open_recording(make_media(tmp_path / "a.flac", sound=[tone], rate=48000, sound_codec="flac")) as got:
        samples = whole(got, 16000)
        expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
        assert len(samples) == 16000
        np.testing.assert_allclose(samples[500:-500], expected[500:-500], atol=0.01)


def test_blocks_are_of_one_length_and_follow_each_other(tmp_path: Path) -> None:
    with open_recording(make_media(tmp_path / "a.wav", sound=[clicks(3.3, RATE, [])])) as recording:
        blocks = list(recording.blocks(rate=8000, seconds=0.5))
        assert [len(block.samples) for block in blocks[:-1]] == [4000] * 6
        assert [block.start for block in blocks] == [0.5 * k for k in range(7)]
        assert sum(block.seconds for block in blocks) == pytest.approx(3.3, abs=0.001)


@pytest.mark.parametrize("span", [Span(2, 1), Span(float("nan"), 1), Span(0, float("inf"))])
def test_what_is_no_span_is_refused(tmp_path: Path, span: Span) -> None:
    path = make_media(tmp_path / "a.wav", sound=[clicks(1, RATE, [])])
    with open_recording(path) as recording, pytest.raises(InputError, match="span 2"):
        list(recording.sounds([Span(0, 1), span]))
