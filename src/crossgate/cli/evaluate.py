"""`crossgate evaluate CHECKPOINT --data DIR --split validation`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from crossgate.errors import InputError


@dataclass(frozen=True)
class Evaluate:
    """Measure a checkpoint on a labelled split: scores with intervals, per emotion, confusion, calibration.

    `--split folds` measures the out-of-fold predictions of a run that was selected by folds. A test split is
    opened here, and the opening is recorded in test_reads.json: of the run, or for a checkpoint that is not
    yours, a packaged one or the hub's, of the folder --out names. Without --out such a one writes nothing.
    """

    positional: ClassVar[tuple[str, ...]] = ("checkpoint",)

    checkpoint: Path = field(metadata={"help": "packaged name, hub id, or folder of a run or checkpoint"})
    data: Path
    """Folder of a corpus table, or of bare <split>.parquet files."""
    split: str = "validation"
    """The split to measure on, or `folds`."""
    out: Path | None = None
    """Folder for evaluation.json and the figures; for a run of yours RUN/evaluation/<corpus>-<split>."""
    modalities: str | None = None
    """Letters of the modalities to be given, such as t or ta (text, audio, visual); others are hidden."""
    by: str | None = None
    """`gender` measures women and men apart, where MELD or IEMOCAP tells the speakers' genders."""

    def __post_init__(self) -> None:
        if self.by not in (None, "gender"):
            raise InputError(f"by is {self.by!r}, expected gender")

    def run(self) -> int:
        """Measure, print, write."""
        from crossgate.cli.printing import print_evaluation
        from crossgate.conversation import INITIALS
        from crossgate.corpora.table import SEALED, open_table
        from crossgate.evaluation.report import REPORT_FILE
        from crossgate.evaluation.run import evaluate_run
        from crossgate.evaluation.sealed import RECORD_FILE
        from crossgate.files import write_json
        from crossgate.packaged import find_checkpoint

        found = find_checkpoint(self.checkpoint)
        if not found.own and self.out is None and self.split.lower() in SEALED:
            raise InputError(
                f"{found.name} is not a folder of yours, so the opening of a test split has no place there",
                fix="name a folder with --out; the record is kept in it",
            )
        table = open_table(self.data)
        if self.out is not None:  # before a test split is opened for nothing
            given = self.modalities and "".join(m for m in INITIALS.values() if m in self.modalities)
            ours = {"corpus": table.manifest.name, "split": self.split, "modalities": given}
            _refuse_other(self.out / REPORT_FILE, {"run": str(found.folder), **ours})
        command = shlex.join(["crossgate", *sys.argv[1:]])
        record = None if found.own or self.out is None else self.out / RECORD_FILE
        result = evaluate_run(
            found.folder, table, self.split, command, modalities=self.modalities, record=record, by=self.by
        )
        print_evaluation(result)
        out = self.out
        if out is None and found.own:
            given = f"-{result.report.details['modalities']}" if self.modalities is not None else ""
            out = found.folder / "evaluation" / f"{table.manifest.name}-{self.split}{given}"
        if out is None:
            print("nothing was written; --out DIR keeps the figures", file=sys.stderr)
            return 0
        written = result.report.write(out)
        write_json(out / "seeds-and-views.json", result.to_json())
        for path in (*written, out / "seeds-and-views.json"):
            print(path, file=sys.stderr)
        return 0


def _refuse_other(path: Path, ours: dict[str, str | None]) -> None:
    """Refuse to write over the figures of another run, split or subset of modalities."""
    from crossgate.files import read_json

    if not path.exists():
        return
    there = read_json(path)
    for name, own in ours.items():
        theirs = there.get(name) if isinstance(there, dict) else None
        if theirs != own:
            raise InputError(
                f"the figures there are of another {name}: {theirs!r:.200}, not {own!r:.200}",
                where=str(path),
                fix="name another folder with --out",
            )
