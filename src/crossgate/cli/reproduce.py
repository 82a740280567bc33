"""`crossgate reproduce CORPUS --features FILE.pkl --out DIR`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, cast

from crossgate.errors import InputError


@dataclass(frozen=True)
class Reproduce:
    """Audit a community feature pickle, train ours and SDT on it, and set them beside what is published.

    Twice: honestly (the epoch is chosen on MELD's validation split, or by leaving sessions of IEMOCAP out,
    and the chosen models meet the test split once, at the end), and as much of the literature does
    (`legacy-best-on-test`: the epoch is chosen on the test split), so that figures stand beside their like.
    Every opening of the test split is recorded in DIR/test_reads.json. Nothing that is finished is done
    again: the same command goes on after an interruption.
    """

    positional: ClassVar[tuple[str, ...]] = ("corpus",)

    corpus: str = field(
        metadata={"help": "what the pickle holds: iemocap or meld", "choices": ["iemocap", "meld"]}
    )
    features: Path
    """The feature pickle, in the layout of SDT or of MMGCN; read as data, code in it is refused."""
    out: Path
    """Folder for the table, all runs, the record of test readings and the report."""
    seeds: int = 5
    """Seeds 0, 1, ... of each model under each protocol."""
    workers: int = 1
    """Trainings at a time, each in a process of its own."""
    set: str = ""
    """Settings in place of the published ones, for both models: --set "training.epochs=2 model.hidden=16".
    Several --set add up."""
    report_only: bool = False
    """Train nothing, open nothing; write the report anew, unfinished trainings listed as missing."""

    def run(self) -> int:
        """Do what is left, print the table. 1 where a training failed."""
        from crossgate.cli.progress import Trainings
        from crossgate.experiments.reproduction.run import run_reproduction
        from crossgate.experiments.reproduction.settings import ReproductionSettings

        if self.workers < 1:
            raise InputError(f"--workers is {self.workers}, expected 1 or more")
        corpus = cast(Literal["iemocap", "meld"], self.corpus)  # the parser has seen to it
        trainings = Trainings()
        result = run_reproduction(
            ReproductionSettings(corpus, self.seeds, self.set),
            self.features,
            self.out,
            workers=self.workers,
            report_only=self.report_only,
            command=shlex.join(["crossgate", *sys.argv[1:]]),
            told=trainings.tell,
            said=lambda words: print(words, file=sys.stderr, flush=True),
        )
        print(result.page)
        for path in result.files:
            print(path, file=sys.stderr)
        for title, why in result.failures.items():
            print(f"crossgate: {title} failed: {why}", file=sys.stderr)
        return 1 if result.failures else 0
