"""The speaker's face in what was sent: a crop as it is, of a whole picture the largest face."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock

import numpy as np

from crossgate.features.visual.crops import cut_face
from crossgate.features.visual.detector import FaceDetector
from crossgate.features.visual.find_detector import find_detector
from crossgate.serving.live.signals import Picture

CROP = 128
"""A square picture of at most so many pixels a side is a crop, cut by whoever sent it as
`features.visual.faces` tells; no camera gives such pictures, and the network reads 48 x 48."""


@dataclass(frozen=True)
class FoundFaces:
    """Faces of one utterance.

    Attributes:
        crops: as `Live.add` takes them.
        note: how they were come by, or why there are none; None where nothing is to say.
    """

    crops: tuple[Picture, ...]
    note: str | None


@dataclass
class FaceFinder:
    """Finds faces for all conversations; OpenCV's detectors serve one thread at a time."""

    _lock: Lock = field(default_factory=Lock)
    _detector: FaceDetector | None = None

    def find(self, pictures: Iterable[Picture]) -> FoundFaces:
        """The face of every picture that has one; only one picture at a time is held in memory."""
        crops: list[Picture] = []
        most = seen = empty = 0
        for picture in pictures:
            seen += 1
            if is_crop(picture):
                crops.append(picture)
                continue
            crop, count = self._largest(picture)
            most = max(most, count)
            if crop is None:
                empty += 1
            else:
                crops.append(crop)
        notes = [f"largest of {most} faces"] if most > 1 else []
        if empty:
            notes.append("no face found" if empty == seen else f"no face in {empty} of {seen} pictures")
        return FoundFaces(tuple(crops), "; ".join(notes) or None)

    def _largest(self, picture: Picture) -> tuple[Picture | None, int]:
        """The largest face as a crop, and how many there are."""
        colours = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
        with self._lock:
            if self._detector is None:
                self._detector = find_detector().detector
            found = self._detector.detect(colours)
        if not found:
            return None, 0
        return cut_face(colours, max(found, key=lambda face: face.crop.side).crop), len(found)


def is_crop(picture: Picture) -> bool:
    """Whether a picture is the face alone."""
    height, width = picture.shape[0], picture.shape[1]
    return bool(height == width <= CROP)
