"""The corpus table: its files, its manifest and its splits; the rows have tests of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.conversation import FeatureSpec
from crossgate.corpora.manifest import MANIFEST_FILE, Manifest
from crossgate.corpora.table import CorpusTable, open_table, read_split, write_table
from crossgate.emotions import IEMOCAP, MELD
from crossgate.errors import InputError

AUDIO = FeatureSpec("audio", "toy", "1", 2, "invented")
PLAIN = Manifest("toy", MELD, (), {})
FIXED = pa.list_(pa.float32(), 2)


def row(conversation: str = "c0", turn: int = 0, **cells: Any) -> dict[str, Any]:
    return {
        "conversation_id": conversation,
        "utterance_id": f"{conversation}_u{turn}",
        "turn": turn,
        "speaker": "A",
        "text": "Pass the salt.",
        "start": 1.5,
        "end": 2.5,
        "emotion": "joy",
        **cells,
    }


def test_what_is_written_is_read(tmp_path: Path) -> None:
    content = pa.Table.from_pylist([row(), row(turn=1)]).append_column(
        "audio_toy", pa.array([[1.0, 2.0], None], type=FIXED)
    )
    written = write_table(tmp_path / "t", replace(PLAIN, features=(AUDIO,)), {"train": content})
    table = open_table(tmp_path / "t")
    assert table == written
    assert table.manifest.splits["train"].rows == 2
    split = table.split("train")
    assert split.rows == 2
    assert split.columns["audio_toy"].spec == AUDIO
    assert split.columns["audio_toy"].present.tolist() == [True, False]


texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
numbers = st.floats(width=32, allow_infinity=False)
vectors = st.none() | st.tuples(numbers, numbers)
utterances = st.tuples(st.sampled_from("ABC"), texts, st.sampled_from([None, *MELD.labels]), vectors)


@settings(max_examples=30, deadline=None)
@given(talks=st.lists(st.lists(utterances, min_size=1, max_size=5), min_size=1, max_size=4))
def test_any_conversation_comes_back(talks: list[list[tuple]]) -> None:
    rows = [
        row(f"c{c}", turn, speaker=speaker, text=text, emotion=emotion)
        for c, talk in enumerate(talks)
        for turn, (speaker, text, emotion, _) in enumerate(talk)
    ]
    schema = pa.schema(
        [(name, pa.float64() if name in ("start", "end") else pa.string()) for name in row()]
    ).set(2, pa.field("turn", pa.int32()))
    features = [vector for talk in talks for *_, vector in talk]
    content = pa.Table.from_pylist(rows, schema=schema).append_column(
        "audio_toy", pa.array([None if v is None else list(v) for v in features], type=FIXED)
    )
    with TemporaryDirectory() as folder:
        table = write_table(Path(folder) / "t", replace(PLAIN, features=(AUDIO,)), {"train": content})
        split = table.split("train")
    found = [
        (u.speaker, u.text, u.emotion)
        for conversation in split.conversations
        for u in conversation.utterances
    ]
    assert found == [utterance[:3] for talk in talks for utterance in talk]
    for vector, value, present in zip(features, *vars_of(split), strict=True):
        there = vector is not None and not np.isnan(vector).all()
        assert bool(present) is there
        if there:
            np.testing.assert_array_equal(value, np.asarray(vector, dtype=np.float32))


def vars_of(split: Any) -> tuple[np.ndarray, np.ndarray]:
    return split.columns["audio_toy"].values, split.columns["audio_toy"].present


def test_an_existing_folder_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    content = {"train": pa.Table.from_pylist([row()])}
    write_table(tmp_path / "t", PLAIN, content)
    before = (tmp_path / "t" / MANIFEST_FILE).read_bytes()
    with pytest.raises(InputError, match="exists already"):
        write_table(tmp_path / "t", replace(PLAIN, name="other"), content)
    assert (tmp_path / "t" / MANIFEST_FILE).read_bytes() == before


def test_what_cannot_be_read_is_not_written(tmp_path: Path) -> None:
    contents = {
        "train": pa.Table.from_pylist([row()]),
        "validation": pa.Table.from_pylist([row(emotion="hungry")]),
    }
    with pytest.raises(InputError, match="hungry"):
        write_table(tmp_path / "t", PLAIN, contents)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_parquet_file_that_was_cut_short(tmp_path: Path, keep: int) -> None:
    table = write_table(tmp_path / "t", PLAIN, {"train": pa.Table.from_pylist([row()])})
    path = table.folder / "train.parquet"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match="SHA-256 differs"):
        open_table(table.folder)
    (table.folder / MANIFEST_FILE).unlink()
    with pytest.raises(InputError, match=r"train.parquet: not a readable Parquet file(.|\n)*cut short"):
        open_table(table.folder)


def test_a_file_that_the_manifest_does_not_describe(tmp_path: Path) -> None:
    table = write_table(tmp_path / "t", PLAIN, {"train": pa.Table.from_pylist([row()])})
    pq.write_table(pa.Table.from_pylist([row(text="Other words.")]), table.folder / "train.parquet")
    with pytest.raises(InputError, match="SHA-256 differs"):
        open_table(table.folder)
    (table.folder / "train.parquet").unlink()
    with pytest.raises(InputError, match="it is not there"):
        open_table(table.folder)


def test_a_feature_of_another_length_than_the_manifest_says(tmp_path: Path) -> None:
    content = pa.Table.from_pylist([row()]).append_column("audio_toy", pa.array([[1.0, 2.0, 3.0]]))
    with pytest.raises(InputError, match="row 0: the feature has 3 numbers, expected 2"):
        write_table(tmp_path / "t", replace(PLAIN, features=(AUDIO,)), {"train": content})


@pytest.mark.parametrize("folder", ["gone", "empty"])
def test_no_table_there(tmp_path: Path, folder: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"no such folder|neither manifest\.json nor"):
        open_table(tmp_path / folder)


# A bare folder of Parquet files


def test_a_manifest_is_read_off_a_folder_that_pandas_wrote(tmp_path: Path) -> None:
    frame = pd.DataFrame([row(), row(turn=1)])
    frame["audio_toy"] = [np.array([1.0, 2.0]), None]
    frame["text_original"] = "Pass the sallt."
    frame["visual_all_null"] = [None, None]
    frame["text_missing"] = None
    frame["tags"] = [["a"], ["b"]]
    for split in ("validation", "train", "test", "extra"):
        frame.assign(text_original=split).to_parquet(tmp_path / f"{split}.parquet")
    table = open_table(tmp_path)
    assert table.manifest.derived
    assert table.manifest.name == tmp_path.name
    assert table.manifest.labels == MELD
    assert list(table.manifest.splits) == ["train", "validation", "test", "extra"]
    (spec,) = table.manifest.features
    assert (spec.column, spec.dimension, spec.version) == ("audio_toy", 2, "unknown")
    values, present = vars_of(table.split("train"))
    assert values.dtype == np.float32
    assert present.tolist() == [True, False]


def test_the_label_set_of_a_bare_folder_follows_its_labels(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([row(emotion="frustrated")]), tmp_path / "train.parquet")
    assert open_table(tmp_path).manifest.labels == IEMOCAP


def test_a_column_that_is_no_list_is_no_feature(tmp_path: Path) -> None:
    content = pa.Table.from_pylist([row()])
    content = content.append_column("audio_file", pa.array([{"path": "a.wav"}]))
    content = content.append_column("text_words", pa.array([["pass", "the", "salt"]]))
    pq.write_table(content, tmp_path / "train.parquet")
    assert open_table(tmp_path).manifest.features == ()


def test_unlabelled_utterances_are_taken_as_they_come(tmp_path: Path) -> None:
    content = pa.Table.from_pylist([row(), row(turn=1)])
    nulls = content.set_column(content.column_names.index("emotion"), "emotion", pa.nulls(2))
    table = write_table(tmp_path / "t", PLAIN, {"train": content, "validation": nulls})
    assert [u.emotion for c in table.split("validation").conversations for u in c.utterances] == [None, None]


# The manifest


def spoil(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda content: {key: value for key, value in (content | changes).items() if value != "drop"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (spoil(format="other"), "expected format 'crossgate-table'"),
        (spoil(version=99), "version 99"),
        (spoil(labels="drop"), "lacks a key"),
        (spoil(name="drop"), "lacks a key"),
        (spoil(splits=[]), "lacks a key"),
        (spoil(splits={"train": {"file": "train.parquet"}}), "lacks a key"),
        (spoil(features=[{"modality": "audio"}]), "lacks a key"),
        (spoil(labels={"name": "x", "labels": ["a", "a"]}), "twice"),
        (
            spoil(splits={"train": {"file": "../train.parquet", "rows": 1, "sha256": ""}}),
            "not a plain file name",
        ),
    ],
)
def test_a_manifest_that_is_wrong(tmp_path: Path, change: Callable, words: str) -> None:
    table = write_table(tmp_path / "t", PLAIN, {"train": pa.Table.from_pylist([row()])})
    path = table.folder / MANIFEST_FILE
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    with pytest.raises(InputError, match=words):
        open_table(table.folder)


@pytest.mark.parametrize(
    ("content", "words"), [(b"{", "not JSON"), (b"\xff\xfe{}", "not JSON"), (b"[]", "object")]
)
def test_a_manifest_that_is_none(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / MANIFEST_FILE).write_bytes(content)
    with pytest.raises(InputError, match=words):
        open_table(tmp_path)


def test_a_manifest_survives_json() -> None:
    manifest = replace(PLAIN, features=(AUDIO,), notes=("one", "two"), licence="CC0", source="here")
    assert Manifest.from_json(json.loads(json.dumps(manifest.to_json())), "toy") == manifest
    assert manifest.spec("audio_toy") == AUDIO
    assert manifest.spec("audio_other") is None


# Splits


def test_the_test_split_is_sealed(make_table: Callable[..., CorpusTable], tmp_path: Path) -> None:
    table = make_table(tmp_path)
    with pytest.raises(InputError, match="test"):
        table.split("test")
    assert read_split(table, "test").rows > 0


def test_a_split_that_is_not_there(make_table: Callable[..., CorpusTable], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no split 'dev'; the table has train, validation, test"):
        make_table(tmp_path).split("dev")


def test_select_keeps_rows_and_conversations_together(
    make_table: Callable[..., CorpusTable], tmp_path: Path
) -> None:
    split = make_table(tmp_path, conversations=6).split("train")
    wanted = {split.conversations[1].id, split.conversations[4].id}
    some = split.select(lambda conversation: conversation.id in wanted, name="some")
    rest = split.select(lambda conversation: conversation.id not in wanted)
    assert {c.id for c in some.conversations} == wanted
    assert (some.name, rest.name) == ("some", "train")
    assert some.rows + rest.rows == split.rows
    first = len(split.conversations[0])
    rows = slice(first, first + len(split.conversations[1]))
    for name, whole in split.columns.items():
        part = some.columns[name]
        assert len(part.values) == len(part.present) == some.rows
        np.testing.assert_array_equal(part.values[: rows.stop - rows.start], whole.values[rows])
    nothing = split.select(lambda conversation: False)
    assert nothing.rows == 0
    assert all(column.values.shape == (0, column.spec.dimension) for column in nothing.columns.values())


def test_the_small_table_of_these_tests_is_the_same_every_time(
    make_table: Callable[..., CorpusTable], tmp_path: Path
) -> None:
    first, second = make_table(tmp_path / "a"), make_table(tmp_path / "b")
    assert first.manifest == second.manifest
    assert make_table(tmp_path / "c", seed=1).manifest != first.manifest


@pytest.mark.real
@pytest.mark.parametrize(("name", "labels", "rows"), [("meld", MELD, 9989), ("iemocap", IEMOCAP, 5810)])
def test_the_real_corpora_open_as_they_are(shared_data: Path, name: str, labels: object, rows: int) -> None:
    table = open_table(shared_data / name)
    assert table.manifest.labels == labels
    split = table.split("train")
    assert split.rows == rows
    assert {"audio_praat8", "visual_au18"} == set(split.columns) or name == "iemocap"


def test_the_test_split_under_another_name_is_refused(tmp_path: Path) -> None:
    content = pa.Table.from_pylist([row()])
    pq.write_table(content, tmp_path / "train.parquet")
    pq.write_table(content, tmp_path / "test.parquet")
    with pytest.raises(InputError, match="test split under another name"):
        open_table(tmp_path)


def test_a_sealed_split_need_not_be_there_or_whole(tmp_path: Path, make_table: Any) -> None:
    folder = make_table(tmp_path).folder
    (folder / "test.parquet").unlink()
    assert open_table(folder).split("train").rows  # by its manifest
    (folder / "manifest.json").unlink()
    (folder / "test.parquet").write_bytes(b"PAR1 cut short")
    assert open_table(folder).split("train").rows  # read off the folder


def test_a_misspelt_label_is_refused(tmp_path: Path) -> None:
    labels = [*MELD.labels, "joyy"]
    rows = [row(utterance_id=f"u{n}", turn=n, emotion=label) for n, label in enumerate(labels)]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "train.parquet")
    with pytest.raises(InputError, match="joyy"):
        open_table(tmp_path)


def test_numbers_are_no_labels(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([row(emotion=3)]), tmp_path / "train.parquet")
    with pytest.raises(InputError, match=r"row 0.*emotion is 3"):
        open_table(tmp_path).split("train")


def test_a_split_without_a_row_is_refused(tmp_path: Path) -> None:
    content = pa.Table.from_pylist([row()])
    pq.write_table(content.slice(0, 0), tmp_path / "train.parquet")
    with pytest.raises(InputError, match="no utterance"):
        open_table(tmp_path).split("train")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("splits", "train", "file"), "a" * 300 + ".parquet"),
        (("splits", "train", "file"), 5),
        (("splits", "train", "rows"), "two"),
        (("labels", "labels"), [1, 2]),
        (("labels", "name"), ["meld7"]),
        (("features", 0, "dimension"), 10**12),
        (("features", 0, "dimension"), "2"),
        (("features", 0, "name"), 7),
    ],
    ids=str,
)
def test_a_manifest_of_other_types_is_refused(tmp_path: Path, path: tuple[Any, ...], value: Any) -> None:
    content = pa.Table.from_pylist([row()]).append_column("audio_toy", pa.array([None], type=FIXED))
    write_table(tmp_path / "t", replace(PLAIN, features=(AUDIO,)), {"train": content})
    manifest = json.loads((tmp_path / "t" / MANIFEST_FILE).read_text(encoding="utf-8"))
    place = manifest
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (tmp_path / "t" / MANIFEST_FILE).write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(InputError, match=MANIFEST_FILE):
        open_table(tmp_path / "t")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"version": ' + "9" * 9000 + "}"], ids=["brackets", "digits"]
)
def test_a_manifest_that_is_a_bomb_is_refused(tmp_path: Path, text: str) -> None:
    write_table(tmp_path / "t", PLAIN, {"train": pa.Table.from_pylist([row()])})
    (tmp_path / "t" / MANIFEST_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="not JSON"):
        open_table(tmp_path / "t")


def test_a_text_that_is_no_utf8_is_refused_with_its_column(tmp_path: Path) -> None:
    damaged = pa.Array.from_buffers(
        pa.string(), 1, [*pa.array(["abcd"]).buffers()[:2], pa.py_buffer(b"\xff\xfe\xfd\xfc")]
    )
    content = pa.Table.from_pylist([row()])
    content = content.set_column(content.column_names.index("text"), "text", damaged)
    pq.write_table(content, tmp_path / "train.parquet")
    with pytest.raises(InputError, match="column text"):
        open_table(tmp_path).split("train")


def test_a_column_whose_name_is_no_utf8_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"utterance": ["a"], "strange": ["b"]}), tmp_path / "train.parquet")
    content = (tmp_path / "train.parquet").read_bytes()
    (tmp_path / "train.parquet").write_bytes(content.replace(b"strange", b"str\x80nge"))
    with pytest.raises(InputError, match=r"train.parquet: not a readable Parquet file"):
        open_table(tmp_path)
