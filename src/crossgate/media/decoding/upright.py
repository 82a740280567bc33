"""Turning a stored picture upright: the display matrix that phones write instead of turning the pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from crossgate.media.clips import Pixels


@dataclass(frozen=True)
class Orientation:
    """How a stored picture becomes upright, in this order: transpose, flip sideways, flip upside down.

    Attributes:
        transposed: rows become columns.
        sideways: left and right are exchanged.
        upside_down: top and bottom are exchanged.
    """

    transposed: bool = False
    sideways: bool = False
    upside_down: bool = False

    @property
    def moves(self) -> bool:
        """Whether it does anything."""
        return self.transposed or self.sideways or self.upside_down

    def apply(self, image: Pixels) -> Pixels:
        """The picture (height, width, 3), turned; a view where it can be."""
        if self.transposed:
            image = image.transpose(1, 0, 2)
        if self.sideways:
            image = image[:, ::-1]
        if self.upside_down:
            image = image[::-1]
        return np.ascontiguousarray(image)

    def __str__(self) -> str:
        mirrored = (self.transposed + self.sideways + self.upside_down) % 2 == 1
        if mirrored:
            return "mirrored"
        return "on its side" if self.transposed else "upside down"


def orientation_of(frame: Any) -> Orientation:
    """What the frame's display matrix asks for, to the nearest quarter; nothing where it has none.

    The matrix (a b u; c d v; x y w) takes a stored point (p, q), q downwards, to the shown point
    (a p + c q + x, b p + d q + y): ISO/IEC 14496-12, 8.5.2.
    """
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is None:
        return Orientation()
    a, b, _, c, d, *_ = np.frombuffer(bytes(matrix), dtype="<i4").tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):
        return Orientation(True, sideways=c < 0, upside_down=b < 0)
    return Orientation(False, sideways=a < 0, upside_down=d < 0)
