"""Faces that are no faces: a bright bar whose place is the expression, with votes, as FER+ lays them out."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from crossgate.features.visual.face_settings import SIDE, FaceSettings
from crossgate.training.faces.data import VOTES
from crossgate.training.faces.settings import FaceTraining

TINY = FaceSettings(stem=4, widths=(4, 8), blocks=(1, 1), embedding=6)

QUICK = FaceTraining(epochs=3, batch_size=16, learning_rate=0.05, average=0.5, network=TINY)


def pixels(expression: int, random: np.random.Generator, side: int = SIDE) -> npt.NDArray[np.uint8]:
    """(side, side) uint8: noise, and a bar as low as the class index is high."""
    image = random.integers(0, 90, size=(side, side))
    top = expression * side // 8
    image[top : top + side // 8] += 150
    return image.astype(np.uint8)


def png(image: npt.NDArray[np.uint8]) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, format="PNG")
    return file.getvalue()


def content(faces: int, seed: int) -> pa.Table:
    """Ten votes a face, most of them for the place of the bar; every ninth face is of nobody."""
    random = np.random.default_rng(seed)
    images, votes = [], []
    for face in range(faces):
        expression = face % 8
        images.append(png(pixels(expression, random)))
        counts = np.zeros(len(VOTES), dtype=np.int64)
        counts[expression] += 7
        counts[int(random.integers(len(VOTES)))] += 2
        counts[int(random.integers(len(VOTES)))] += 1
        if face % 9 == 8:
            counts[:], counts[-1] = 0, 10
        votes.append(counts)
    columns = np.stack(votes, axis=1)
    return pa.table(
        {
            "name": [f"{face}.png" for face in range(faces)],
            "png": images,
            **{name: columns[k] for k, name in enumerate(VOTES)},
        }
    )


def write_faces(folder: Path, train: int = 70, validation: int = 30) -> Path:
    """A data folder with both parts; returns it."""
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(content(train, 1), folder / "train.parquet")
    pq.write_table(content(validation, 2), folder / "validation.parquet")
    return folder


def write_images(folder: Path, *, side: int = 60, each: int = 3, colour: bool = False) -> Path:
    """A folder of images, one sub-folder a class, called as various corpora call them; returns it."""
    random = np.random.default_rng(3)
    names = ("Neutral", "happy", "Surprised", "SAD", "angry", "disgust", "fearful", "contempt")
    for expression, name in enumerate(names):
        (folder / name).mkdir(parents=True)
        for number in range(each):
            image = pixels(expression, random, side)
            picture = np.stack([image] * 3, axis=-1) if colour else image
            Image.fromarray(picture).save(folder / name / f"{number}.png")
    return folder
