"""Action units measured by OpenFace 2, one vector an utterance: the feature `au18` of MELD's table.

OpenFace: Baltrusaitis, Zadeh, Lim and Morency, "OpenFace 2.0: Facial Behavior Analysis Toolkit", FG 2018; the
layout of its CSV is in the wiki of its repository. What is read is the output of `FeatureExtraction` or
`FaceLandmarkVidMulti`.

Known of MELD's column (published with PRC-Emo): 18 action units in the order below, intensities of 0 to 5 at
"the peak frame", those under 0.8 recorded as 0. Lip suck is 0 in every row: OpenFace tells of it (AU28) only
whether it is there, with no intensity. 0 is filled in here too.

Ours, as nothing is known of it: the peak frame is the one with the largest sum of intensities, among those
where OpenFace found the face and was sure of it; and an utterance without such a frame is absent. MELD's
column has one absent row, and 1.6 % of its rows are 0 throughout.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.errors import InputError
from crossgate.media.clips import Span

UNITS = {
    "inner brow raiser": "AU01_r",
    "outer brow raiser": "AU02_r",
    "brow lowerer": "AU04_r",
    "upper lid raiser": "AU05_r",
    "cheek raiser": "AU06_r",
    "lid tightener": "AU07_r",
    "nose wrinkler": "AU09_r",
    "upper lip raiser": "AU10_r",
    "lip corner puller": "AU12_r",
    "dimpler": "AU14_r",
    "lip corner depressor": "AU15_r",
    "chin raiser": "AU17_r",
    "lip stretcher": "AU20_r",
    "lip tightener": "AU23_r",
    "lips part": "AU25_r",
    "jaw drop": "AU26_r",
    "lip suck": None,
    "blink": "AU45_r",
}
"""Action unit -> OpenFace's column of its intensity, in the order of the vector; None: there is none, 0."""

SPEC = FeatureSpec("visual", "au18", "1", len(UNITS), "OpenFace 2, action units at the peak frame")

LEAST_INTENSITY = 0.8
"""Smaller intensities are 0, as in MELD's table."""

LEAST_CONFIDENCE = 0.8
"""OpenFace's own, 0 to 1, from which a frame counts. Ours."""

LARGEST = 5.0
"""Intensities are on the FACS scale of 0 (absent) to 5 (A to E)."""

NEEDED = ("timestamp", "confidence", "success", *(name for name in UNITS.values() if name))


@dataclass(frozen=True, eq=False)
class OpenFace:
    """A file of OpenFace; rows are in the order of the file, one a frame and face.

    Attributes:
        times: (row,) seconds from the start of the recording.
        faces: (row,) number of the face; 0 throughout where the file tells none.
        usable: (row,) whether OpenFace found the face, was sure of it and gave all intensities.
        intensities: (row, action unit) float32, in the order of `UNITS`.
        source: the file, for messages.
    """

    times: npt.NDArray[np.float64]
    faces: npt.NDArray[np.int64]
    usable: npt.NDArray[np.bool_]
    intensities: npt.NDArray[np.float32]
    source: str

    @property
    def spec(self) -> FeatureSpec:
        """Names the vectors."""
        return SPEC

    def au18(self, spans: Sequence[Span]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        """The vector of every utterance: its peak frame's intensities, those under 0.8 as 0.

        Where several faces were followed, the one usable in most frames of the utterance counts, of equals
        the one with the smaller number.

        Returns `values (utterance, 18) float32`, NaN where not present, and `present (utterance,) bool`:
        whether there is a usable frame.
        """
        values = np.full((len(spans), len(UNITS)), np.nan, np.float32)
        for row, span in enumerate(spans):
            inside = np.flatnonzero(self.usable & (self.times >= span.start) & (self.times < span.end))
            if not len(inside):
                continue
            numbers, counts = np.unique(self.faces[inside], return_counts=True)
            of_one = inside[self.faces[inside] == numbers[counts.argmax()]]
            peak = self.intensities[of_one[self.intensities[of_one].sum(axis=1).argmax()]]
            values[row] = np.where(peak >= LEAST_INTENSITY, peak, 0)
        return values, np.isfinite(values[:, 0])


def read_openface(path: Path) -> OpenFace:
    """Read a CSV of OpenFace 2.

    Raises InputError where the file cannot be read, columns are missing (with their names), or a cell is no
    number (with its line).
    """
    path = Path(path)
    times, faces, usable, intensities = [], [], [], []
    for line, cells in _rows(path):
        where = f"{path}, line {line}"
        numbers = {name: _number(cells[name], f"{where}, {name}") for name in cells}
        if not math.isfinite(numbers["timestamp"]):
            raise InputError(f"timestamp is {cells['timestamp']!r}, expected seconds", where=where)
        units = [numbers[name] if name else 0.0 for name in UNITS.values()]
        measured = all(math.isfinite(unit) for unit in units)
        if measured and not all(0 <= unit <= LARGEST for unit in units):
            raise InputError(f"intensities of {min(units)} to {max(units)}, expected 0 to 5", where=where)
        times.append(numbers["timestamp"])
        number = numbers.get("face_id", 0.0)
        faces.append(int(number) if math.isfinite(number) else -1)
        usable.append(measured and numbers["success"] == 1 and numbers["confidence"] >= LEAST_CONFIDENCE)
        intensities.append(units)
    if not times:
        raise InputError(
            "the file has a header and no rows",
            where=str(path),
            fix="OpenFace writes one row a frame: was the video readable for it?",
        )
    return OpenFace(
        np.asarray(times, np.float64),
        np.asarray(faces, np.int64),
        np.asarray(usable, np.bool_),
        np.asarray(intensities, np.float32).reshape(-1, len(UNITS)),
        str(path),
    )


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and the cells that are needed, of each row."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            header = [name.strip() for name in next(reader, [])]
            missing = [name for name in NEEDED if name not in header]
            if missing:
                raise InputError(
                    f"column {', '.join(missing)} is missing",
                    where=str(path),
                    fix="run OpenFace 2 with -aus, or without options: both write action units",
                )
            places = {name: header.index(name) for name in (*NEEDED, "face_id") if name in header}
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(header):
                    raise InputError(
                        f"{len(cells)} cells, and the header has {len(header)}",
                        where=f"{path}, line {reader.line_num}",
                        fix="the file may have been cut off: run OpenFace again",
                    )
                yield reader.line_num, {name: cells[place] for name, place in places.items()}
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"not a CSV file: {error}", where=str(path)) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(path)) from error


def _number(cell: str, where: str) -> float:
    """A cell's number; not-a-number as the C++ libraries spell it, such as `-nan(ind)`, is NaN."""
    try:
        return float(cell)
    except ValueError:
        if "nan" in cell.lower():
            return math.nan
        raise InputError(f"{cell!r} is not a number", where=where) from None
