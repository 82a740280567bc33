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
        from rich.console import Console
        from rich.markup import escape

        from crossgate.corpora.community import import_community
        from crossgate.corpora.iemocap import import_iemocap
        from crossgate.corpora.meld import import_meld

        importers = {"meld": import_meld, "iemocap": import_iemocap, "community": import_community}
        table = importers[self.corpus](self.source, self.out)
        manifest = table.manifest
        console = Console(highlight=False, soft_wrap=True)
        console.print(f"[bold]{escape(str(table.folder))}[/bold]: {manifest.name}")
        for name, split in manifest.splits.items():
            console.print(f"  {name}: {split.rows:,} utterances")
        console.print(f"  labels ({manifest.labels.name}): {escape(', '.join(manifest.labels.labels))}")
        for spec in manifest.features:
            console.print(f"  feature {escape(str(spec))}: {escape(spec.source)}")
        if not manifest.features:
            console.print("  no features")
        console.print(f"  licence: {escape(manifest.licence)}")
        for note in manifest.notes:
            console.print(f"  note: {escape(note)}")
        console.print(f"Look it over with: crossgate audit {escape(str(table.folder))}")
        return 0
