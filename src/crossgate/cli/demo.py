"""`crossgate demo`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from crossgate.errors import InputError


@dataclass(frozen=True)
class Demo:
    """Generate a corpus with known ceilings, train on it, evaluate, and draw figures; under three minutes.

    The corpus is generated and is no data: it shows that the model does what it should where the truth is
    known. Run again, it shows what is there.
    """

    positional: ClassVar[tuple[str, ...]] = ()

    out: Path = Path("runs/demo")
    """Folder for the corpus, the run and the figures."""
    seed: int = 0
    """Seed of the training."""

    def run(self) -> int:
        """Do it all and say where the pictures are."""
        from rich.console import Console
        from rich.table import Table

        from crossgate.cli.printing import print_evaluation
        from crossgate.experiments.demo import run_demo

        if self.seed < 0:
            raise InputError(f"--seed is {self.seed}, expected 0 or more")
        result = run_demo(self.out, self.seed)
        print_evaluation(result.evaluation)
        table = Table(
            "modalities given",
            "accuracy, %",
            "best possible, %",
            box=None,
            title="generated corpus, validation",
        )
        for subset, accuracy in result.accuracies.items():
            table.add_row(subset, f"{100 * accuracy:.1f}", f"{100 * result.ceilings[subset]:.1f}")
        console = Console(highlight=False)
        console.print(table)
        for picture in result.pictures:
            print(picture)
        return 0
