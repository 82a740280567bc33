"""A batch in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from crossgate.pipeline.batch.summary import Summary

SHOWN = 20
"""Failures that are printed; summary.json has them all."""


def print_summary(summary: Summary, out: str) -> None:
    """What there is, what this command did, what failed and why."""
    console = Console(highlight=False)
    run = summary.run
    console.print(
        f"{summary.done} of {summary.recordings} recordings: {summary.hours:.2f} hours, "
        f"{summary.utterances} utterances"
    )
    if run.done or run.failed:
        workers = f"{run.workers} {run.engine} worker{'s' if run.workers > 1 else ''}"
        console.print(
            f"this command: {run.done} analysed, {run.failed} failed, in {run.seconds:.1f} s by {workers} "
            f"({run.recordings_per_hour:.0f} recordings an hour, {run.times_real_time:.1f} times as fast as "
            "they last)"
        )
    else:
        console.print("this command: nothing was left to do")
    if summary.failures:
        causes = ", ".join(f"{count} {cause}" for cause, count in summary.causes.items())
        console.print(f"{len(summary.failures)} failed: {causes}")
        table = Table("recording", "cause", "attempts", "why", box=None, pad_edge=False)
        for one in summary.failures[:SHOWN]:
            why = one["message"].splitlines()[0]
            table.add_row(escape(one["recording"]), one["cause"], str(one["attempts"]), escape(why))
        console.print(table)
        if len(summary.failures) > SHOWN:
            console.print(f"... and {len(summary.failures) - SHOWN} more")
        console.print("The same command leaves them; with --retry-failed they are begun again.")
    console.print(escape(out))
