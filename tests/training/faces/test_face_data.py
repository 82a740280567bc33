"""Reading faces: what comes out, and what is said where nothing can."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.training.faces.data import (
    VOTES,
    read_image_folder,
    read_voted_faces,
    vote_distributions,
)
from toy_faces import content, png, write_faces, write_images


def votes(**given: int) -> list[int]:
    return [given.get(name.removeprefix("votes_"), 0) for name in VOTES]


@pytest.mark.parametrize(
    ("given", "shares"),
    [
        ({"neutral": 10}, {"neutral": 1.0}),
        ({"neutral": 6, "sadness": 3, "fear": 1}, {"neutral": 2 / 3, "sadness": 1 / 3}),
        ({"anger": 4, "disgust": 2, "unknown": 4}, {"anger": 2 / 3, "disgust": 1 / 3}),
        ({"anger": 4, "unknown": 4, "fear": 1, "neutral": 1}, None),
        ({"nf": 10}, None),
        (dict.fromkeys(("neutral", "anger", "fear", "sadness"), 1), None),
        ({}, None),
    ],
    ids=str,
)
def test_votes_become_shares_without_slips_and_without_unknown(given, shares) -> None:
    distribution, usable = vote_distributions([votes(**given)])
    assert usable.tolist() == [shares is not None]
    assert distribution[0] == pytest.approx(votes(**(shares or {}))[:8])
    assert distribution.dtype == np.float32


def test_faces_and_votes_are_read_as_they_stand(tmp_path: Path) -> None:
    path = write_faces(tmp_path) / "train.parquet"
    read = read_voted_faces(path)
    assert read.faces.shape == (70, 48, 48)
    assert read.faces.dtype == np.uint8
    assert png(read.faces[5]) == pq.read_table(path)["png"][5].as_py()
    assert (read.votes.sum(axis=1) == 10).all()
    assert read.majority[:8].tolist() == list(range(8))
    assert read.majority[8] == UNLABELLED


def change(table: pa.Table, column: str, row: int, value: object) -> pa.Table:
    values = table[column].to_pylist()
    values[row] = value
    return table.set_column(table.column_names.index(column), column, pa.array(values))


DAMAGED = [
    (lambda table: table.drop_columns(["votes_fear"]), "no column votes_fear"),
    (lambda table: table.slice(0, 0), "no rows"),
    (lambda table: change(table, "png", 3, b"not a picture"), "row 3: the image cannot be read"),
    (lambda table: change(table, "png", 3, None), "row 3: the image cannot be read"),
    (lambda table: change(table, "png", 3, table["png"][3].as_py()[:300]), "row 3: the image cannot be read"),
    (
        lambda table: change(table, "png", 2, png(np.zeros((40, 48), np.uint8))),
        "row 2: the image is 48 x 40 pixels, expected 48 x 48",
    ),
    (lambda table: change(table, "votes_anger", 1, -2), "row 1: a count of votes is -2"),
    (lambda table: change(table, "votes_anger", 1, None), "column votes_anger is not made of counts"),
    (
        lambda table: table.set_column(2, "votes_neutral", pa.array(["some"] * len(table))),
        "column votes_neutral is not made of counts",
    ),
]


@pytest.mark.parametrize(("damage", "said"), DAMAGED, ids=[said for _, said in DAMAGED])
def test_damage_is_named_with_file_and_row(damage, said: str, tmp_path: Path) -> None:
    path = tmp_path / "train.parquet"
    pq.write_table(damage(content(6, 0)), path)
    with pytest.raises(InputError) as caught:
        read_voted_faces(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_is_no_parquet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_voted_faces(tmp_path / "train.parquet")
    (tmp_path / "train.parquet").write_text("a,b", encoding="utf-8")
    with pytest.raises(InputError, match="not Parquet"):
        read_voted_faces(tmp_path / "train.parquet")


@pytest.mark.parametrize("colour", [False, True])
def test_a_folder_of_classes_is_read_by_any_of_its_names(colour: bool, tmp_path: Path) -> None:
    read = read_image_folder(write_images(tmp_path / "faces", colour=colour))
    assert np.bincount(read.labels).tolist() == [3] * 8
    assert {image.shape for image in read.images} == {(60, 60, 3) if colour else (60, 60)}
    by_name = dict(zip(read.names, read.labels.tolist(), strict=True))
    assert by_name["SAD/0.png"] == 3
    assert by_name["fearful/2.png"] == 6


def test_other_files_in_the_folders_are_passed_over(tmp_path: Path) -> None:
    folder = write_images(tmp_path / "faces", each=1)
    (folder / "happy" / "notes.txt").write_text("no image", encoding="utf-8")
    (folder / "README.md").write_text("no class", encoding="utf-8")
    (folder / ".cache").mkdir()
    assert len(read_image_folder(folder).images) == 8


def test_folders_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"):
        read_image_folder(tmp_path / "nowhere")
    with pytest.raises(InputError, match="no sub-folders"):
        read_image_folder(tmp_path)
    (tmp_path / "happy").mkdir()
    with pytest.raises(InputError, match="no images"):
        read_image_folder(tmp_path)
    (tmp_path / "happy" / "1.jpg").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"1\.jpg: the image cannot be read"):
        read_image_folder(tmp_path)
    (tmp_path / "bored").mkdir()
    with pytest.raises(InputError, match="bored: not known as expressions") as caught:
        read_image_folder(tmp_path)
    assert "contempt" in str(caught.value)


def test_transparency_and_palettes_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "happy").mkdir()
    for mode in ("RGBA", "LA", "P", "CMYK", "1"):
        suffix = "jpg" if mode == "CMYK" else "png"
        Image.new(mode, (20, 30)).save(tmp_path / "happy" / f"{mode}.{suffix}")
    read = read_image_folder(tmp_path)
    assert all(image.shape[:2] == (30, 20) and image.dtype == np.uint8 for image in read.images)


@pytest.mark.real
def test_the_real_faces_have_a_majority_as_published(shared_data: Path) -> None:
    read = read_voted_faces(shared_data / "faces" / "validation.parquet")
    assert len(read) == 3579
    assert (read.majority >= 0).sum() == 3199
    distributions, usable = vote_distributions(read.votes)
    clear = usable & (read.majority >= 0)
    assert (distributions.argmax(axis=1)[clear] == read.majority[clear]).all()
