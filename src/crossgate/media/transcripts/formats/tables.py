"""CSV and TSV with a header -> segments."""

from __future__ import annotations

import csv
import io
import re

from crossgate.errors import InputError
from crossgate.media.transcripts.formats.fields import Row, fields_of, segments_of_rows
from crossgate.media.transcripts.found import Found, Notes, shown

SEPARATORS = (",", ";", "\t")

LONGEST_HEADER = 20_000
"""Characters; a file whose first line is longer is no table of a transcript."""


def read(text: str, where: str, notes: Notes) -> list[Found]:
    """The segments of a table, one a row.

    The separator is the one with which the header has the most known columns; quoting is Excel's.

    Raises:
        InputError: where the words have no column, a name stands twice, a row has more cells than the
            header, or a value is not what its column says.
    """
    if text.count("\n", 0, LONGEST_HEADER) == 0 and len(text) > LONGEST_HEADER:
        raise InputError(f"the first line is longer than {LONGEST_HEADER} characters", where=where)
    hint = re.match(r"\s*sep=([,;\t])\n", text)  # Excel's own line above the header
    separator = hint[1] if hint else _separator(text)
    above = text[: hint.end()].count("\n") if hint else 0
    reader = csv.reader(io.StringIO(text[hint.end() :] if hint else text, newline=""), delimiter=separator)
    names: list[str] | None = None
    rows: list[Row] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"line {reader.line_num + above}"
            if names is None:
                names = _header(cells, f"{where}, {place}")
                continue
            if any(cell.strip() for cell in cells[len(names) :]):
                raise InputError(
                    f"the row has {len(cells)} cells, the header {len(names)}",
                    where=f"{where}, {place}",
                    fix=f"put texts that hold {shown(separator)} in double quotes",
                )
            # Excel leaves out empty cells at the end of a row.
            rows.append(Row(place, {name: cell for name, cell in zip(names, cells, strict=False) if name}))
    except csv.Error as error:
        raise InputError(f"not a table: {error}", where=f"{where}, line {reader.line_num + above}") from error
    return segments_of_rows([name for name in names or [] if name], rows, where, notes)


def _separator(text: str) -> str:
    def known(separator: str) -> tuple[int, int]:
        reader = csv.reader(io.StringIO(text.lstrip("\n"), newline=""), delimiter=separator)
        try:
            cells = next(reader, [])
        except csv.Error:
            return (0, 0)
        return (len(fields_of(cells)), len(cells))

    return max(SEPARATORS, key=known)


def _header(cells: list[str], where: str) -> list[str]:
    names = [cell.strip() for cell in cells]
    for name in names:
        if name and names.count(name) > 1:
            raise InputError(f"the column {shown(name)} stands twice", where=where, fix="rename one of them")
    return names
