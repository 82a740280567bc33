"""Follows faces from picture to picture, keeping no picture: per face a crop, where it was, how it moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from crossgate.errors import InputError
from crossgate.features.visual.crops import Crop, cut_face, mouth_motion
from crossgate.features.visual.detector import Face, Square
from crossgate.media.clips import Frame, Pixels

THUMBNAIL = (32, 18)
"""Width and height of the picture in which shot changes are looked for."""

IMPOSSIBLE = 1e6
"""Cost of a pair that may not be one face; large against any other."""


@dataclass(frozen=True)
class TrackSettings:
    """When a face in one picture is the face of the one before."""

    overlap: float = 0.2
    """Least intersection over union of the squares, or else ..."""
    distance: float = 0.6
    """... greatest distance of the middles, in sides of the square."""
    growth: float = 1.6
    """Greatest ratio of the sides."""
    gap: float = 1.0
    """Seconds for which a face may not be found, and still be the same one when it is again; at five pictures
    a second it may be missed in four of them in a row."""
    shot: float = 0.06
    """Mean change of the grey values, of 1, from which two pictures are of different shots. Rather too low: a
    cut too many only starts a track anew, one too few makes two people one."""
    legible: float = 36.0
    """Side of a face's square, in pixels of the picture, from which its mouth can be seen to move."""

    def __post_init__(self) -> None:
        if not (0 <= self.overlap <= 1 and self.distance >= 0 and self.growth >= 1):
            raise InputError("tracks: overlap is 0 to 1, distance 0 or more, growth 1 or more")
        if self.gap <= 0 or self.shot <= 0:
            raise InputError("tracks: gap and shot are more than 0")


class Sighting(NamedTuple):
    """One face in one picture.

    Attributes:
        track: number of the track; the same face followed from picture to picture has the same.
        seen: how often the track has been seen so far, this time included.
        time: seconds.
        face: box, landmarks and score.
        crop: (48, 48) grey.
        motion: of the mouth since the picture before; None where the track was not in it, or is too small.
        middle: the time half way between the two, in seconds; `time` where there is no motion.
        prominence: 0 to 1, how large and central: the side of the square by the shorter side of the picture,
            at the edges of the picture half of that.
    """

    track: int
    seen: int
    time: float
    face: Face
    crop: Crop
    motion: float | None
    middle: float
    prominence: float


class FaceTracker:
    """Gives the faces of successive pictures the numbers of their tracks; keeps one crop a live track."""

    def __init__(self, settings: TrackSettings | None = None) -> None:
        self._settings = settings or TrackSettings()
        self._live: list[_Track] = []
        self._started = 0
        self._before: npt.NDArray[np.float32] | None = None

    def follow(self, frame: Frame, faces: list[Face]) -> list[Sighting]:
        """One sighting for every face of a picture, in its order; pictures come in the order of time."""
        thumbnail = _thumbnail(frame.image)
        if self._before is not None and np.abs(thumbnail - self._before).mean() > self._settings.shot:
            self._live = []
        self._before = thumbnail
        # A thousandth of tolerance: five times 0.2 is a little more than 1.
        latest = frame.time - self._settings.gap - 0.001
        self._live = [track for track in self._live if track.time >= latest]
        partners = self._partners(faces)
        for track in self._live:  # counts this picture too, until its face turns out to be in it
            track.missed += 1
        sightings = []
        for face, partner in zip(faces, partners, strict=True):
            crop = cut_face(frame.image, face.crop)
            track = self._start() if partner is None else partner
            # Over a gap the mouth may have done anything: only what two pictures in a row show is motion.
            motion, middle = None, frame.time
            legible = min(face.crop.side, track.square.side) >= self._settings.legible
            if track.crop is not None and track.missed == 1 and legible:
                motion, middle = mouth_motion(track.crop, crop), (track.time + frame.time) / 2
            track.square, track.crop, track.time = face.crop, crop, frame.time
            track.missed, track.seen = 0, track.seen + 1
            prominent = _prominence(face.crop, frame.image)
            sightings.append(
                Sighting(track.number, track.seen, frame.time, face, crop, motion, middle, prominent)
            )
        return sightings

    def _start(self) -> _Track:
        track = _Track(self._started)
        self._started += 1
        self._live.append(track)
        return track

    def _partners(self, faces: list[Face]) -> list[_Track | None]:
        """For every face the live track it goes on with: the pairing with the least cost in all."""
        partners: list[_Track | None] = [None] * len(faces)
        if not faces or not self._live:
            return partners
        costs = np.array([[self._cost(track.square, face.crop) for face in faces] for track in self._live])
        for row, column in zip(*linear_sum_assignment(costs), strict=True):
            if costs[row, column] < IMPOSSIBLE:
                partners[column] = self._live[row]
        return partners

    def _cost(self, before: Square, after: Square) -> float:
        """What is lacking of full overlap, and the distance of the middles in mean sides."""
        larger, smaller = max(before.side, after.side), min(before.side, after.side)
        across = before.left + before.side / 2 - after.left - after.side / 2
        down = before.top + before.side / 2 - after.top - after.side / 2
        distance = float(np.hypot(across, down)) / ((larger + smaller) / 2)
        overlap = _overlap(before, after)
        near = overlap >= self._settings.overlap or distance <= self._settings.distance
        if not near or larger > self._settings.growth * smaller:
            return IMPOSSIBLE
        return 1 - overlap + distance


class _Track:
    """A face that is being followed."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.square = Square(0.0, 0.0, 1.0)
        self.crop: Crop | None = None
        self.time = 0.0
        self.missed = 0
        self.seen = 0


def _overlap(first: Square, second: Square) -> float:
    """Intersection over union."""
    across = min(first.left + first.side, second.left + second.side) - max(first.left, second.left)
    down = min(first.top + first.side, second.top + second.side) - max(first.top, second.top)
    shared = max(0.0, across) * max(0.0, down)
    union = first.side * first.side + second.side * second.side - shared
    return float(shared / union)


def _prominence(square: Square, image: Pixels) -> float:
    height, width = image.shape[:2]
    across = abs(square.left + square.side / 2 - width / 2) / (width / 2)
    down = abs(square.top + square.side / 2 - height / 2) / (height / 2)
    return float(min(1.0, square.side / min(height, width)) * (1 - min(1.0, max(across, down)) / 2))


def _thumbnail(image: Pixels) -> npt.NDArray[np.float32]:
    """Grey in [0, 1], averaged over areas: what moves within a shot changes few of its pixels."""
    small = np.asarray(cv2.resize(image, THUMBNAIL, interpolation=cv2.INTER_AREA), np.uint8)
    grey: npt.NDArray[np.float32] = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.float32)
    return grey / np.float32(255)
