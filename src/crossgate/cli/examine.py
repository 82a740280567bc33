"""`crossgate examine RUN --data TABLE --split validation --out DIR [--against RUN2]`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Examine:
    """Look into a run: redundancy, contributions, robustness, emotion shifts, calibration; mean over seeds.

    With --against two runs stand side by side, with paired differences over the seeds both have and tests of
    them. The test split of a real corpus stays shut here; that of a generated one is opened with a record in
    each run's test_reads.json. docs/examination.md says how to read what is written.
    """

    positional: ClassVar[tuple[str, ...]] = ("checkpoint",)

    checkpoint: Path = field(metadata={"help": "folder of a run of one or several seeds, or a checkpoint"})
    data: Path
    """Folder of a corpus table, or of bare <split>.parquet files."""
    out: Path
    """A new folder for examination.json, the page and the figures."""
    split: str = "validation"
    """The split to measure on, or `folds`: out-of-fold predictions allow a part of the measures."""
    against: Path | None = None
    """A second run, trained on the same data: for example the same recipe without one of its terms."""

    def run(self) -> int:
        """Measure, write, print the page."""
        from crossgate.cli.progress import progress
        from crossgate.corpora.table import open_table
        from crossgate.experiments.examination.page import markdown
        from crossgate.experiments.examination.run import examine
        from crossgate.experiments.examination.writing import write_examination
        from crossgate.files import refuse_filled, refuse_unwritable

        refuse_filled(self.out)
        refuse_unwritable(self.out)
        command = shlex.join(["crossgate", *sys.argv[1:]])
        table = open_table(self.data)
        with progress() as step:
            found = examine(self.checkpoint, table, self.split, command, against=self.against, step=step)
        paths = write_examination(found, self.out)
        print(markdown(found.content))
        for path in paths:
            print(path, file=sys.stderr)
        return 0
