"""`crossgate audit` as it is called."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossgate.cli.main import main


def leaking(folder: Path) -> Path:
    """A table whose test split has one conversation of the training split."""
    rows = {"conversation_id": ["c", "c"], "utterance_id": ["1", "2"], "turn": [0, 1], "speaker": ["A", "B"]}
    table = pa.table({**rows, "emotion": ["joy", "anger"], "text": ["one", "two"]})
    folder.mkdir()
    for name in ("train", "test"):
        pq.write_table(table, folder / f"{name}.parquet")
    return folder


def test_a_sound_table(tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_table(tmp_path, conversations=20).folder
    assert main(["audit", str(folder)]) == 0
    said = capsys.readouterr().out
    for words in ("validation", "joy", "audio_toy", "0 errors"):
        assert words in said
    assert main(["audit", str(folder), "--strict"]) == 0


def test_errors_exit_with_1_only_under_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = leaking(tmp_path / "table")
    assert main(["audit", str(folder)]) == 0
    assert "shared-conversations" in capsys.readouterr().out
    assert main(["audit", str(folder), "--strict"]) == 1


def test_json_to_a_file_and_to_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = leaking(tmp_path / "table")
    assert main(["audit", str(folder), "--json", str(tmp_path / "report.json")]) == 0
    assert "shared-conversations" in capsys.readouterr().out
    assert main(["audit", str(folder), "--json", "-"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert "shared-conversations" in [finding["check"] for finding in printed["findings"]]


@pytest.mark.parametrize("path", ["absent", "hostile.pkl", "words.pkl"])
def test_what_cannot_be_read_exits_with_2(
    tmp_path: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    trace = tmp_path / "trace"
    (tmp_path / "hostile.pkl").write_bytes(f"cos\nsystem\n(S'touch {trace}'\ntR.".encode())
    (tmp_path / "words.pkl").write_text("these are words", encoding="utf-8")
    assert main(["audit", str(tmp_path / path)]) == 2
    said = capsys.readouterr().err
    assert path in said
    assert "Traceback" not in said
    assert not trace.exists()


def test_help_names_the_flags(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["audit", "--help"])
    assert caught.value.code == 0
    said = capsys.readouterr().out
    for words in ("--json", "--strict", "feature pickle"):
        assert words in said


def test_another_file_is_not_written_over(
    tmp_path: Path, make_table: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = str(make_table(tmp_path).folder), tmp_path / "audit.json"
    assert main(["audit", data, "--json", str(out)]) == main(["audit", data, "--json", str(out)]) == 0
    out.write_text('{"mine": 1}', encoding="utf-8")
    assert main(["audit", data, "--json", str(out)]) == 2
    assert "is no audit" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == '{"mine": 1}'
