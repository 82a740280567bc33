"""`crossgate predict CHECKPOINT --data DIR --split test --out FILE.parquet`."""

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
    probabilities are their mean. A test split's opening is recorded in test_reads.json: of the run, or for a
    checkpoint that is not yours, a packaged one or the hub's, beside the file that is written.
    """

    positional: ClassVar[tuple[str, ...]] = ("checkpoint",)

    checkpoint: Path = field(metadata={"help": "packaged name, hub id, or folder of a run or checkpoint"})
    data: Path
    """Folder of a corpus table, or of bare <split>.parquet files."""
    out: Path
    """The Parquet file to write."""
    split: str = "test"
    """The split to predict."""
    modalities: str | None = None
    """Letters of the modalities to be given, such as t or ta (text, audio, visual); others are hidden."""
    overwrite: bool = False
    """Replace the file where it exists."""

    def run(self) -> int:
        """Predict and write."""
        from crossgate.corpora.table import open_table
        from crossgate.evaluation.members import load_members, together
        from crossgate.evaluation.probabilities import write_probabilities
        from crossgate.evaluation.sealed import RECORD_FILE, read_any, record_of
        from crossgate.packaged import find_checkpoint

        if self.out.suffix != ".parquet" or self.out.is_dir():
            raise InputError(
                "what is written is a Parquet file", where=str(self.out), fix="end it in .parquet"
            )
        if self.out.exists() and not self.overwrite:  # said before the work, not after
            raise InputError("exists already", where=str(self.out), fix="pass --overwrite to replace it")
        table = open_table(self.data)
        found = find_checkpoint(self.checkpoint)
        members = load_members(found.folder)
        subset = None if self.modalities is None else members.subset(self.modalities)
        command = shlex.join(["crossgate", *sys.argv[1:]])
        record = record_of(found.folder) if found.own else self.out.parent / RECORD_FILE
        with read_any(table, self.split, record, command) as reading:
            probabilities = together(list(members.predict(reading.split, subset).values()))
            conversations = reading.split.conversations
            write_probabilities(
                self.out, conversations, probabilities, members.labels, overwrite=self.overwrite
            )
            reading.outcome = f"{len(probabilities)} utterances predicted to {self.out}"
        print(f"{len(probabilities)} utterances of {len(conversations)} conversations: {self.out}")
        return 0
