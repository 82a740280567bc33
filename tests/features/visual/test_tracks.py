"""Faces followed from picture to picture."""

from __future__ import annotations

import numpy as np
import pytest

from crossgate.errors import InputError
from crossgate.features.visual.tracks import FaceTracker, Sighting, TrackSettings
from scripted_faces import Drawn, KnowingDetector, frames

LEFT, RIGHT = Drawn(20, 50, 60, 170), Drawn(230, 50, 60, 90)


def follow(pictures: list[list[Drawn]], settings: TrackSettings | None = None) -> list[list[Sighting]]:
    tracker, detector = FaceTracker(settings), KnowingDetector(pictures)
    return [tracker.follow(frame, detector.detect(frame.image)) for frame in frames(pictures)]


def numbers(followed: list[list[Sighting]]) -> list[list[int]]:
    return [[one.track for one in sightings] for sightings in followed]


def test_two_faces_keep_their_numbers_whatever_their_order() -> None:
    assert numbers(follow([[LEFT, RIGHT], [RIGHT, LEFT], [LEFT, RIGHT]])) == [[0, 1], [1, 0], [0, 1]]


def test_a_face_that_walks_is_followed() -> None:
    walking = [[LEFT._replace(left=20 + 20 * k)] for k in range(10)]
    assert {number for row in numbers(follow(walking)) for number in row} == {0}


def test_two_that_pass_close_to_each_other_are_paired_at_the_least_cost_in_all() -> None:
    first, second = Drawn(100, 50, 60, 150), Drawn(130, 50, 60, 100)
    moved = [[first, second], [first._replace(left=124), second._replace(left=154)]]
    assert numbers(follow(moved)) == [[0, 1], [0, 1]]


def test_another_place_or_size_is_another_face() -> None:
    assert numbers(follow([[LEFT], [RIGHT]])) == [[0], [1]]
    assert numbers(follow([[LEFT], [LEFT._replace(side=120, left=0, top=20)]])) == [[0], [1]]


@pytest.mark.parametrize(("missed", "same"), [(0, True), (3, True), (4, True), (5, False)])
def test_a_face_may_be_missed_for_a_while(missed: int, same: bool) -> None:
    pictures: list[list[Drawn]] = [[LEFT], *[[]] * missed, [LEFT]]
    first, *_, last = numbers(follow(pictures, TrackSettings(shot=1)))
    assert (first == last) is same


def test_after_a_gap_in_time_it_is_another_track() -> None:
    tracker, detector = FaceTracker(), KnowingDetector([[LEFT], [LEFT]])
    first, second = frames([[LEFT], [LEFT]], rate=0.5)
    (one,) = tracker.follow(first, detector.detect(first.image))
    (other,) = tracker.follow(second, detector.detect(second.image))
    assert one.track != other.track


def test_a_shot_change_ends_every_track() -> None:
    tracker, detector = FaceTracker(), KnowingDetector([[LEFT], [LEFT]])
    before, after = frames([[LEFT], [LEFT]])
    after.image[2:, :200][:, 100:] = 255
    (one,) = tracker.follow(before, detector.detect(before.image))
    (other,) = tracker.follow(after, detector.detect(after.image))
    assert one.track != other.track
    assert other.motion is None


def test_motion_is_told_between_pictures_in_a_row_alone() -> None:
    opened = LEFT._replace(mouth=1.0)
    (first,), (second,), _, (fourth,) = follow([[LEFT], [opened], [], [LEFT]])
    assert first.motion is None
    assert second.motion is not None
    assert second.motion > 0.2
    assert second.middle == pytest.approx(0.1)
    assert fourth.track == first.track
    assert fourth.motion is None


def test_a_small_face_s_mouth_cannot_be_seen_to_move() -> None:
    small = Drawn(100, 50, 30, 170)
    _, (second,) = follow([[small], [small._replace(mouth=1.0)]])
    assert second.seen == 2
    assert second.motion is None


def test_the_large_and_central_are_prominent() -> None:
    middle = Drawn(130, 60, 60, 150)
    ((large, small, outer),) = follow([[middle, Drawn(145, 75, 30, 90), LEFT]])
    assert 0 < small.prominence < large.prominence <= 1
    assert outer.prominence < large.prominence


def test_no_more_is_kept_than_the_live_tracks() -> None:
    tracker = FaceTracker()
    random = np.random.default_rng(0)
    pictures = [[Drawn(int(random.integers(0, 250)), 50, 40, 150)] for _ in range(60)]
    detector = KnowingDetector(pictures)
    for frame in frames(pictures):
        tracker.follow(frame, detector.detect(frame.image))
        assert len(tracker._live) <= 5 * TrackSettings().gap + 1


@pytest.mark.parametrize("wrong", [{"overlap": 2}, {"growth": 0.5}, {"gap": 0}, {"shot": 0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError):
        TrackSettings(**wrong)  # type: ignore[arg-type]
