"""The pictures of a recording: by time, inside spans, upright, scaled."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.errors import InputError
from crossgate.media.clips import Span
from crossgate.media.decoding import pictures
from crossgate.media.decoding.ticks import TOLERANCE, Ticks
from crossgate.media.recording import open_recording
from made_media import make_media, patch_display_matrix, picture_number

REGULAR = np.arange(0, 4, 0.04)


def expected_times(times: np.ndarray, rate: float, spans: list[Span] | None = None) -> list[float]:
    """By the definition, tick by tick: the first picture at or after it, if it is inside a span."""
    spans = [Span(0, 1e9)] if spans is None else spans
    grid = {k / rate for k in range(int(rate * 20)) if any(s.start <= k / rate < s.end for s in spans)}
    between = [span for span in spans if not any(span.start <= tick < span.end for tick in grid)]
    ticks = grid | {(span.start + span.end) / 2 for span in between}
    picked: list[float] = []
    for tick in sorted(ticks):
        after = [time for time in times if time >= tick - TOLERANCE]
        if not after:
            continue
        inside = any(s.start - TOLERANCE <= after[0] < s.end for s in spans)
        if inside and (not picked or after[0] > picked[-1]):
            picked.append(float(after[0]))
    return picked


@pytest.mark.parametrize("rate", [1, 5, 7.5, 25, 100])
def test_frames_of_a_regular_video(tmp_path: Path, rate: float) -> None:
    with open_recording(make_media(tmp_path / "a.mp4", times=REGULAR)) as recording:
        frames = list(recording.frames(rate))
    assert [frame.time for frame in frames] == pytest.approx(expected_times(REGULAR, rate), abs=0.001)
    numbers = [picture_number(frame.image) for frame in frames]
    assert numbers == [round(frame.time / 0.04) % 30 for frame in frames]


def test_frames_of_a_variable_rate(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    times = np.cumsum(random.choice([0.02, 0.04, 0.5, 1.2], 40, p=[0.4, 0.4, 0.15, 0.05]).round(3))
    times -= times[0]
    with open_recording(make_media(tmp_path / "a.mkv", times=times)) as recording:
        frames = list(recording.frames(10))
    assert [frame.time for frame in frames] == pytest.approx(expected_times(times, 10), abs=0.001)
    assert len({frame.time for frame in frames}) == len(frames)
    place = [int(np.argmin(np.abs(times - frame.time))) for frame in frames]
    assert [picture_number(frame.image) for frame in frames] == [k % 30 for k in place]


spans_of = st.lists(
    st.tuples(st.integers(0, 380), st.integers(1, 120)).map(lambda p: Span(p[0] / 100, (p[0] + p[1]) / 100)),
    min_size=1,
    max_size=4,
)


@pytest.fixture(scope="module")
def regular(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_media(tmp_path_factory.mktemp("regular") / "a.mp4", times=REGULAR, key_every=10)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(spans=spans_of, rate=st.sampled_from([2.0, 5.0, 8.0]))
def test_frames_inside_spans(regular: Path, spans: list[Span], rate: float) -> None:
    # With so short a distance nearly every gap is jumped over.
    with mock.patch.object(pictures, "UNKNOWN_DISTANCE", 0.25), open_recording(regular) as recording:
        frames = list(recording.frames(rate, spans))
    assert [frame.time for frame in frames] == pytest.approx(expected_times(REGULAR, rate, spans), abs=0.001)
    assert [picture_number(frame.image) for frame in frames] == [round(f.time / 0.04) % 30 for f in frames]


def test_a_short_span_between_two_ticks_has_a_frame(regular: Path) -> None:
    with open_recording(regular) as recording:
        (frame,) = recording.frames(1, [Span(1.3, 1.5)])
    assert frame.time == pytest.approx(1.4, abs=0.001)


@pytest.mark.parametrize("name", ["long.mp4", "long.mkv"])
@pytest.mark.parametrize("codec", ["mpeg4", "libx264"])
def test_what_is_between_distant_spans_is_not_decoded(tmp_path: Path, name: str, codec: str) -> None:
    times = np.arange(0, 120, 0.1)
    path = make_media(tmp_path / name, times=times, key_every=20, video_codec=codec)
    decoded = []
    real = pictures.decoded

    def counting(*arguments):
        for frame in real(*arguments):
            decoded.append(frame.time)
            yield frame

    with mock.patch.object(pictures, "decoded", counting), open_recording(path) as recording:
        frames = list(recording.frames(2, [Span(1, 4), Span(60, 61), Span(110, 111)]))
    assert [frame.time for frame in frames] == pytest.approx(
        [1, 1.5, 2, 2.5, 3, 3.5, 60, 60.5, 110, 110.5], abs=0.001
    )
    assert [picture_number(frame.image) for frame in frames] == [round(f.time * 10) % 30 for f in frames]
    assert len(decoded) < 0.2 * len(times)


def test_an_incomplete_index_does_no_harm(tmp_path: Path) -> None:
    times = np.arange(0, 60, 0.1)
    options = {"movflags": "frag_keyframe+empty_moov"}
    path = make_media(tmp_path / "live.mp4", times=times, key_every=20, options=options)
    with open_recording(path) as recording:
        frames = list(recording.frames(2, [Span(1, 2), Span(30, 31), Span(55, 56)]))
    assert [frame.time for frame in frames] == pytest.approx([1, 1.5, 30, 30.5, 55, 55.5], abs=0.001)
    assert [picture_number(frame.image) for frame in frames] == [round(f.time * 10) % 30 for f in frames]


QUARTERS = {  # the display matrix (a, b, c, d) and what it does to the stored picture
    (1, 0, 0, 1): lambda image: image,
    (0, 1, -1, 0): lambda image: np.rot90(image, -1),
    (-1, 0, 0, -1): lambda image: np.rot90(image, 2),
    (0, -1, 1, 0): lambda image: np.rot90(image, 1),
    (-1, 0, 0, 1): lambda image: image[:, ::-1],
}


@pytest.mark.parametrize("matrix", QUARTERS)
def test_turned_video_comes_upright(tmp_path: Path, matrix: tuple[int, int, int, int]) -> None:
    path = make_media(tmp_path / "phone.mp4", times=[0, 0.1], size=(64, 48))
    with open_recording(path) as recording:
        stored = next(recording.frames(10)).image
    patch_display_matrix(path, matrix)
    with open_recording(path) as recording:
        image = next(recording.frames(10)).image
        assert recording.info.video is not None
        assert image.shape[:2] == (recording.info.video.height, recording.info.video.width)
        assert bool(recording.notes) == (matrix != (1, 0, 0, 1))
    np.testing.assert_array_equal(image, QUARTERS[matrix](stored))
    assert image.flags.c_contiguous


def test_frames_are_scaled_to_the_longest_side(tmp_path: Path) -> None:
    path = make_media(tmp_path / "a.mp4", times=[0, 0.1], size=(320, 180))
    patch_display_matrix(path, (0, 1, -1, 0))
    with open_recording(path) as recording:
        assert next(recording.frames(1, longest_side=80)).image.shape == (80, 45, 3)
        assert next(recording.frames(1, longest_side=1000)).image.shape == (320, 180, 3)
        with pytest.raises(InputError, match="pixels"):
            next(recording.frames(1, longest_side=0))
        with pytest.raises(InputError, match="a second"):
            next(recording.frames(0))


def test_pixels_come_out_square(tmp_path: Path) -> None:
    path = make_media(tmp_path / "a.mp4", times=[0, 0.1], size=(64, 48), pixel_aspect=Fraction(3, 2))
    with open_recording(path) as recording:
        assert recording.info.video is not None
        assert (recording.info.video.width, recording.info.video.height) == (96, 48)
        assert next(recording.frames(1)).image.shape == (48, 96, 3)
        assert next(recording.frames(1, longest_side=48)).image.shape == (24, 48, 3)


def test_colours_are_kept(tmp_path: Path) -> None:
    path = make_media(tmp_path / "a.mkv", times=[0, 0.1, 0.2], size=(64, 48))
    with open_recording(path) as recording:
        image = next(recording.frames(1)).image
    np.testing.assert_allclose(image[:20, :28], 255, atol=6)
    np.testing.assert_allclose(image[28:, 36:], 40, atol=6)


@settings(deadline=None, derandomize=True)
@given(spans=spans_of, rate=st.sampled_from([0.5, 3.0, 5.0, 10.0]), time=st.floats(0, 6))
def test_ticks_are_by_their_definition(spans: list[Span], rate: float, time: float) -> None:
    ticks = Ticks(rate, spans)
    tick = ticks.at_or_after(time)
    if tick is None:
        grid = np.arange(100) / rate
        assert not any(((grid >= max(s.start, time)) & (grid < s.end - 1e-9)).any() for s in spans)
        return
    assert tick >= time - 1e-6
    assert ticks.wanted(tick)
    following = ticks.after(tick)
    assert following is None or following > tick


def test_every_span_has_a_tick() -> None:
    ticks = Ticks(1, [Span(2.1, 2.2), Span(2.5, 2.6), Span(3, 3)])
    assert ticks.at_or_after(0) == pytest.approx(2.15)
    assert ticks.at_or_after(2.2) == pytest.approx(2.55)
    assert ticks.at_or_after(2.6) is None
