"""A corpus written anew with paired faces: what it keeps, what it says, what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_banks import SPEC, a_bank

from crossgate.corpora.manifest import MANIFEST_FILE
from crossgate.corpora.paired_table import FACE_COLUMN, PAIRING_FILE, pair_table
from crossgate.corpora.pairing import (
    WORDS,
    FaceBank,
    pair,
)
from crossgate.corpora.table import CorpusTable, open_table
from crossgate.emotions import IEMOCAP
from crossgate.errors import InputError

BANKS = {"train": a_bank(), "validation": a_bank("validation")}


def test_a_paired_table_says_so_and_keeps_everything_else(
    make_table: Callable[..., CorpusTable], tmp_path: Path
) -> None:
    source = make_table(tmp_path, conversations=20)
    source_files = {path.name: path.read_bytes() for path in source.folder.iterdir()}
    (source.folder / "test.parquet").write_bytes(b"nobody may open this")
    paired = pair_table(open_table(source.folder), BANKS, reliability=0.6, seed=3, out=tmp_path / "paired")
    manifest = open_table(paired.folder).manifest
    assert manifest.name == "toy-paired"
    first = manifest.source.splitlines()[0]
    assert first.startswith(
        f"{WORDS}: reliability 0.6, missing 0.1, seed 3; train.parquet (SHA-256 of train)"
    )
    assert "version abc" in first
    assert source.manifest.source in manifest.source
    assert manifest.notes[0].startswith(WORDS)
    assert manifest.features[:-1] == source.manifest.features
    assert set(manifest.splits) == {"train", "validation"}
    assert not (paired.folder / "test.parquet").exists()
    report = json.loads((paired.folder / PAIRING_FILE).read_text(encoding="utf-8"))
    for name, bank in BANKS.items():
        old = pq.read_table(pa.BufferReader(source_files[f"{name}.parquet"]))
        new = pq.read_table(paired.folder / f"{name}.parquet")
        assert new.select(old.column_names).equals(old)
        assert new.column_names == [*old.column_names, FACE_COLUMN, "visual_face3"]
        split = paired.split(name)
        expected = pair(split, bank, reliability=0.6, seed=3)
        np.testing.assert_array_equal(split.columns["visual_face3"].values, expected.values)
        np.testing.assert_array_equal(split.columns["visual_face3"].present, expected.present)
        rows = [None if np.isnan(v[0]) else 10 * int(v[0]) for v in expected.values]
        assert new.column(FACE_COLUMN).to_pylist() == rows
        told = report["splits"][name]
        assert told["paired"] == expected.present.sum()
        assert told["paired"] + told["missing"] + told["unlabelled"] == told["utterances"] == split.rows
        assert any(note.startswith(f"{name}: of {split.rows} utterances") for note in manifest.notes)


def test_the_same_command_writes_the_same_table(
    make_table: Callable[..., CorpusTable], tmp_path: Path
) -> None:
    table = make_table(tmp_path)
    one, two = (pair_table(table, BANKS, reliability=0.3, out=tmp_path / name) for name in "ab")
    assert one.manifest == two.manifest


def test_unlabelled_utterances_are_reported(make_table: Callable[..., CorpusTable], tmp_path: Path) -> None:
    folder = make_table(tmp_path, splits=("train",)).folder
    content = pq.read_table(folder / "train.parquet")
    emotions = content.column("emotion").to_pylist()
    emotions[:3] = [None] * 3
    place = content.column_names.index("emotion")
    pq.write_table(content.set_column(place, "emotion", pa.array(emotions)), folder / "train.parquet")
    (folder / MANIFEST_FILE).unlink()
    paired = pair_table(open_table(folder), BANKS, reliability=1, missing=0, out=tmp_path / "paired")
    assert paired.split("train").columns["visual_face3"].present.tolist()[:4] == [False] * 3 + [True]
    assert any("3 for want of a label" in note for note in paired.manifest.notes)


@pytest.mark.parametrize(
    ("banks", "words"),
    [
        ({"train": BANKS["train"]}, "no faces for the validation split"),
        ({**BANKS, "validation": replace(BANKS["validation"], sha256="of train")}, "used for train"),
        ({**BANKS, "validation": BANKS["train"]}, "used for train"),
        ({"train": BANKS["validation"], "validation": BANKS["train"]}, "validation part for the train split"),
        (
            {**BANKS, "validation": replace(BANKS["validation"], spec=replace(SPEC, version="other"))},
            "embed both by one network",
        ),
    ],
)
def test_banks_that_do_not_fit(
    banks: dict[str, FaceBank], words: str, make_table: Callable[..., CorpusTable], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words):
        pair_table(make_table(tmp_path), banks, reliability=0.5, out=tmp_path / "paired")
    assert not (tmp_path / "paired").exists()


def test_a_corpus_that_cannot_be_paired(make_table: Callable[..., CorpusTable], tmp_path: Path) -> None:
    iemocap = make_table(tmp_path / "iemocap", labels=IEMOCAP)
    with pytest.raises(InputError, match="no face shows angry, excited, frustrated, happy, sad"):
        pair_table(iemocap, BANKS, reliability=0.5, out=tmp_path / "paired")
    shut = make_table(tmp_path / "shut", splits=("test",))
    with pytest.raises(InputError, match="no split but the test split"):
        pair_table(shut, BANKS, reliability=0.5, out=tmp_path / "paired")
    once = pair_table(make_table(tmp_path / "meld"), BANKS, reliability=0.5, out=tmp_path / "once")
    with pytest.raises(InputError, match="has a column face_row and a column visual_face3 already"):
        pair_table(once, BANKS, reliability=0.5, out=tmp_path / "twice")
    with pytest.raises(InputError, match="exists already"):
        pair_table(make_table(tmp_path / "again"), BANKS, reliability=0.5, out=tmp_path / "once")
