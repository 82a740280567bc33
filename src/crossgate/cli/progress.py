"""Progress of long work, on the terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crossgate.cli.contained import tell

if TYPE_CHECKING:
    from crossgate.experiments.benchmark.runs import Outcome
    from crossgate.pipeline.batch.run import Standing
    from crossgate.pipeline.steps import Step


@contextmanager
def progress() -> Iterator[Step]:
    """Bars on the terminal, one for every step; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        tasks = {}

        def step(words: str, share: float | None) -> None:
            if words not in tasks:
                tasks[words] = bars.add_task(words, total=1.0)
            bars.update(tasks[words], completed=share or 0.0)
            tell(words, share)

        yield step


@contextmanager
def batch_progress() -> Iterator[Callable[[Standing], None]]:
    """A bar with the time left, and a line for every failure; no terminal has a line a minute instead."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True, highlight=False)
    began = said = time.monotonic()
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bars:
        task = bars.add_task("", total=1.0)

        def tell(standing: Standing) -> None:
            nonlocal said
            bad = f", {standing.failed} failed" if standing.failed else ""
            words = f"{standing.ended} of {standing.total}{bad}"
            if standing.last is None and standing.before:
                words_before = f"{standing.before} are done, or were given up, before"
                console.print(f"crossgate: {words_before}; {standing.total} are left")
            if standing.last is not None and standing.last.status != "done":
                first = standing.last.message.splitlines()[0]
                console.print(
                    f"crossgate: {escape(standing.last.recording)}: {escape(first)}", soft_wrap=True
                )
            bars.update(task, description=words, completed=standing.share)
            moment = time.monotonic()
            if not console.is_terminal and moment - said > 60 and standing.share > 0:
                said = moment
                left = (moment - began) * (1 - standing.share) / standing.share
                console.print(f"crossgate: {words}, about {left / 60:.0f} min left")

        yield tell


class Trainings:
    """Counts trainings as they end, a line on stderr for each."""

    def __init__(self) -> None:
        self._ended = 0

    def tell(self, outcome: Outcome, total: int) -> None:
        """Print what came of one of `total` trainings."""
        self._ended += 1
        for note in outcome.notes:
            print(f"crossgate: {outcome.job.title}: {note}", file=sys.stderr)
        found = (
            "failed" if outcome.score is None else f"weighted F1 {100 * outcome.score:.2f} on what chose it"
        )
        print(f"{self._ended} of {total}  {outcome.job.title}: {found}", file=sys.stderr, flush=True)
