"""Crops of faces and the motion of the mouth between two of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.features.visual.crops import cut_face, mouth_motion
from crossgate.features.visual.detector import Square
from scripted_faces import Drawn, draw

FACE = Drawn(100, 40, 96, 150)


def crop(face: Drawn, square: Square | None = None) -> np.ndarray:
    return cut_face(draw([face], 0), square or Square(face.left, face.top, face.side))


def test_a_crop_is_the_square_in_grey() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[20:68, 30:78] = np.random.default_rng(0).integers(0, 256, (48, 48, 1))
    np.testing.assert_array_equal(cut_face(image, Square(30, 20, 48)), image[20:68, 30:78, 0])


@given(
    st.floats(-300, 300, allow_nan=False),
    st.floats(-300, 300, allow_nan=False),
    st.floats(1, 500, allow_nan=False),
)
def test_any_square_can_be_cut_also_over_the_edge(left: float, top: float, side: float) -> None:
    image = np.full((90, 120, 3), 77, np.uint8)
    cut = cut_face(image, Square(left, top, side))
    assert cut.shape == (48, 48)
    assert (cut == 77).all()


def test_parts_of_a_pixel_count() -> None:
    image = np.repeat(np.arange(0, 200, 2, dtype=np.uint8)[None, :, None], 100, axis=0).repeat(3, axis=2)
    whole, half = (cut_face(image, Square(left, 20, 48)).astype(int) for left in (30.0, 30.5))
    assert np.abs((half - whole)[:, 2:-2] - 1).max() <= 1
    assert (half - whole)[:, 2:-2].mean() == pytest.approx(1, abs=0.3)


def test_a_mouth_that_opens_moves_more_than_one_that_does_not() -> None:
    closed, opened = crop(FACE), crop(FACE._replace(mouth=1.0))
    assert mouth_motion(closed, closed) == 0
    assert mouth_motion(closed, opened) > 0.3


@pytest.mark.parametrize(("across", "down", "zoom"), [(4, 0, 1.0), (0, -4, 1.0), (-3, 3, 1.0), (0, 0, 1.04)])
def test_a_head_that_moves_is_no_speech(across: float, down: float, zoom: float) -> None:
    # The detector's square lags behind the head, or is a little too large.
    grown = FACE.side * zoom
    square = Square(
        FACE.left + across - (grown - FACE.side) / 2, FACE.top + down - (grown - FACE.side) / 2, grown
    )
    spoken = mouth_motion(crop(FACE), crop(FACE._replace(mouth=1.0)))
    assert mouth_motion(crop(FACE), crop(FACE, square)) < 0.25 * spoken


def test_light_is_no_speech() -> None:
    darker = (crop(FACE).astype(int) - 20).clip(0).astype(np.uint8)
    assert mouth_motion(crop(FACE), darker) == pytest.approx(0, abs=0.02)


def test_flat_crops_have_no_motion() -> None:
    assert mouth_motion(np.zeros((48, 48), np.uint8), np.full((48, 48), 255, np.uint8)) == 0
