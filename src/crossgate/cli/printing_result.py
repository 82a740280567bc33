"""A result in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from crossgate.report.result import Result, Turn

SHOWN = 40
"""Turns that are printed; the report has them all."""


def print_result(result: Result) -> None:
    """The first turns, and every warning."""
    console = Console(highlight=False)
    table = Table("time", "speaker", "expressed", "sure", "from", "words", box=None, pad_edge=False)
    for turn in result.utterances[:SHOWN]:
        words = (turn.text or "").replace("\n", " ")
        table.add_row(
            clock(turn.start),
            escape(turn.speaker),
            "not measured" if not turn.measured else f"({turn.emotion})" if turn.abstained else turn.emotion,
            f"{100 * turn.confidence:.0f} %" if turn.measured else "-",
            sources(turn),
            escape(words if len(words) <= 50 else words[:49] + "…"),
        )
    if result.utterances:
        console.print(table)
    if len(result.utterances) > SHOWN:
        console.print(f"... and {len(result.utterances) - SHOWN} more")
    if any(turn.abstained and turn.measured for turn in result.utterances):
        console.print("In brackets: the model abstains, its confidence is too low.")
    for warning in result.warnings:
        console.print(f"note: {escape(warning)}")


def clock(seconds: float | None) -> str:
    """`1:02:03.4`, `2:03.4`; a dash where there is no time."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds, 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"


def sources(turn: Turn) -> str:
    """Letters of the modalities that were there, such as `ta`."""
    return "".join(modality[0] for modality, use in turn.modalities.items() if use.present) or "-"
