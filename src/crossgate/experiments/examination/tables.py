"""Tables of an examination in Markdown, their numbers found in `examination.json` by the way to them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from crossgate.experiments.examination.headlines import PERCENT

NONE = "–"

Content = dict[str, Any]
Row = tuple[str, str, list[Any]]
"""Words, unit, and the keys that lead to the number."""


def across(content: Content, heading: str, rows: Iterable[Row]) -> list[str]:
    """A column a run. A row nobody has is left out; the last line is empty."""
    runs = content["runs"]
    lines = header(heading, [run["name"] for run in runs])
    for words, unit, way in rows:
        found = [_at(run["over_seeds"], way) for run in runs]
        if any(one is not None for one in found):
            lines.append(row((words, *(_cell(one, unit) for one in found))))
    return [*lines, ""]


def grid(
    content: Content, run: Content, heading: str, rows: Iterable[Row], columns: Mapping[Any, str]
) -> list[str]:
    """One run alone: the keys of the columns go on where the ways of the rows end."""
    named = f"{heading} ({run['name']})" if len(content["runs"]) > 1 else heading
    lines = header(named, list(columns.values()))
    for words, unit, way in rows:
        found = [_at(run["over_seeds"], [*way, key]) for key in columns]
        lines.append(row((words, *(_cell(one, unit) for one in found))))
    return [*lines, ""]


def header(first: str, others: Sequence[str]) -> list[str]:
    """The head of a table and the line below it."""
    return [row((first, *others)), row(("---", *["---:"] * len(others)))]


def row(cells: Sequence[str]) -> str:
    """One line of a table."""
    return "| " + " | ".join(cells) + " |"


def number(score: Content, unit: str, sign: str = "") -> str:
    """Mean ± standard deviation."""
    scale, digits = (100, 2) if unit == PERCENT else (1, 4)
    spread = score["standard_deviation"]
    words = format(scale * score["mean"], f"{sign}.{digits}f")
    return words if spread is None else f"{words} ± {scale * spread:.{digits}f}"


def chance(p_value: float | None) -> str:
    """A p-value."""
    if p_value is None:
        return NONE
    return "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def with_unit(words: str, unit: str) -> str:
    """Words, and the unit behind them if there is one."""
    return f"{words}, {unit}" if unit else words


def _cell(score: Content | None, unit: str) -> str:
    return NONE if score is None else number(score, unit)


def _at(found: Any, way: Sequence[Any]) -> Any:
    """What stands at the end of a way through objects and lists; None where it breaks off."""
    for key in way:
        if found is None or (isinstance(found, dict) and key not in found):
            return None
        found = found[key]
    return found
