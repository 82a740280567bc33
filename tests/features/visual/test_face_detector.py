"""Faces in pictures: where they are, in the pixels of the picture as it was given."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from crossgate.errors import InputError
from crossgate.features.visual.detector import (
    SMALLEST_FACE,
    Face,
    FaceDetector,
    HaarDetector,
    Square,
    YuNetDetector,
    _apart,
)
from crossgate.media.clips import Pixels
from scripted_faces import yunet_path

HEADS = ((368, 300), (257, 115), (480, 262), (582, 372), (738, 360))
"""About the middles (x, y) of the five faces of multi_face.jpg."""


def make(name: str) -> FaceDetector:
    return YuNetDetector(yunet_path()) if name == "yunet" else HaarDetector()


@pytest.fixture
def group(shared_media: Path) -> Pixels:
    return np.ascontiguousarray(cv2.imread(str(shared_media / "multi_face.jpg"))[..., ::-1])


def holds(face: Face, point: tuple[float, float]) -> bool:
    left, top, side = face.crop
    return left < point[0] < left + side and top < point[1] < top + side


@pytest.mark.parametrize("scale", [1.0, 0.4, 1.7])
def test_yunet_finds_the_five_and_nobody_else_at_any_size(group: Pixels, scale: float) -> None:
    image = np.asarray(cv2.resize(group, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    found = make("yunet").detect(image)
    assert len(found) == 5
    for x, y in HEADS:
        assert sum(holds(face, (x * scale, y * scale)) for face in found) == 1
    assert [face.score for face in found] == sorted((face.score for face in found), reverse=True)


def test_yunet_s_landmarks_stand_where_a_face_has_them(group: Pixels) -> None:
    for face in make("yunet").detect(group):
        assert face.landmarks is not None
        left_eye, right_eye, nose, left_corner, right_corner = face.landmarks
        assert left_eye[0] < nose[0] < right_eye[0]
        assert left_corner[0] < right_corner[0]
        assert max(left_eye[1], right_eye[1]) < nose[1] < min(left_corner[1], right_corner[1])
        assert face.box[3] == face.crop.side


def test_haar_finds_four_of_the_five(group: Pixels) -> None:
    found = make("haar").detect(group)
    assert sum(any(holds(face, head) for face in found) for head in HEADS) >= 4
    assert all(face.landmarks is None and 0 < face.score < 1 for face in found)


def test_haar_tells_no_face_twice(group: Pixels) -> None:
    for scale in (0.5, 0.7, 1.0):
        image = np.asarray(cv2.resize(group, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
        for head in HEADS:
            found = make("haar").detect(image)
            assert sum(holds(face, (head[0] * scale, head[1] * scale)) for face in found) <= 1


def test_of_two_boxes_on_one_face_the_surer_stays() -> None:
    sure, inner = (Face((left, left, side, side), None, 1.0) for left, side in ((10, 40), (20, 25)))
    beside = Face((60, 10, 40, 40), None, 1.0)
    assert _apart([sure, inner, beside]) == [sure, beside]


def test_both_cut_about_the_same(group: Pixels) -> None:
    by_haar, by_yunet = make("haar").detect(group), make("yunet").detect(group)
    for face in by_haar:
        left, top, side = face.crop
        middle = left + side / 2, top + side / 2
        (other,) = [one for one in by_yunet if holds(one, middle)]
        assert 0.8 < side / other.crop.side < 1.2
        assert abs(other.crop.left + other.crop.side / 2 - middle[0]) < 0.15 * side
        assert abs(other.crop.top + other.crop.side / 2 - middle[1]) < 0.15 * side


def test_what_is_too_small_to_read_is_dropped(group: Pixels) -> None:
    small = np.asarray(cv2.resize(group, None, fx=0.17, fy=0.17, interpolation=cv2.INTER_AREA))
    smaller = np.asarray(cv2.resize(group, None, fx=0.21, fy=0.21, interpolation=cv2.INTER_AREA))
    assert make("yunet").detect(small) == []
    readable = make("yunet").detect(smaller)
    assert 0 < len(readable) < 5 or all(face.crop.side >= SMALLEST_FACE for face in readable)


@pytest.mark.parametrize("name", ["yunet", "haar"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (3000, 2), (37, 53), (480, 480), (2160, 3840)])
def test_any_picture_is_searched(name: str, shape: tuple[int, int]) -> None:
    assert make(name).detect(np.full((*shape, 3), 90, np.uint8)) == []


def test_other_bytes_are_refused(tmp_path: Path) -> None:
    pointer = tmp_path / "yunet.onnx"
    pointer.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(InputError, match="SHA-256") as caught:
        YuNetDetector(pointer)
    assert "Git LFS" in str(caught.value)
    with pytest.raises(InputError, match="cannot be read"):
        YuNetDetector(tmp_path / "nothing.onnx")


def test_without_a_square_the_box_s_height_counts() -> None:
    assert Face((10, 20, 30, 40), None, 1.0).crop == Square(5, 20, 40)
    assert Face((10, 20, 30, 40), None, 1.0, Square(1, 2, 3)).crop == Square(1, 2, 3)
