"""`crossgate train CONFIG.yaml --data DIR --out RUN`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from crossgate.cli.command import replaced_settings
from crossgate.errors import InputError


@dataclass(frozen=True)
class Train:
    """Train a model by a configuration file and keep checkpoint, curves and record in a folder.

    The epoch is chosen on the validation split, or by leaving groups out, as the configuration says; the test
    split cannot be reached from here. Under `torchrun` the batch is shared by the processes.
    """

    positional: ClassVar[tuple[str, ...]] = ("config",)

    config: Path = field(metadata={"help": "the experiment as YAML; known good ones stand in configs/"})
    data: Path
    """Folder of a corpus table, or of bare <split>.parquet files."""
    out: Path
    """Folder of the run; must be new unless --resume is given."""
    seed: int = 0
    """Seed of weights, order and dropout."""
    seeds: int = 1
    """Train this many seeds, 0, 1, ..., each in a folder of its own below --out."""
    together: bool = False
    """Train the --seeds in one loop, their networks stacked: for a GPU that one network leaves idle."""
    resume: bool = False
    """Go on with the run in --out where it was interrupted; the end is the same to the last bit."""
    set: str = ""
    """Settings in place of the file's, separated by blanks: --set "model.hidden=128 training.epochs=5".
    Several --set add up."""

    def run(self) -> int:
        """Train and print what came of it."""
        from crossgate.cli.printing import print_manifest, print_outcome, print_seeds
        from crossgate.corpora.table import open_table
        from crossgate.training.configuration import load_experiment
        from crossgate.training.processes import processes
        from crossgate.training.run import train
        from crossgate.training.seeds import train_seeds

        replaced = replaced_settings(self.set, self.seed)
        if self.seeds < 1:
            raise InputError(f"--seeds is {self.seeds}, expected 1 or more")
        if self.seeds > 1 and self.seed:
            raise InputError("--seed and --seeds do not go together", fix="--seeds N trains seeds 0 to N-1")
        if self.together and self.seeds < 2:
            raise InputError("--together is for several seeds", fix="add --seeds N")
        experiment = load_experiment(self.config, replaced)
        table = open_table(self.data)
        command = shlex.join(["crossgate", *sys.argv[1:]])
        with processes() as group:
            if group.first:
                print_manifest(table.manifest)
            if self.seeds > 1:
                if group.count > 1:
                    raise InputError("--seeds does not go with torchrun", fix="run one seed at a time")
                summary = train_seeds(
                    experiment,
                    table,
                    self.out,
                    seeds=self.seeds,
                    resume=self.resume,
                    command=command,
                    together=self.together,
                )
                print_seeds(summary, self.out)
                return 0
            record = train(
                experiment, table, self.out, seed=self.seed, resume=self.resume, command=command, group=group
            )
            if group.first:
                print_outcome(record["outcome"], self.out)
        return 0
