"""docs/result-file.md tells every field of `result.json`, as in the schema, and no other; its examples run.

`python tests/test_documented_result_file.py` prints the page's table, made from the schema.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from crossgate.conversation import MODALITIES, Modality
from crossgate.report.exports.columns import columns
from crossgate.report.result import SCHEMA_VERSION, MediaInfo, ModalityUse, ModelInfo, Result, Turn
from crossgate.report.schema import schema

PAGE = Path(__file__).resolve().parents[1] / "docs" / "result-file.md"

HEADER = "| field | type | unit or range | always there | meaning |"

UNITS = (
    (r"\bseconds\b", "seconds"),
    (r"\bpixels\b", "pixels"),
    (r"\(Hz\)", "Hz"),
    (r"\b0 to 1\b", "0 to 1"),
    (r"\bNumber of turns\b", "turns"),
    (r"\bwithout unit\b", "none"),
)
"""What a description says -> the unit it speaks of."""

NUMBERS = {"number", "integer"}


def fields_of(part: Mapping[str, Any], place: str, needed: str = "") -> Iterator[tuple[str, ...]]:
    """A row for a part of the schema and for what is in it: path, types, unit, whether required, meaning."""
    whole = schema()["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else {}
    inner = {**whole, **part}
    if place:
        types = inner["type"] if isinstance(inner["type"], list) else [inner["type"]]
        unit = unit_of(inner["description"]) if NUMBERS & set(types) else ""
        values = ", ".join(f"`{value}`" for value in inner.get("enum", ())) or unit
        yield f"`{place}`", " or ".join(types), values, needed, inner["description"]
    named = inner.get("properties", {})
    for name, one in named.items():
        needed = "yes" if name in inner.get("required", ()) else "no"
        yield from fields_of(one, f"{place}.{name}".removeprefix("."), needed)
    if "items" in inner:
        yield from fields_of(inner["items"], f"{place}[]")
    if isinstance(inner.get("additionalProperties"), Mapping):
        yield from fields_of(inner["additionalProperties"], f"{place}.*")


def unit_of(description: str) -> str:
    """The one unit that a number's description names."""
    found = {unit for pattern, unit in UNITS if re.search(pattern, description)}
    assert len(found) == 1, f"the schema names {len(found)} units: {description}"
    return found.pop()


def table() -> list[str]:
    """The lines of the page's table."""
    rows = (" | ".join(cell.replace("|", "\\|") for cell in row) for row in fields_of(schema(), ""))
    return [HEADER, "|---|---|---|---|---|", *(f"| {row} |" for row in rows)]


def test_the_table_is_the_schemas() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    shown = list(takewhile(lambda line: line.startswith("|"), lines[lines.index(HEADER) :]))
    assert shown == table(), f"print the table anew: python tests/{Path(__file__).name}"


def test_every_number_of_the_schema_has_a_unit() -> None:
    rows = list(fields_of(schema(), ""))
    numbers = [row for row in rows if NUMBERS & set(row[1].split(" or "))]
    assert len(numbers) >= 10
    assert all(row[2] for row in numbers)


def test_the_page_tells_the_version_that_is_written() -> None:
    assert f"`{SCHEMA_VERSION}`" in PAGE.read_text(encoding="utf-8")


def result() -> Result:
    """Two turns, the second of which the model abstains from."""
    labels = ("neutral", "anger")

    def turn(number: int, anger: float, uses: Mapping[Modality, ModalityUse]) -> Turn:
        sure = {"neutral": 1 - anger, "anger": anger}
        emotion = max(sure, key=lambda label: sure[label])
        start, end = 2.0 * number, 2.0 * number + 1
        words = "You did what?"
        return Turn(
            str(number), "Ann", start, end, words, emotion, sure[emotion], number == 1, sure, dict(uses), {}
        )

    uses = {m: ModalityUse(m == "text", float(m == "text")) for m in MODALITIES}
    return Result(
        MediaInfo("talk.mp4", "video", 4.0, "0" * 64, 64, 48, 25.0, 16000, "talk.vtt"),
        ModelInfo("toy", "0", "0" * 64, False, 1.0, 0.6, {"text": "none"}),
        labels,
        (turn(0, 0.8, uses), turn(1, 0.5, uses)),
        ("made up",),
    )


def test_the_columns_of_the_tables_are_told() -> None:
    text = PAGE.read_text(encoding="utf-8")
    told = set(re.findall(r"`([a-z_<>]+)`", text))
    for name, _ in columns(result()):
        general = re.sub(r"^p_.*", "p_<label>", name)
        general = re.sub(rf"^({'|'.join(MODALITIES)})_", "<modality>_", general)
        assert general in told, f"docs/result-file.md does not tell of the column {name}"


def test_the_examples_in_python_run(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("duckdb")
    result().write(tmp_path / "talk", ["parquet"])
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.S)
    assert examples
    for example in examples:
        run = subprocess.run(
            [sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        assert "anger" in run.stdout


if __name__ == "__main__":
    sys.stdout.write("\n".join(table()) + "\n")
