"""`crossgate predict RUN --data DIR --split test --out FILE.parquet`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from crossgate.errors import InputError


@dataclass(frozen=True)
class Predict:
    """Write the emotion of every utterance of a split as Parquet.

    Columns: conversation_id, utterance_id, emotion and p_<label> for every label. With several seeds the
    probabilities are their mean. A test split's opening is recorded in the run's test_reads.json.
    """

    positional: ClassVar[tuple[str, ...]] = ("run_folder",)

    run_folder: Path = field(metadata={"help": "folder of a run, of several seeds, or of a checkpoint"})
    data: Path
    """Folder of a corpus table, or of bare <split>.parquet files."""
    out: Path
    """The Parquet file to write."""
    split: str = "test"
    """The split to predict."""
    overwrite: bool = False
    """Replace the file where it exists."""

    def run(self) -> int:
        """Predict and write."""
        from crossgate.corpora.table import open_table
        from crossgate.evaluation.members import load_members, together
        from crossgate.evaluation.probabilities import write_probabilities
        from crossgate.evaluation.sealed import read_any, record_of

        if self.out.exists() and not self.overwrite:  # said before the work, not after
            raise InputError("exists already", where=str(self.out), fix="pass --overwrite to replace it")
        table = open_table(self.data)
        members = load_members(self.run_folder)
        command = shlex.join(["crossgate", *sys.argv[1:]])
        with read_any(table, self.split, record_of(self.run_folder), command) as reading:
            probabilities = together(list(members.predict(reading.split).values()))
            conversations = reading.split.conversations
            write_probabilities(
                self.out, conversations, probabilities, members.labels, overwrite=self.overwrite
            )
            reading.outcome = f"{len(probabilities)} utterances predicted to {self.out}"
        print(f"{len(probabilities)} utterances of {len(conversations)} conversations: {self.out}")
        return 0
