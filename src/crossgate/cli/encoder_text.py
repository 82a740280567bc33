"""`crossgate encoder train-text` and `crossgate encoder embed`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from crossgate.cli.command import replaced_settings


@dataclass(frozen=True)
class TrainText:
    """Train the text encoder, which reads whole stretches of conversations, by a configuration file.

    Leaves the encoder of everything in the folder `all`, and those that left parts out, where the
    configuration asks for them, in `without-1` and so on. No test split of a corpus table is read; a
    Parquet file of labelled texts is read whole, whatever splits it names.
    """

    positional: ClassVar[tuple[str, ...]] = ("config",)

    config: Path = field(metadata={"help": "the training as YAML; known good ones stand in configs/encoder/"})
    data: Path
    """Folder that the paths of the configuration's sources start from."""
    out: Path
    """Folder of the run; must be new unless --resume is given."""
    start: Path | None = None
    """Folder of an encoder to begin with, for example RUN/all of a warm-up."""
    teacher: Path | None = None
    """Folder of an earlier run on the same corpora that left parts out: its answers on conversations it had
    not read become a share of every target (self-distillation)."""
    seed: int = 0
    """Seed of heads, order, masks and dropout."""
    resume: bool = False
    """Go on with the run in --out where it was interrupted; the end is the same to the last bit."""
    workers: int = 1
    """Encoders trained at a time, each in a process of its own."""
    set: str = ""
    """Settings in place of the file's, separated by blanks: --set "optimizer.rounds=2 encoder.rank=16".
    Several --set add up."""

    def run(self) -> int:
        """Train and print what came of it."""
        from crossgate.training.configuration import load_settings
        from crossgate.training.text.run import TextRun, train_text
        from crossgate.training.text.settings import TextTraining

        replaced = replaced_settings(self.set, self.seed)
        train_text(
            TextRun(
                load_settings(TextTraining, self.config, replaced),
                self.data,
                self.out,
                self.seed,
                self.start,
                self.teacher,
            ),
            resume=self.resume,
            workers=self.workers,
            command=shlex.join(["crossgate", *sys.argv[1:]]),
            report=_print_round,
        )
        print(self.out)
        return 0


@dataclass(frozen=True)
class Embed:
    """Write a corpus table once more with the answers of a trained text encoder, and the encoder beside them.

    The train split's answers are out of fold: each conversation is read by the encoder that left it out.
    """

    positional: ClassVar[tuple[str, ...]] = ("run_folder",)

    run_folder: Path = field(metadata={"help": "folder of `crossgate encoder train-text`"})
    data: Path
    """Folder of the corpus table, one of those the encoder learned from."""
    head: str
    """The corpus' name among the encoder's sources."""
    out: Path
    """Folder of the new table; its test split is not written, it is read when predictions are made."""
    teacher: Path | None = None
    """Folder of the run that taught this one: its encoders left parts out, and read the train split."""

    def run(self) -> int:
        """Embed and write."""
        from crossgate.cli.printing import print_manifest
        from crossgate.corpora.table import open_table
        from crossgate.training.text.embed import embed_table

        table = embed_table(self.run_folder, open_table(self.data), self.head, self.out, self.teacher)
        print_manifest(table.manifest)
        return 0


def _print_round(fit: str, row: dict[str, Any]) -> None:
    """One line a round: what was fitted, how far it is, how good on what it has not read."""
    scores = [
        f"{name.split('/')[0]} {100 * value:.2f}" for name, value in row.items() if "weighted_f1" in name
    ]
    if "mean_of" in row:
        words = [f"mean of {row['mean_of']} seeds", *scores]
    else:
        words = [f"round {row['round']}", f"loss {row['train/loss']:.3f}", *scores, f"{row['seconds']:.0f} s"]
    print(f"{fit}: {', '.join(words)}", flush=True)
