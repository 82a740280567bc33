"""`crossgate demo`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from crossgate.errors import InputError


@dataclass(frozen=True)
class Demo:
    """Analyse the recording that comes with the package, and write a report to look at.

    The recording is a short conversation of two people who do not exist: voices by a program, faces drawn.
    It shows what the program does, not how well. With --train a corpus is generated, with known ceilings, a
    model trained and evaluated on it, and figures drawn, in under three minutes. Run again, it shows what is
    there.
    """

    positional: ClassVar[tuple[str, ...]] = ()

    out: Path = Path("runs/demo")
    """Folder for the report, or for corpus, run and figures."""
    train: bool = False
    """Generate a corpus and train on it, in the place of analysing the recording."""
    seed: int = 0
    """Seed of the training."""

    def run(self) -> int:
        """Do it, and say where to look."""
        if self.seed < 0:
            raise InputError(f"--seed is {self.seed}, expected 0 or more")
        return self._train() if self.train else self._analyze()

    def _analyze(self) -> int:
        """The recording."""
        from crossgate.cli.printing_result import print_result
        from crossgate.cli.progress import progress
        from crossgate.report.reading import RESULT_FILE, read_result
        from crossgate.report.writing import FILES
        from crossgate.sample import RECORDING, TRANSCRIPT

        folder = self.out / "sample"
        if (folder / RESULT_FILE).is_file():
            print_result(read_result(folder))
        else:
            import crossgate

            model = crossgate.load("crossgate-meld")
            with progress() as step:
                result = model.analyze(RECORDING, TRANSCRIPT, step=step)
            result.write(folder, ("html", "png"), media=RECORDING, embed=True)
            print_result(result)
        for name in ("html", "png"):
            print(folder / FILES[name])
        return 0

    def _train(self) -> int:
        """The generated corpus."""
        from rich.console import Console
        from rich.table import Table

        from crossgate.cli.printing import print_evaluation
        from crossgate.experiments.demo import run_demo

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
