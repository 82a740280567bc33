"""A corpus table in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from crossgate.corpora.table import CorpusTable


def print_table(table: CorpusTable) -> None:
    """What a table that was just written holds."""
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
