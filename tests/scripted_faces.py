"""Pictures with drawn faces, a detector that knows where they are, and an encoder that tells them by grey."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from crossgate.conversation import FeatureSpec
from crossgate.features.visual.detector import YUNET_FILE, Face, Square
from crossgate.features.visual.face_network import FaceNetwork
from crossgate.features.visual.faces import FaceEncoder, FaceFeatures
from crossgate.media.clips import Frame, Pixels
from toy_faces import TINY

HEIGHT, WIDTH = 180, 320

SPEC = FeatureSpec("visual", "grey", "1", 2, "mean grey of the crop, and the number of crops with it")


class Drawn(NamedTuple):
    """A face at a place: texture of eyes and forehead, skin of a certain grey, a mouth open by 0 to 1."""

    left: int
    top: int
    side: int
    grey: int
    mouth: float = 0.0
    score: float = 0.9


def draw(faces: Sequence[Drawn], number: int) -> Pixels:
    """A picture; its number stands in the pixel of the top left corner for the detector."""
    image = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for face in faces:
        y, x = (np.mgrid[: face.side, : face.side] + 0.5) / face.side
        skin = np.full(x.shape, float(face.grey))
        skin += np.where(y < 0.5, 30 * np.sin(20 * x) * np.sin(25 * y), 0)  # brows, eyes
        open_mouth = (np.abs(y - 0.77) < 0.02 + 0.1 * face.mouth) & (np.abs(x - 0.5) < 0.2)
        skin[open_mouth] -= 60
        image[face.top : face.top + face.side, face.left : face.left + face.side] = skin[..., None].clip(
            0, 255
        )
    image[0, 0] = (number // 256, number % 256, 0)
    return image


class KnowingDetector:
    """Finds what was drawn."""

    name, version = "knowing", "1"

    def __init__(self, pictures: Sequence[Sequence[Drawn]]) -> None:
        self._pictures = pictures
        self.looked = 0

    def detect(self, image: Pixels) -> list[Face]:
        self.looked += 1
        number = int(image[0, 0, 0]) * 256 + int(image[0, 0, 1])
        return [
            Face((d.left, d.top, d.side, d.side), None, d.score, Square(d.left, d.top, d.side))
            for d in self._pictures[number]
        ]


class GreyEncoder(FaceEncoder):
    """Two numbers a crop: its mean grey, and 1."""

    def __init__(self) -> None:
        super().__init__(FaceNetwork(TINY), SPEC)
        self.crops = 0

    def encode(self, faces: npt.NDArray[np.uint8] | Sequence[npt.NDArray[np.uint8]]) -> FaceFeatures:
        self.crops += len(faces)
        greys = [float(np.mean(face)) for face in faces]
        return FaceFeatures(
            np.array([[grey, 1] for grey in greys], np.float32), np.full((len(greys), 8), 1 / 8, np.float32)
        )


def frames(pictures: Sequence[Sequence[Drawn]], rate: float = 5.0) -> list[Frame]:
    """The pictures as a video from time 0 on."""
    return [Frame(number / rate, draw(faces, number)) for number, faces in enumerate(pictures)]


def yunet_path() -> Path:
    """YuNet's file beside the checkout; the test is skipped where it is absent."""
    path = Path(__file__).resolve().parents[2] / "shared" / "models" / YUNET_FILE
    if not path.is_file():
        pytest.skip(f"YuNet's file is not at {path}")
    return path
