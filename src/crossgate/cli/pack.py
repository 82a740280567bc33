"""`crossgate pack RUN --data DIR --out FOLDER --card FILE.md`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from crossgate.errors import InputError


@dataclass(frozen=True)
class Pack:
    """Make a finished run a checkpoint that ships: weights in half precision, calibrated, with a card.

    Temperature and abstention threshold are fitted on the split the run was selected by (out-of-fold
    predictions where it was selected by folds), and the card states what was measured there.
    """

    positional: ClassVar[tuple[str, ...]] = ("run_folder",)

    run_folder: Path = field(metadata={"help": "folder of a finished run, or of several seeds"})
    data: Path
    """Folder of the corpus table it was trained on."""
    out: Path
    """The new folder; its name is the checkpoint's."""
    card: Path
    """Markdown for the card: what it is for, licences, limits; front matter for the hub where wanted."""
    split: str | None = None
    """The split to fit and measure on, or `folds`; default is the one the run was selected by."""
    seed: int = 0
    """Of several seeds, the one that ships; name it before you know its scores."""
    together: bool = False
    """Ship all seeds as one: every network reads, and their probabilities are averaged. Takes as much more
    room and time."""
    target: float = 0.7
    """Share of answers that shall be right; below the confidence that gives it, predictions abstain."""
    encoder: Path | None = None
    """Folder of the text encoder, where the text features are `turns` and the run has none itself."""

    given: str | None = None
    """Letters of the modalities the figures are for, such as `ta`, the others hidden; default is what the
    run's epoch was chosen given, or all."""

    def run(self) -> int:
        """Pack and print what was measured."""
        from crossgate.cli.printing import print_packed
        from crossgate.corpora.table import open_table
        from crossgate.evaluation.packing.pack import Packing, pack

        try:
            text = self.card.read_text(encoding="utf-8")
        except (FileNotFoundError, IsADirectoryError):
            raise InputError("no such file", where=str(self.card)) from None
        except UnicodeDecodeError as error:
            raise InputError(f"not a text in UTF-8: {error}", where=str(self.card)) from error
        command = shlex.join(["crossgate", *sys.argv[1:]])
        packing = Packing(
            split=self.split,
            seed=self.seed,
            together=self.together,
            target=self.target,
            encoder=self.encoder,
            given=self.given,
            command=command,
        )
        print_packed(pack(self.run_folder, open_table(self.data), self.out, text, packing), self.out)
        return 0
