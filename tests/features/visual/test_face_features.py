"""From pictures to one vector an utterance."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.errors import InputError
from crossgate.features.visual import face_features
from crossgate.features.visual.detector import HaarDetector, YuNetDetector
from crossgate.features.visual.face_features import FaceReader, FaceReading, FaceReadingSettings
from crossgate.features.visual.find_detector import FoundDetector
from crossgate.media.clips import Frame, Span
from scripted_faces import Drawn, GreyEncoder, KnowingDetector, frames, yunet_path

DARK, BRIGHT = Drawn(20, 50, 60, 90), Drawn(200, 40, 80, 170)


def read(
    pictures: list[list[Drawn]], spans: list[Span], **options: object
) -> tuple[FaceReading, KnowingDetector, GreyEncoder]:
    detector, encoder = KnowingDetector(pictures), GreyEncoder()
    reader = FaceReader(detector, encoder, FaceReadingSettings(**options))  # type: ignore[arg-type]
    return reader.read(iter(frames(pictures)), spans), detector, encoder


def grey_of(face: Drawn) -> float:
    alone, _, _ = read([[face]] * 3, [Span(0, 1)])
    return float(alone.values[0, 0])


def test_each_utterance_gets_the_face_of_its_own_time() -> None:
    pictures = [*[[DARK]] * 5, *[[]] * 5, *[[BRIGHT]] * 5]
    reading, _, _ = read(pictures, [Span(2, 3), Span(0, 1), Span(1, 2)])
    assert reading.present.tolist() == [True, True, False]
    assert reading.values[:2, 0] == pytest.approx([grey_of(BRIGHT), grey_of(DARK)])
    assert np.isnan(reading.values[2]).all()
    assert np.isnan(reading.posterior[2]).all()
    np.testing.assert_allclose(reading.posterior[:2].sum(axis=1), 1, atol=1e-6)
    assert reading.notes == ("only face", "only face", "no face found in 5 frames")
    assert reading.sampled.tolist() == [5, 5, 5]
    assert reading.found.tolist() == reading.with_face.tolist() == [5, 5, 0]
    assert reading.face_share == pytest.approx(2 / 3)


def test_the_vector_is_the_mean_over_the_crops() -> None:
    darker = DARK._replace(grey=DARK.grey - 40)
    reading, _, _ = read([[DARK], [DARK], [DARK], [darker]], [Span(0, 1)])
    assert reading.values[0, 0] == pytest.approx((3 * grey_of(DARK) + grey_of(darker)) / 4, abs=0.5)


def test_pictures_outside_all_utterances_are_not_searched() -> None:
    _, detector, _ = read([[DARK]] * 20, [Span(1, 2), Span(1.5, 2.0)])
    assert detector.looked == 5


def test_the_moving_mouth_is_read_and_not_the_larger_face() -> None:
    pictures = [[DARK._replace(mouth=float(k % 2)), BRIGHT] for k in range(10)]
    reading, _, _ = read(pictures, [Span(0, 2)])
    assert reading.values[0, 0] < (grey_of(DARK) + grey_of(BRIGHT)) / 2
    assert reading.notes[0] is not None
    assert reading.notes[0].startswith("mouth motion")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 19), st.integers(1, 20)), min_size=1, max_size=5))
def test_overlapping_utterances_in_any_order_are_each_read_as_if_alone(drawn: list[tuple[int, int]]) -> None:
    pictures = [[DARK._replace(grey=60 + 6 * k)] for k in range(20)]
    spans = [Span(start / 5 - 0.05, (start + length) / 5 - 0.05) for start, length in drawn]
    together, _, _ = read(pictures, spans)
    for row, span in enumerate(spans):
        alone, _, _ = read(pictures, [span])
        np.testing.assert_allclose(together.values[row], alone.values[0], rtol=1e-5)
        assert together.sampled[row] == alone.sampled[0]


def test_a_face_in_too_few_of_the_pictures_does_not_stand_for_the_speaker() -> None:
    pictures = [[DARK], *[[]] * 19]
    reading, _, _ = read(pictures, [Span(0, 4)])
    assert not reading.present[0]
    assert reading.notes == ("face found in only 1 of 20 frames",)
    enough, _, _ = read(pictures, [Span(0, 4)], least_share=0.05)
    assert enough.present[0]


def test_a_long_utterance_keeps_crops_spread_over_all_of_it() -> None:
    pictures = [[DARK._replace(grey=50 + k)] for k in range(150)]
    whole, _, every = read(pictures, [Span(0, 30)], most_crops=1000)
    thinned, _, some = read(pictures, [Span(0, 30)], most_crops=20)
    assert every.crops == 150
    assert 10 <= some.crops <= 20
    assert thinned.found[0] == 150
    assert thinned.values[0, 0] == pytest.approx(whole.values[0, 0], abs=5)


def test_pictures_are_taken_one_at_a_time_and_crops_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_features, "BATCH", 8)
    pictures = [[DARK]] * 400
    most = 0

    class Watching(GreyEncoder):
        def encode(self, faces):  # type: ignore[no-untyped-def]
            nonlocal most
            most = max(most, len(faces))
            return super().encode(faces)

    def one_by_one() -> Iterator[Frame]:
        for number in range(400):
            (frame,) = frames([pictures[number]])
            yield Frame(number / 5, frame.image)

    reader = FaceReader(KnowingDetector(pictures), Watching())
    reading = reader.read(one_by_one(), [Span(k, k + 1) for k in range(80)])
    assert reading.present.all()
    assert 8 <= most < 16


def test_nothing_to_read_is_said() -> None:
    empty, _, _ = read([], [Span(0, 1)])
    assert empty.notes == ("no picture in this stretch",)
    assert "no picture" in empty.warnings[0]
    faceless, _, _ = read([[]] * 5, [Span(0, 1)])
    assert "no face in any of 5 frames" in faceless.warnings[0]
    backwards, _, _ = read([[DARK]] * 5, [Span(0.8, 0.2), Span(0.4, 0.4), Span(0, 1)])
    assert backwards.present.tolist() == [False, False, True]
    none, _, _ = read([[DARK]] * 5, [])
    assert none.values.shape == (0, 2)
    assert none.warnings == ()


def test_at_a_low_rate_a_face_is_still_one_track() -> None:
    pictures = [[DARK._replace(score=0.7)]] * 6
    settings = FaceReadingSettings(rate=0.2)
    reader = FaceReader(KnowingDetector(pictures), GreyEncoder(), settings)
    reading = reader.read(frames(pictures, rate=0.2), [Span(0, 30)])
    assert reading.notes == ("only face",)
    assert reading.found[0] == 6


def test_rare_faces_are_warned_of() -> None:
    reading, _, _ = read([[DARK], [DARK], [], [], []], [Span(0, 1)])
    assert reading.warnings == ("a face in only 40% of 5 frames",)


def test_the_detector_s_notes_are_among_the_warnings(monkeypatch: pytest.MonkeyPatch) -> None:
    found = FoundDetector(KnowingDetector([[DARK]] * 5), ("faces were looked for with less",))
    monkeypatch.setattr(face_features, "find_detector", lambda name: found)
    reader = FaceReader.open("auto", GreyEncoder())
    assert reader.read(frames([[DARK]] * 5), [Span(0, 1)]).warnings == found.notes


@pytest.mark.parametrize(
    "wrong", [{"rate": 0}, {"least_crops": 0}, {"least_share": 1.5}, {"most_crops": 1}], ids=str
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        FaceReadingSettings(**wrong)  # type: ignore[arg-type]


def video(path: Path, rate: float = 5.0) -> Iterator[Frame]:
    """Pictures of a file, `rate` a second."""
    due = 0.0
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            time = float(frame.time or 0)
            if time + 1e-6 >= due:
                yield Frame(time, frame.to_ndarray(format="rgb24"))
                due += 1 / rate


@pytest.mark.parametrize("name", ["yunet", "haar"])
def test_every_turn_of_the_meeting_shows_its_speaker(name: str, shared_media: Path) -> None:
    detector = YuNetDetector(yunet_path()) if name == "yunet" else HaarDetector()
    turns = [Span(2.92 * k, 2.92 * (k + 1)) for k in range(8)]
    pictures = video(shared_media / "grid_meeting.mp4", rate=5.0 if name == "yunet" else 1.0)
    reading = FaceReader(detector, GreyEncoder()).read(pictures, turns)
    assert reading.face_share >= 0.95
    assert reading.present.all()
    assert set(reading.notes) == {"only face"}
    assert (reading.found >= 0.95 * reading.sampled).all()


def test_faces_are_found_in_the_close_up_of_the_debate(shared_media: Path) -> None:
    reader = FaceReader(YuNetDetector(yunet_path()), GreyEncoder())
    wide, close = Span(1.0, 3.5), Span(4.0, 5.0)
    reading = reader.read(video(shared_media / "debate_5s.mp4"), [wide, close])
    assert reading.present.tolist() == [True, True]
    assert reading.notes == ("largest of 2 faces", "only face")
    assert reading.found[1] == reading.sampled[1] == 5


@pytest.mark.parametrize("name", ["yunet", "haar"])
def test_no_face_is_seen_where_there_is_none(name: str, shared_media: Path) -> None:
    detector = YuNetDetector(yunet_path()) if name == "yunet" else HaarDetector()
    reader = FaceReader(detector, GreyEncoder())
    rate = 5.0 if name == "yunet" else 2.0
    nobody = reader.read(video(shared_media / "no_face.mp4", rate), [Span(0, 2), Span(2, 4)])
    assert not nobody.present.any()
    leaving = [Span(0, 2.3), Span(2.4, 6.3)]
    left = reader.read(video(shared_media / "face_noface.mov", rate), leaving)
    assert left.present.tolist() == [True, False]


def test_spans_are_half_open() -> None:
    reading, _, _ = read([[DARK]] * 10, [Span(a, b) for a, b in pairwise([0.0, 0.4, 1.0, 2.0])])
    assert reading.sampled.sum() == 10
