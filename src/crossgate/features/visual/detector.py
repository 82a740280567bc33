"""Where faces are in a picture: YuNet, or OpenCV's Haar cascade where YuNet cannot be had.

YuNet: Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence Research 2023.
Haar cascade: Viola and Jones, CVPR 2001, in the file that comes with OpenCV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple, Protocol

import cv2
import numpy as np
import numpy.typing as npt

from crossgate.errors import InputError
from crossgate.media.clips import Pixels

YUNET_FILE = "face_detection_yunet_2026may.onnx"
YUNET_SHA256 = "ebafce4e3c118d6554634be5c27ab333b4c047a9a8c3faf1d7cf93101c22f0f0"
"""Of the file in OpenCV's model zoo; other bytes are refused, as another network cuts other boxes."""

HAAR_FILE = "haarcascade_frontalface_alt2.xml"

LONGEST_SIDE = 480
"""Larger pictures are made this small, in pixels: half as much work as at 640, and at 360p it still finds
faces of 24 pixels."""

SMALLEST_SIDE = 320
"""Smaller pictures are made this large."""

SMALLEST_FACE = 24.0
"""Side of a face's square, in pixels of the picture, below which it is dropped: the expression network reads
48 x 48 pixels, and one magnified more than twice shows no expression that could be relied on."""

YUNET_SCORE = 0.6
"""Least score. OpenCV's default of 0.9 loses small faces; single false alarms fail to make a track."""

YUNET_OVERLAP = 0.3
"""Boxes that overlap more are one face (non-maximum suppression); OpenCV's default."""

HAAR_STEP = 1.2
"""By how much the searched size grows from step to step; 1.1 takes twice as long and found no face more."""

HAAR_NEIGHBOURS = 4
"""Least number of overlapping hits that make a face."""

HAAR_SMALLEST = 24
"""Pixels of the picture that is searched; the cascade's window has 20."""


class Square(NamedTuple):
    """The part of a picture that the expression network reads, in pixels; may reach over the edge."""

    left: float
    top: float
    side: float


@dataclass(frozen=True, eq=False)
class Face:
    """One face in a picture.

    Attributes:
        box: left, top, width, height in pixels of the picture, as the detector draws it.
        landmarks: (5, 2) x and y in pixels: the eye on the left of the picture, the one on the right, tip of
            the nose, left and right corner of the mouth; None where the detector tells none.
        score: 0 to 1, how sure the detector is; its scale is the detector's own.
        square: what the expression network should see; None: as high as the box, around its middle.
    """

    box: tuple[float, float, float, float]
    landmarks: npt.NDArray[np.float32] | None
    score: float
    square: Square | None = None

    @property
    def crop(self) -> Square:
        """The square, by the detector or by the box."""
        if self.square is not None:
            return self.square
        left, top, width, height = self.box
        return Square(left + (width - height) / 2, top, height)


class FaceDetector(Protocol):
    """Whatever finds faces.

    Attributes:
        name: for the report, such as `yunet`.
        version: of the model.
    """

    name: str
    version: str

    def detect(self, image: Pixels) -> list[Face]:
        """The faces of a picture (height, width, 3) uint8 RGB, the surest first."""
        ...


class YuNetDetector:
    """YuNet, run by OpenCV; about 6 ms a picture of 480 x 270 on one core.

    Raises InputError where the file is missing or is not the one that is pinned.
    """

    name = "yunet"
    version = "2026may"

    def __init__(self, path: Path) -> None:
        model = read_yunet(path)
        # From memory: what was hashed is what runs, and OpenCV cannot open every path on every system.
        self._network = cv2.FaceDetectorYN.create(
            "onnx",
            np.frombuffer(model, np.uint8),
            np.empty(0, np.uint8),
            (SMALLEST_SIDE, SMALLEST_SIDE),
            YUNET_SCORE,
            YUNET_OVERLAP,
        )

    def detect(self, image: Pixels) -> list[Face]:
        """The faces of a picture (height, width, 3) uint8 RGB, the surest first."""
        if min(image.shape[:2]) < SMALLEST_FACE:
            return []  # of pictures a few pixels high OpenCV's network makes faces out of nothing
        small, across, down = _searched(image)
        self._network.setInputSize((small.shape[1], small.shape[0]))
        _, rows = self._network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        # Columns: left, top, width, height, five points (x, y), score.
        found: npt.NDArray[np.float32] = np.zeros((0, 15), np.float32) if rows is None else np.asarray(rows)
        found = found[np.isfinite(found).all(axis=1)]
        found[:, 0:14:2] /= across
        found[:, 1:14:2] /= down
        return _readable([_yunet_face(row) for row in found])


