"""`turns.csv`: one row a turn, for spreadsheets."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from crossgate.report.exports.columns import columns, rows
from crossgate.report.exports.timing import is_written
from crossgate.report.result import Result

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a spreadsheet may take for the start of a formula (OWASP, "CSV Injection")."""


def write_csv(result: Result, path: Path) -> None:
    """Write comma-separated values in UTF-8 (RFC 4180), with the byte order mark that spreadsheets go by.

    A text that begins as a formula does (`= + - @`, tab, line break) gets an apostrophe before it, so that a
    spreadsheet shows it and does not run it; control characters are left out. Parquet has texts as they are.
    An unknown value is an empty cell, as is an empty text. Truth is `true` or `false`.
    """
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_cell(name) for name, _ in columns(result))
        writer.writerows([_cell(value) for value in row] for row in rows(result))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            written = "".join(filter(is_written, value))
            return f"'{written}" if written.startswith(FORMULA) else written
    return f"{round(value, 6):.6f}".rstrip("0").rstrip(".")
