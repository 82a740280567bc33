"""A result becomes a whole folder, or none; and `crossgate export`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from toy_results import toy_result

from crossgate.cli.main import main
from crossgate.errors import InputError
from crossgate.report import writing
from crossgate.report.reading import read_result
from crossgate.report.result import Result
from crossgate.report.schema import validate
from crossgate.report.writing import FILES, FORMATS, TIMED, check_formats, export, write_result

Calls = list[tuple[dict[str, Any], Path | None, bool]]


@pytest.fixture(autouse=True)
def page(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """A page of one word in the place of the real one, and what it was asked for."""
    calls: Calls = []

    def page_html(content: dict[str, Any], media: Path | None, embed: bool, *, folder: Path) -> str:
        assert not folder.exists()  # the final one, not the draft
        calls.append((content, media, embed))
        return "<p>page</p>"

    stand_in = ModuleType("crossgate.report.page")
    stand_in.page_html = page_html  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "crossgate.report.page", stand_in)
    return calls


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_every_format_at_once(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "talk"
    written = write_result(toy_result(6, odd=True), out, FORMATS)
    assert written == [out / FILES[name] for name in FORMATS]
    assert names(out) == set(FILES.values())
    assert all(path.stat().st_size > 0 for path in written)
    assert names(out.parent) == {"talk"}
    assert (out / "timeline.png").read_bytes().startswith(b"\x89PNG")


def test_the_usual_formats_and_json_always(tmp_path: Path) -> None:
    assert names(write_result(toy_result(3), tmp_path / "a")[0].parent) == {
        "result.json",
        "report.html",
        "timeline.png",
    }
    assert toy_result(3).write(tmp_path / "b", ["csv", "csv"]) == [
        tmp_path / "b" / "result.json",
        tmp_path / "b" / "turns.csv",
    ]


@pytest.mark.parametrize("result", [toy_result(0), toy_result(5), toy_result(4, kind="text", timed=False)])
def test_what_is_written_is_read_again_with_its_summary(result: Result, tmp_path: Path) -> None:
    result.write(tmp_path / "out", ())
    assert read_result(tmp_path / "out") == result
    content = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    validate(content, "result.json")
    assert content["summary"]


def test_the_page_gets_the_content_and_the_recording(tmp_path: Path, page: Calls) -> None:
    media = tmp_path / "talk.mp4"
    media.write_bytes(b"film")
    write_result(toy_result(2), tmp_path / "out", ("html",), media=media, embed=True)
    ((content, shown, embed),) = page
    assert (tmp_path / "out" / "report.html").read_text(encoding="utf-8") == "<p>page</p>"
    assert (shown, embed) == (media, True)
    assert content == json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))


def refused(result: Result, out: Path, formats: tuple[str, ...], **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        write_result(result, out, formats, **more)
    assert list(out.parent.iterdir()) == []
    return str(caught.value)


def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    said = refused(toy_result(1), tmp_path / "out", ("csv", "docx"))
    assert "unknown format 'docx'" in said
    assert all(name in said for name in FORMATS)
    check_formats(FORMATS)


@pytest.mark.parametrize("name", TIMED)
def test_a_format_that_needs_times_is_refused_before_anything_is_written(name: str, tmp_path: Path) -> None:
    said = refused(toy_result(3, kind="text", timed=False), tmp_path / "out", ("csv", name))
    assert "the turns have no times: csv, parquet, json, html and png are possible" in said


def test_without_times_the_rest_is_possible(tmp_path: Path) -> None:
    possible = [name for name in FORMATS if name not in TIMED]
    write_result(toy_result(3, kind="text", timed=False), tmp_path / "out", possible)
    assert names(tmp_path / "out") == {FILES[name] for name in possible}


def test_a_result_that_contradicts_itself_is_not_written(tmp_path: Path) -> None:
    turn = replace(toy_result(1).utterances[0], confidence=float("nan"))
    said = refused(replace(toy_result(1), utterances=(turn,)), tmp_path / "out", ("csv",))
    assert "result of 'talk.mp4': utterances[0].confidence: is nan" in said


def test_a_recording_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "no such recording" in refused(
        toy_result(1), tmp_path / "out", ("html",), media=tmp_path / "gone.mp4"
    )


def test_what_fails_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(result: Result, path: Path) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError("the disk is full")

    monkeypatch.setattr(writing, "write_csv", fail)
    with pytest.raises(OSError, match="the disk is full"):
        write_result(toy_result(2), tmp_path / "out", ("csv",))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(InputError, match="exists already and is not empty"):
        write_result(toy_result(1), tmp_path, ("csv",))
    assert names(tmp_path) == {"mine.txt"}


def test_a_file_name_that_is_no_utf_8_does_not_stop_it(tmp_path: Path) -> None:
    result = toy_result(2)
    result = replace(result, media=replace(result.media, name="caf\udce9.mp4"))
    write_result(result, tmp_path / "out", FORMATS)
    assert read_result(tmp_path / "out").media.name == "caf?.mp4"


def test_formats_can_be_made_later(tmp_path: Path) -> None:
    result = toy_result(5)
    result.write(tmp_path / "talk", ("csv", "eaf"))
    written = export(tmp_path / "talk", ("vtt", "csv"), tmp_path / "more")
    assert names(tmp_path / "more") == {"turns.csv", "captions.vtt"}
    assert written == [tmp_path / "more" / "turns.csv", tmp_path / "more" / "captions.vtt"]
    same = [(tmp_path / folder / "turns.csv").read_bytes() for folder in ("talk", "more")]
    assert same[0] == same[1]
    with pytest.raises(InputError, match="no format is asked for"):
        export(tmp_path / "talk", (), tmp_path / "none")


@pytest.mark.parametrize("formats", ["csv,eaf", "csv, eaf", "csv eaf"])
def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], formats: str) -> None:
    toy_result(5).write(tmp_path / "talk", ())
    out = tmp_path / "out"
    assert main(["export", str(tmp_path / "talk"), "--format", formats, "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [str(out / "turns.csv"), str(out / "turns.eaf")]
    assert names(out) == {"turns.csv", "turns.eaf"}


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "result.json").write_text('{"schema_version": "9.0"}', encoding="utf-8")
    for arguments, said in (
        ([str(tmp_path), "--format", "csv"], "schema_version: is '9.0'"),
        ([str(tmp_path / "gone"), "--format", "csv"], "no such file"),
        ([str(tmp_path), "--format", "pdf"], "unknown format 'pdf'"),
    ):
        assert main(["export", *arguments, "--out", str(tmp_path / "out")]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert "Traceback" not in error
    assert not (tmp_path / "out").exists()
