"""`crossgate predict` as it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_commands import changed, edit_manifest, emotions, trained

from crossgate.cli.main import main
from crossgate.emotions import IEMOCAP, MELD

COLUMNS = ["conversation_id", "utterance_id", "emotion", *(f"p_{label}" for label in MELD.labels)]


def probabilities(path: Path) -> np.ndarray:
    table = pq.read_table(path)
    return np.stack([table.column(f"p_{label}").to_numpy() for label in MELD.labels], axis=1)


def predict(run: Path, data: Path, out: Path, *more: str) -> int:
    return main(["predict", str(run), "--data", str(data), "--out", str(out), *more])


def test_one_row_an_utterance_in_order(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path, test_labelled=False).folder
    run, out = trained(tmp_path, data), tmp_path / "deep" / "er" / "answers.parquet"
    assert predict(run, data, out) == 0
    table, source = pq.read_table(out), pq.read_table(data / "test.parquet")
    assert table.column_names == COLUMNS
    assert table.schema.field("emotion").type == pa.string()
    assert all(table.schema.field(name).type == pa.float32() for name in COLUMNS[3:])
    for name in COLUMNS[:2]:
        assert table.column(name).to_pylist() == source.column(name).to_pylist()
    values = probabilities(out)
    assert np.allclose(values.sum(axis=1), 1, atol=1e-5)
    assert table.column("emotion").to_pylist() == [MELD.labels[i] for i in values.argmax(axis=1)]
    assert f"{table.num_rows} utterances" in capsys.readouterr().out
    (entry,) = json.loads((run / "test_reads.json").read_text(encoding="utf-8"))
    assert entry["split"] == "test"
    assert str(out) in entry["outcome"]


def test_other_splits_are_not_written_down(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    assert predict(run, data, tmp_path / "v.parquet", "--split", "validation") == 0
    assert pq.read_table(tmp_path / "v.parquet").num_rows == len(emotions(data, "validation"))
    assert not (run / "test_reads.json").exists()


def test_labels_do_not_change_predictions(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    some = [emotion if row % 2 else None for row, emotion in enumerate(emotions(data, "test"))]
    without = changed(data, tmp_path / "without", "test", "emotion", some)
    for name, folder in (("with", data), ("without", without)):
        assert predict(run, folder, tmp_path / f"{name}.parquet") == 0
    assert pq.read_table(tmp_path / "with.parquet").equals(pq.read_table(tmp_path / "without.parquet"))


def test_other_labels_than_the_checkpoints_do_not_matter(tmp_path: Path, make_table: Any) -> None:
    run = trained(tmp_path, make_table(tmp_path).folder)
    (tmp_path / "elsewhere").mkdir()
    other = make_table(tmp_path / "elsewhere", labels=IEMOCAP).folder
    assert predict(run, other, tmp_path / "answers.parquet") == 0
    assert pq.read_table(tmp_path / "answers.parquet").column_names == COLUMNS


def test_a_file_is_replaced_only_on_demand(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = make_table(tmp_path).folder, tmp_path / "answers.parquet"
    run = trained(tmp_path, data)
    out.write_text("years of work", encoding="utf-8")
    assert predict(run, data, out) == 2
    said = capsys.readouterr().err
    assert str(out) in said
    assert "--overwrite" in said
    assert out.read_text(encoding="utf-8") == "years of work"
    assert not (run / "test_reads.json").exists()  # said before the split was opened
    assert predict(run, data, out, "--overwrite") == 0
    assert pq.read_table(out).column_names == COLUMNS


def test_seeds_are_averaged_and_a_checkpoint_can_be_named(tmp_path: Path, make_table: Any) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data, "--seeds", "2")
    outs = {name: tmp_path / f"{name}.parquet" for name in ("all", "seed-0", "seed-1", "checkpoint")}
    for name, folder in (
        ("all", run),
        ("seed-0", run / "seed-0"),
        ("seed-1", run / "seed-1"),
        ("checkpoint", run / "seed-1" / "checkpoint"),
    ):
        assert predict(folder, data, outs[name], "--split", "validation") == 0
    first, second = probabilities(outs["seed-0"]), probabilities(outs["seed-1"])
    assert not np.allclose(first, second)
    assert np.allclose(probabilities(outs["all"]), (first + second) / 2, atol=1e-6)
    assert np.array_equal(probabilities(outs["checkpoint"]), second)


def test_features_the_checkpoint_was_not_trained_on_are_refused(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    table = make_table(tmp_path)
    run, out = trained(tmp_path, table.folder), tmp_path / "answers.parquet"
    features = [spec.to_json() for spec in table.manifest.features]
    features[1] |= {"version": "2"}
    edit_manifest(table.folder, features=features)
    assert predict(run, table.folder, out) == 2
    said = capsys.readouterr().err
    assert "audio_toy (version 1, 5 dimensions)" in said
    assert "audio_toy (version 2, 5 dimensions)" in said
    assert not out.exists()


def test_a_modality_that_is_not_there_is_done_without_and_named(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    table = make_table(tmp_path)
    run = trained(tmp_path, table.folder)
    edit_manifest(table.folder, features=[spec.to_json() for spec in table.manifest.features[:2]])
    assert predict(run, table.folder, tmp_path / "answers.parquet") == 0
    assert "visual is missing" in capsys.readouterr().err
    edit_manifest(table.folder, features=[])
    assert predict(run, table.folder, tmp_path / "none.parquet") == 2
    assert "no utterance has any of the features" in capsys.readouterr().err
    assert not (tmp_path / "none.parquet").exists()


@pytest.mark.parametrize("damage", ["model.safetensors", "config.json"])
def test_a_damaged_checkpoint_is_named(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    (run / "checkpoint" / damage).write_bytes(b"\xff\x00")
    assert predict(run, data, tmp_path / "answers.parquet") == 2
    said = capsys.readouterr().err
    assert damage in said
    assert "Traceback" not in said


def test_what_is_written_is_called_parquet(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data = make_table(tmp_path).folder
    run = trained(tmp_path, data)
    for name in ("answers.csv", "folder"):
        arguments = ["predict", str(run), "--data", str(data), "--split", "validation"]
        assert main([*arguments, "--out", str(tmp_path / name)]) == 2
        assert "Parquet file" in capsys.readouterr().err
        assert not (tmp_path / name).exists()
