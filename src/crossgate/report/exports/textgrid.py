"""`turns.TextGrid`: the turns as intervals for Praat, two tiers a speaker: words and emotions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from crossgate.report.exports.timing import label, length, plain, tiers
from crossgate.report.result import Result


class Interval(NamedTuple):
    """A stretch of a tier, in milliseconds."""

    start: int
    end: int
    words: str


def write_textgrid(result: Result, path: Path) -> None:
    """Write Praat's long text format in UTF-8; an interval without words is silence, or a turn without text.

    Intervals of a tier cannot overlap: a speaker whose turns do has a second tier, `Ann (2)`. A `?` after
    an emotion: the model does not commit itself. A tier `usage policy` names it where there is one. Line
    breaks become spaces. Raises InputError where a turn has no times.
    """
    end = length(result)
    made: list[tuple[str, list[Interval]]] = []
    for tier in tiers(result):
        made.append((tier.name, [Interval(t.start, t.end, plain(t.turn.text)) for t in tier.turns]))
        made.append((tier.emotions, [Interval(t.start, t.end, plain(label(t.turn))) for t in tier.turns]))
    if result.policy is not None:
        made.append(("usage policy", [Interval(0, end, plain(result.policy))]))
    # Praat opens no TextGrid without a tier.
    made = made or [("speaker", [])]
    lines = [
        'File type = "ooTextFile"',
        'Object class = "TextGrid"',
        "",
        "xmin = 0",
        f"xmax = {_seconds(end)}",
        "tiers? <exists>",
        f"size = {len(made)}",
        "item []:",
    ]
    for number, (name, intervals) in enumerate(made, start=1):
        filled = list(_filled(intervals, end))
        lines += [
            f"    item [{number}]:",
            '        class = "IntervalTier"',
            f"        name = {_quoted(name)}",
            "        xmin = 0",
            f"        xmax = {_seconds(end)}",
            f"        intervals: size = {len(filled)}",
        ]
        for place, interval in enumerate(filled, start=1):
            lines += [
                f"        intervals [{place}]:",
                f"            xmin = {_seconds(interval.start)}",
                f"            xmax = {_seconds(interval.end)}",
                f"            text = {_quoted(interval.words)}",
            ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _filled(intervals: Sequence[Interval], end: int) -> Iterator[Interval]:
    """The intervals with empty ones between them: those of a tier must touch, from 0 to the end."""
    now = 0
    for interval in intervals:
        if interval.start > now:
            yield Interval(now, interval.start, "")
        yield interval
        now = interval.end
    if now < end:
        yield Interval(now, end, "")


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}".rstrip("0").rstrip(".")


def _quoted(words: str) -> str:
    """Praat doubles a quote inside quotes."""
    doubled = words.replace('"', '""')
    return f'"{doubled}"'