class HaarDetector:
    """OpenCV's frontal Haar cascade: misses turned, small and dim faces; about 12 ms a
    picture of 360 x 288 on one core, 28 ms of a busy one of 640 x 360. The score is n / (n + 4) for n hits.

    Raises InputError where this OpenCV brings no cascades (5.0 does not).
    """

    name = "haar"
    version = cv2.__version__

    def __init__(self) -> None:
        folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
        path = Path(folder) / HAAR_FILE
        if not path.is_file():
            raise InputError(
                f"OpenCV {cv2.__version__} came without its Haar cascades",
                where=str(path),
                fix="pip install 'opencv-python-headless<5'",
            )
        self._cascade = cv2.CascadeClassifier(str(path))

    def detect(self, image: Pixels) -> list[Face]:
        """The faces of a picture (height, width, 3) uint8 RGB, the surest first."""
        small, across, down = _searched(image)
        # Spread the greys: the cascade was trained on faces of normal contrast.
        grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
        boxes, hits = self._cascade.detectMultiScale2(
            grey,
            scaleFactor=HAAR_STEP,
            minNeighbors=HAAR_NEIGHBOURS,
            minSize=(HAAR_SMALLEST, HAAR_SMALLEST),
        )
        faces = []
        for (left, top, width, height), count in zip(boxes, np.ravel(hits), strict=True):
            box = left / across, top / down, width / across, height / down
            # The crop of the network's training is this very box: see faces.py.
            square = Square(box[0], box[1] + (box[3] - box[2]) / 2, box[2])
            faces.append(Face(box, None, float(count / (count + HAAR_NEIGHBOURS)), square))
        return _apart(_readable(faces))


def read_yunet(path: Path) -> bytes:
    """The bytes of YuNet's file. Raises InputError where they are missing or not those that are pinned."""
    try:
        model = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error
    found = sha256(model).hexdigest()
    if found != YUNET_SHA256:
        raise InputError(
            f"the file has SHA-256 {found}, expected {YUNET_SHA256}",
            where=str(path),
            fix=f"take {YUNET_FILE} of OpenCV's model zoo; a file of some 130 bytes is a Git LFS pointer",
        )
    return model


def _yunet_face(row: npt.NDArray[np.float32]) -> Face:
    left, top, width, height, *points, score = row.tolist()
    # The network's crops are as high as YuNet's boxes, their middle 3 % lower: see faces.py.
    square = Square(left + (width - height) / 2, top + 0.03 * height, height)
    landmarks = np.asarray(points, np.float32).reshape(5, 2)
    return Face((left, top, width, height), landmarks, score, square)


def _searched(image: Pixels) -> tuple[Pixels, float, float]:
    """The picture in the size to search, and by how much it was stretched across and down."""
    height, width = image.shape[:2]
    longest = max(height, width)
    scale = min(1.0, LONGEST_SIDE / longest) if longest >= SMALLEST_SIDE else SMALLEST_SIDE / longest
    if scale == 1:
        return np.ascontiguousarray(image), 1.0, 1.0
    size = max(1, round(width * scale)), max(1, round(height * scale))
    # Averaging over areas keeps a shrunk picture free of moiré, which looks like texture to a detector.
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(image, size, interpolation=how), np.uint8)
    return small, size[0] / width, size[1] / height


def _apart(faces: list[Face]) -> list[Face]:
    """Without those whose middle lies in a surer one: the cascade finds some faces twice, in two sizes."""
    kept: list[Face] = []
    for face in faces:
        left, top, side = face.crop
        x, y = left + side / 2, top + side / 2
        if not any(
            other.left < x < other.left + other.side and other.top < y < other.top + other.side
            for other in (one.crop for one in kept)
        ):
            kept.append(face)
    return kept


def _readable(faces: list[Face]) -> list[Face]:
    """Those large enough, the surest first."""
    large = [face for face in faces if face.crop.side >= SMALLEST_FACE and math.isfinite(face.score)]
    return sorted(large, key=lambda face: -face.score)
