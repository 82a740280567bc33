"""Tables are read back by DuckDB."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from toy_results import RESULTS, toy_result

from crossgate.conversation import MODALITIES
from crossgate.report.exports.csv_table import FORMULA, write_csv
from crossgate.report.exports.parquet_table import METADATA, write_parquet
from crossgate.report.result import Result

every_result = pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)


def rows_of(path: Path) -> list[dict[str, Any]]:
    """By DuckDB, which guesses the types of a CSV file."""
    found = duckdb.sql(f"select * from '{path}'")
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


@every_result
def test_csv_by_duckdb(result: Result, tmp_path: Path) -> None:
    write_csv(result, tmp_path / "turns.csv")
    found = rows_of(tmp_path / "turns.csv")
    assert len(found) == len(result.utterances)
    for row, turn in zip(found, result.utterances, strict=True):
        assert row["id"] == turn.id
        assert row["speaker"].removeprefix("'") == turn.speaker
        assert (row["start"], row["end"]) == (turn.start, turn.end)
        assert (row["emotion"], row["abstained"]) == (turn.emotion, turn.abstained)
        assert row["confidence"] == pytest.approx(turn.confidence, abs=1e-6)
        text = (turn.text or "").replace("\x07", "")
        assert (row["text"] or "").removeprefix("'" if text.startswith(FORMULA) else "") == text
        for name in result.labels:
            assert row[f"p_{name}"] == pytest.approx(turn.probabilities[name], abs=1e-6)
        for modality in MODALITIES:
            use = turn.modalities[modality]
            assert row[f"{modality}_present"] is use.present
            assert row[f"{modality}_share"] == pytest.approx(use.share, abs=1e-6)
            assert row[f"{modality}_note"] == use.note
        assert row["policy"] == result.policy


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_no_cell_begins_a_formula(start: str, tmp_path: Path) -> None:
    danger = f'{start}HYPERLINK("http://x")'
    result = toy_result(1)
    turn = replace(result.utterances[0], id=danger, speaker=danger, text=danger)
    write_csv(replace(result, utterances=(turn,)), tmp_path / "turns.csv")
    (row,) = rows_of(tmp_path / "turns.csv")
    for name in ("id", "speaker", "text"):
        assert row[name] == f"'{danger}"


@every_result
def test_parquet_by_duckdb_and_arrow(result: Result, tmp_path: Path) -> None:
    path = tmp_path / "turns.parquet"
    write_parquet(result, path)
    for row, turn in zip(rows_of(path), result.utterances, strict=True):
        assert (row["id"], row["speaker"], row["text"]) == (turn.id, turn.speaker, turn.text)
        assert (row["start"], row["end"], row["abstained"]) == (turn.start, turn.end, turn.abstained)
        assert row["confidence"] == max(row[f"p_{name}"] for name in result.labels)
    schema = pq.read_schema(path)
    assert {schema.field(f"p_{name}").type for name in result.labels} == {pa.float32()}
    assert schema.field("start").type == pa.float64()
    about = json.loads(schema.metadata[METADATA.encode()])
    assert about["labels"] == list(result.labels)
    assert about["model"]["name"] == result.model.name


def test_tables_without_times_or_turns(tmp_path: Path) -> None:
    for number, result in enumerate((toy_result(3, kind="text", timed=False), toy_result(0))):
        for name, write in (("csv", write_csv), ("parquet", write_parquet)):
            path = tmp_path / f"{number}.{name}"
            write(result, path)
            assert [row["start"] for row in rows_of(path)] == [None] * len(result.utterances)
