"""`crossgate evaluate RUN --data DIR --split validation`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Evaluate:
    """Measure a run on a labelled split: scores with intervals, per emotion, confusion matrix, calibration.

    `--split folds` measures the out-of-fold predictions of a run that was selected by folds. A test split is
    opened here, and the opening is recorded in the run's test_reads.json.
    """

    positional: ClassVar[tuple[str, ...]] = ("run_folder",)

    run_folder: Path = field(metadata={"help": "folder of a run, of several seeds, or of a checkpoint"})
    data: Path
    """Folder of a corpus table, or of bare <split>.parquet files."""
    split: str = "validation"
    """The split to measure on, or `folds`."""
    out: Path | None = None
    """Folder for evaluation.json and the figures; default RUN/evaluation/<corpus>-<split>."""

    def run(self) -> int:
        """Measure, print, write."""
        from crossgate.cli.printing import print_evaluation
        from crossgate.corpora.table import open_table
        from crossgate.evaluation.run import evaluate_run
        from crossgate.files import write_json

        table = open_table(self.data)
        command = shlex.join(["crossgate", *sys.argv[1:]])
        result = evaluate_run(self.run_folder, table, self.split, command)
        out = self.out or self.run_folder / "evaluation" / f"{table.manifest.name}-{self.split}"
        written = result.report.write(out)
        write_json(out / "seeds-and-views.json", result.to_json())
        print_evaluation(result)
        for path in (*written, out / "seeds-and-views.json"):
            print(path, file=sys.stderr)
        return 0
