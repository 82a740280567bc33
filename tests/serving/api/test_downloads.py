"""Exports: every format, under names that no system takes amiss."""

from __future__ import annotations

import csv
import io
import unicodedata
from pathlib import Path
from typing import get_args
from urllib.parse import unquote

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_api import ON_SQLITE, Served, refused
from toy_results import RESULTS, toy_result

from crossgate.report.reading import result_of
from crossgate.report.writing import FILES, FORMATS, TIMED, write_result
from crossgate.serving.api.routes.exports import TYPES
from crossgate.serving.api.shapes.schemas import Format
from crossgate.serving.api.taking.names import attachment, download_name


def test_every_format_of_reports_is_one_of_ours() -> None:
    assert get_args(Format) == FORMATS
    assert set(TYPES) == set(FORMATS)


@ON_SQLITE
def test_an_export_is_what_the_report_writes(service: Served, tmp_path: Path) -> None:
    result = RESULTS["usual"]
    recording = service.completed(result, name="talk.mp4")
    written = write_result(result, tmp_path / "written", FORMATS)
    for format, path in zip(FORMATS, written, strict=True):
        answer = service.client.get(f"/v1/recordings/{recording.id}/exports/{format}")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(TYPES[format])
        name = f"talk{Path(FILES[format]).suffix}"
        assert answer.headers["content-disposition"] == attachment(name)
        if format in ("parquet", "png", "eaf"):  # they hold when they were made, or by what
            assert len(answer.content) == pytest.approx(path.stat().st_size, rel=0.05)
        else:
            assert answer.content == path.read_bytes()
    assert list(service.settings.scratch.iterdir()) == []


def test_exports_can_be_read(service: Served) -> None:
    recording = service.completed(RESULTS["odd"])
    path = f"/v1/recordings/{recording.id}/exports"
    rows = list(csv.DictReader(io.StringIO(service.client.get(f"{path}/csv").content.decode("utf-8-sig"))))
    table = pq.read_table(io.BytesIO(service.client.get(f"{path}/parquet").content))
    assert len(rows) == table.num_rows == 12
    assert result_of(service.client.get(f"{path}/json").json(), "export") == RESULTS["odd"]
    assert service.client.get(f"{path}/png").content.startswith(b"\x89PNG")


@ON_SQLITE
def test_what_needs_times_is_refused_without(service: Served) -> None:
    recording = service.completed(toy_result(kind="text", timed=False))
    for format in TIMED:
        problem = refused(service.client.get(f"/v1/recordings/{recording.id}/exports/{format}"), 409)
        assert "times" in problem["detail"]
    assert not service.settings.scratch.exists()


@ON_SQLITE
def test_an_unknown_format_is_refused(service: Served) -> None:
    recording = service.completed()
    refused(service.client.get(f"/v1/recordings/{recording.id}/exports/exe"), 422)


@ON_SQLITE
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Weekly meeting", "Weekly meeting.csv"),
        ("talk.mp4", "talk.csv"),
        ("../../etc/passwd", "etc_passwd.csv"),
        ("con", "_con.csv"),
        ("NUL.mp4", "_NUL.csv"),
        ("..", "recording.csv"),
        ("", "recording.csv"),
        ('a "quoted" name\r\nSet-Cookie: x=1', "a _quoted_ name__Set-Cookie_ x=1.csv"),
        ("zwölf 李.mp4", "zwölf 李.csv"),
        ("txt\u202eexe", "txt_exe.csv"),
        ("x" * 500, "x" * 100 + ".csv"),
    ],
)
def test_names_of_downloads_are_safe(service: Served, name: str, expected: str) -> None:
    recording = service.completed(name=name)
    header = service.client.get(f"/v1/recordings/{recording.id}/exports/csv").headers["content-disposition"]
    assert header == attachment(expected)


@given(st.text(max_size=150))
def test_no_name_leads_anywhere(name: str) -> None:
    made = download_name(name, ".csv")
    assert made.endswith(".csv")
    assert len(made) <= 105
    assert made == made.strip()
    assert not made.startswith(".")
    assert not set(made) & set('/\\:*?"<>|')
    assert all(unicodedata.category(letter)[0] != "C" for letter in made)
    header = attachment(made)
    assert header.isascii()
    assert header.isprintable()
    assert unquote(header.partition("UTF-8''")[2]) == made
    assert header.count('"') == 2
