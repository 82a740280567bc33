"""Progress of long work, on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crossgate.cli.contained import tell

if TYPE_CHECKING:
    from crossgate.experiments.benchmark.runs import Outcome
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
