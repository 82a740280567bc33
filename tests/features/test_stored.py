"""What a file of weights says of itself is looked at before memory is asked for."""

from __future__ import annotations

import json
import os
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from crossgate.errors import InputError
from crossgate.features.stored import LONGEST_HEADER, load_fitting, shapes_of


def written(path: Path, header: bytes, content: bytes = bytes(4)) -> Path:
    path.write_bytes(struct.pack("<Q", len(header)) + header + content)
    return path


def entry(shape: Any = (1,), place: Any = (0, 4), dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": place}


def test_shapes_are_those_that_were_saved(tmp_path: Path) -> None:
    tensors = {"a": torch.ones(2, 3), "b": torch.zeros(0, dtype=torch.float16), "c": torch.tensor(1)}
    save_file(tensors, tmp_path / "w", metadata={"format": "pt"})
    assert shapes_of(tmp_path / "w") == {"a": (2, 3), "b": (0,), "c": ()}
    assert load_fitting(tmp_path / "w", {"a": (2, 3), "b": (0,), "c": ()})["a"].equal(tensors["a"])
    with pytest.raises(InputError, match=r"a is \(2, 3\), expected \(3, 2\)"):
        load_fitting(tmp_path / "w", {"a": (3, 2), "b": (0,), "c": ()})
    with pytest.raises(InputError, match="d is not there"):
        load_fitting(tmp_path / "w", {"a": (2, 3), "b": (0,), "c": (), "d": (9,)})


@pytest.mark.parametrize(
    "header",
    [
        [],
        {"x": 1},
        {"x": {}},
        {"x": entry(shape=[-1], place=[0, -4])},
        {"x": entry(shape=[10**12], place=[0, 4 * 10**12])},
        {"x": entry(shape=[2**40, 2**40], place=[0, 4])},
        {"x": entry(place=[4, 8])},
        {"x": entry(place=[4, 0])},
        {"x": entry(dtype="PICKLE")},
        {"x": entry(), "y": entry()},
        {"x": entry(shape=[True])},
    ],
    ids=str,
)
def test_a_header_that_cannot_be_is_refused(header: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        shapes_of(written(tmp_path / "w", json.dumps(header).encode()))


def test_a_name_that_stands_twice_is_refused(tmp_path: Path) -> None:
    one = json.dumps(entry())
    with pytest.raises(InputError, match="twice"):
        shapes_of(written(tmp_path / "w", f'{{"x": {one}, "x": {one}}}'.encode()))


@pytest.mark.parametrize("length", [0, 2**31, 2**63, LONGEST_HEADER + 1])
def test_a_header_longer_than_the_file_or_any_is_refused(length: int, tmp_path: Path) -> None:
    (tmp_path / "w").write_bytes(struct.pack("<Q", length) + b"{}")
    with pytest.raises(InputError, match="header"):
        shapes_of(tmp_path / "w")


def test_brackets_by_the_thousand_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        shapes_of(written(tmp_path / "w", b"[" * 100_000))


def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, said in (
        (tmp_path, "no file"),
        (tmp_path / "pipe", "no file"),
        (tmp_path / "w", "no such file"),
    ):
        with pytest.raises(InputError, match=said):
            shapes_of(path)
