"""`crossgate summarize` as it is called."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from crossgate.cli.main import main
from crossgate.report.summary import VIEWS

sys.path.append(str(Path(__file__).resolve().parents[1] / "report"))

from toy_results import toy_result


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def written(folder: Path, name: str, **settings: object) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(toy_result(**settings).to_json()), encoding="utf-8")  # type: ignore[arg-type]
    return str(path)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_prints_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str], view: str) -> None:
    assert main(["summarize", written(tmp_path, "talk", turns=60), "--view", view]) == 0
    said = capsys.readouterr().out
    assert VIEWS[view].title in said  # type: ignore[index]
    for heading in VIEWS[view].figures.values():  # type: ignore[index]
        assert heading in said
    assert "not of what a person feels" in said
    assert "the face was not found" in said  # the analysis' own warnings


def test_the_file_holds_what_summarize_gives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "deep" / "figures.json"
    assert main(["summarize", written(tmp_path, "talk", turns=12), "--out", str(out), "--view", "call"]) == 0
    content = json.loads(out.read_text(encoding="utf-8"))
    assert content["trend"] is None
    assert content["view"] == "call"
    (recording,) = content["recordings"]
    assert recording["overview"]["turns"] == 12
    assert "shifts" not in recording
    assert str(out) in capsys.readouterr().err


def test_several_recordings_have_a_trend(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [written(tmp_path, f"day{day}", turns=20, seed=day) for day in range(3)]
    out = tmp_path / "trend.json"
    assert main(["summarize", *paths, "--view", "health", "--speaker", "Ann", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Trend over 3 recordings" in said
    assert "no clear change" in said
    content = json.loads(out.read_text(encoding="utf-8"))
    assert [one["speaker"] for one in content["trend"]["speakers"]] == ["Ann"]
    assert len(content["recordings"]) == 3


@pytest.mark.parametrize(
    "settings",
    [
        {"turns": 0},
        {"turns": 1},
        {"turns": 30, "speakers": ("Ann",)},
        {"turns": 30, "timed": False, "kind": "text"},
        {"turns": 30, "abstained": 1.0},
        {"turns": 30, "odd": True},
        {"turns": 30, "gaps": 1.0},
        {"turns": 30, "texts": False},
        {"turns": 40, "speakers": tuple("ABCDEFGHIJKLMNOPQRST")},
    ],
    ids=str,
)
def test_whatever_a_result_lacks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, object]
) -> None:
    assert main(["summarize", written(tmp_path, "talk", **settings)]) == 0
    said = capsys.readouterr().out
    assert re.search(rf"{settings['turns']} turns? of", said)
    assert "\x07" not in said


def test_names_are_no_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path, "talk", turns=6, speakers=("[bold]Ann[/bold]", "B\x1b[31men :smile:"))
    assert main(["summarize", path]) == 0
    said = capsys.readouterr().out
    assert "[bold]Ann[/bold]" in said
    assert "\x1b[31m" not in said
    assert ":smile:" in said


def test_bad_input_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, out = written(tmp_path, "talk", turns=6), tmp_path / "figures.json"
    other = written(tmp_path, "other", turns=6, speakers=("Eve", "Fay"))
    out.write_text("years of work", encoding="utf-8")
    for arguments, named in (
        ([good, "--speaker", "Zoe"], "Ann, Ben"),
        ([good, other], "Eve"),
        ([str(tmp_path / "absent.json")], "absent.json"),
        ([good, "--out", str(out)], "--overwrite"),
    ):
        assert main(["summarize", *arguments]) == 2
        error = capsys.readouterr().err
        assert named in error
        assert "Traceback" not in error
    assert out.read_text(encoding="utf-8") == "years of work"
    assert main(["summarize", good, "--out", str(out), "--overwrite"]) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["recordings"]
