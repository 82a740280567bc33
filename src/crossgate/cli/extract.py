"""`crossgate extract meld MELD.Raw/ --out DIR`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import ClassVar

from crossgate.pipeline.extraction.settings import ExtractionSettings


@dataclass(frozen=True, kw_only=True)
class Extract(ExtractionSettings):
    """Measure a released corpus' recordings and write it as a table with features.

    An extraction that was interrupted goes on by the same command. Clips that are missing or broken are
    listed in extraction.json, and never stop the rest.
    """

    positional: ClassVar[tuple[str, ...]] = ("corpus", "source")

    corpus: str = field(metadata={"choices": ["meld", "iemocap"], "help": "which release it is"})
    source: Path = field(metadata={"help": "folder of the release, its archives unpacked"})
    out: Path
    """Folder of the table; it must not exist, or be empty."""
    workers: int = 1
    """Processes that measure clips side by side."""

    def run(self) -> int:
        """Extract, and print what the table holds."""
        from crossgate.cli.printing_table import print_table
        from crossgate.cli.progress import progress
        from crossgate.pipeline.extraction.extract import extract

        settings = ExtractionSettings(**{f.name: getattr(self, f.name) for f in fields(ExtractionSettings)})
        with progress() as step:
            table = extract(self.corpus, self.source, self.out, settings, workers=self.workers, step=step)
        print_table(table)
        return 0
