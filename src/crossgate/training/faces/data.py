"""Faces to learn from and to measure on: FER+ as Parquet, or images in one sub-folder a class."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image, UnidentifiedImageError

from crossgate.corpora.manifest import sha256_of
from crossgate.errors import InputError
from crossgate.evaluation.expressions import majority_labels, without_slips
from crossgate.features.visual.face_settings import EXPRESSIONS, SIDE
from crossgate.features.visual.faces import grey_face

UNUSABLE = ("unknown", "nf")
"""The annotators' last two choices: no expression they could name, and not a face."""

VOTES = tuple(f"votes_{choice}" for choice in (*EXPRESSIONS.labels, *UNUSABLE))
"""Columns of votes, in the order of the arrays of votes."""

ALIASES = {
    "neutrality": "neutral",
    "happy": "happiness",
    "joy": "happiness",
    "surprised": "surprise",
    "sad": "sadness",
    "angry": "anger",
    "disgusted": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "contemptuous": "contempt",
}
"""Other names that corpora give the same expressions."""

IMAGES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".pgm")


@dataclass(frozen=True)
class VotedFaces:
    """Faces with what their annotators voted.

    Attributes:
        faces: (face, 48, 48) uint8, grey.
        votes: (face, choice) numbers of annotators, in the order of `VOTES`.
        sha256: of the file.
    """

    faces: npt.NDArray[np.uint8]
    votes: npt.NDArray[np.int64]
    sha256: str

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def majority(self) -> npt.NDArray[np.int64]:
        """(face,) see `majority_labels`."""
        return majority_labels(self.votes)


@dataclass(frozen=True)
class LabelledImages:
    """Images of a folder of classes.

    Attributes:
        images: each (height, width) or (height, width, 3) uint8.
        labels: (image,) class indices.
        names: paths relative to the folder.
    """

    images: list[npt.NDArray[np.uint8]]
    labels: npt.NDArray[np.int64]
    names: list[str]


def vote_distributions(votes: npt.ArrayLike) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """What a network learns from votes: the annotators' distribution over the expressions.

    Single votes go first, as slips. A face is learned from where more than half of the votes that are left
    name an expression, which need not be one and the same; the published code also drops what comes after
    the three most frequent choices, which we keep.

    Args:
        votes: (face, choice) in the order of `VOTES`.

    Returns:
        distributions (face, expression), rows sum to 1 or are 0 throughout; and (face,) which are usable.
    """
    kept = without_slips(votes)
    named = kept[:, : len(EXPRESSIONS)].sum(axis=1)
    usable = 2 * named > kept.sum(axis=1)
    shares = kept[:, : len(EXPRESSIONS)] / np.maximum(named, 1)[:, None]
    return np.where(usable[:, None], shares, 0).astype(np.float32), usable


def read_voted_faces(path: Path) -> VotedFaces:
    """Read faces in the layout of FER+: a column `png` and one column of votes for each of ten choices.

    Raises InputError naming the file and the row where a column is missing, an image cannot be read or is of
    another size, or votes are no counts.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError("no such file", where=str(path), fix="name a Parquet file in the layout of FER+")
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(f"not Parquet: {str(error).splitlines()[0]}", where=str(path)) from error
    missing = [name for name in ("png", *VOTES) if name not in table.column_names]
    if missing:
        raise InputError(
            f"no column {', '.join(missing)}; there are {', '.join(table.column_names)}",
            where=str(path),
            fix=f"give the bytes of an image as `png`, and counts as {', '.join(VOTES)}",
        )
    if not table.num_rows:
        raise InputError("no rows", where=str(path))
    columns = []
    for name in VOTES:
        column = table[name]
        if not pa.types.is_integer(column.type) or column.null_count:
            raise InputError(f"column {name} is not made of counts", where=str(path))
        columns.append(column.to_numpy().astype(np.int64))
    votes = np.stack(columns, axis=1)
    if (votes < 0).any():
        row = int(np.flatnonzero((votes < 0).any(axis=1))[0])
        raise InputError(f"a count of votes is {votes[row].min()}", where=f"{path}, row {row}")
    faces = np.empty((table.num_rows, SIDE, SIDE), dtype=np.uint8)
    for row, content in enumerate(table["png"].to_pylist()):
        faces[row] = _decode(content, f"{path}, row {row}")
    return VotedFaces(faces, votes, sha256_of(path))


def seen_before(faces: Sequence[npt.NDArray[np.uint8]], others: VotedFaces) -> npt.NDArray[np.bool_]:
    """Which images (face,) have the very pixels of one of the others, once both are grey and 48 x 48.

    FER2013 was collected from the web, and the same file can stand in two of its parts: 279 of the 3579
    validation faces of FER+ are in its train part too.
    """
    known = {one.tobytes() for one in others.faces}
    return np.array(
        [grey_face(one, f"face {n}").tobytes() in known for n, one in enumerate(faces)], dtype=bool
    )


def _decode(content: bytes | None, where: str) -> npt.NDArray[np.uint8]:
    """An image of the network's own size. Raises InputError for anything else."""
    try:
        with Image.open(io.BytesIO(content or b"")) as image:
            grey = np.asarray(image.convert("L"))
    except (UnidentifiedImageError, OSError, TypeError, ValueError) as error:
        raise InputError("the image cannot be read", where=where) from error
    if grey.shape != (SIDE, SIDE):
        raise InputError(
            f"the image is {grey.shape[1]} x {grey.shape[0]} pixels, expected {SIDE} x {SIDE}", where=where
        )
    return grey


def read_image_folder(folder: Path) -> LabelledImages:
    """Read images that stand in one sub-folder a class, whatever their size.

    The sub-folders are called as the expressions are, or by one of `ALIASES`, in upper or lower case. Files
    that are no images by their name are passed over.

    Raises InputError where there is no such folder, a sub-folder is of no known class, or an image is
    damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError("no such folder", where=str(folder))
    classes = sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    if not classes:
        raise InputError(
            "no sub-folders", where=str(folder), fix="put the images of each class in one folder"
        )
    unknown = [one.name for one in classes if _class_of(one.name) not in EXPRESSIONS.labels]
    if unknown:
        raise InputError(
            f"{', '.join(unknown)}: not known as expressions; known are {', '.join(EXPRESSIONS.labels)}, "
            f"and {', '.join(ALIASES)}",
            where=str(folder),
            fix="rename these sub-folders, or take them elsewhere",
        )
    images, labels, names = [], [], []
    for one in classes:
        for path in sorted(p for p in one.rglob("*") if p.suffix.lower() in IMAGES):
            images.append(_read_image(path))
            labels.append(EXPRESSIONS.index(_class_of(one.name)))
            names.append(str(path.relative_to(folder)))
    if not images:
        raise InputError(f"no images ({', '.join(IMAGES)})", where=str(folder))
    return LabelledImages(images, np.asarray(labels, dtype=np.int64), names)


def _class_of(name: str) -> str:
    lower = name.strip().lower()
    return ALIASES.get(lower, lower)


def _read_image(path: Path) -> npt.NDArray[np.uint8]:
    try:
        with Image.open(path) as image:
            # Grey stays grey: most corpora of faces are, and a third of the memory is enough.
            return np.asarray(image.convert("L" if image.mode in ("1", "L", "I;16", "LA") else "RGB"))
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise InputError(
            "the image cannot be read", where=str(path), fix="remove it, or repair it"
        ) from error
