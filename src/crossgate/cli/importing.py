"""`crossgate import CORPUS SOURCE --out FOLDER`: a released corpus or a feature pickle as a corpus table."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Import:
    """Turn a released corpus into a table: a folder of Parquet files with a manifest.

    `meld` and `iemocap` read the releases of their authors; `community` reads the feature pickles of SDT,
    MMGCN and their followers, as data only: a pickle that asks for anything else is refused.
    """

    positional: ClassVar[tuple[str, ...]] = ("corpus", "source")

    corpus: str = field(
        metadata={
            "help": "what the source is: meld, iemocap or community",
            "choices": ["meld", "iemocap", "community"],
        }
    )
    source: Path = field(metadata={"help": "folder of the release, or file of the pickle"})
    out: Path
    """Folder of the table; it must not exist, or be empty."""

    def run(self) -> int:
        """Import, and print what the table holds."""
        from crossgate.cli.printing_table import print_table
        from crossgate.corpora.community import import_community
        from crossgate.corpora.iemocap import import_iemocap
        from crossgate.corpora.meld import import_meld

        importers = {"meld": import_meld, "iemocap": import_iemocap, "community": import_community}
        table = importers[self.corpus](self.source, self.out)
        print_table(table)
        return 0
