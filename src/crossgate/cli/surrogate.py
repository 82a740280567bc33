"""`crossgate surrogate`: writes a generated corpus and prints its ceilings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

from crossgate.corpora.surrogate.settings import SurrogateSettings


@dataclass(frozen=True, kw_only=True)
class Surrogate(SurrogateSettings):
    """Generate a corpus whose best possible accuracy is known, for the demo and for tests. It is not data."""

    positional: ClassVar[tuple[str, ...]] = ()

    out: Path
    """Folder to write; it must not exist, or be empty."""

    def run(self) -> int:
        """Write the corpus; print the ceilings beside the published figures they were tuned to."""
        from rich.console import Console
        from rich.table import Table

        from crossgate.corpora.surrogate import generate_surrogate, read_ceilings

        settings = SurrogateSettings(**{f.name: getattr(self, f.name) for f in fields(SurrogateSettings)})
        corpus = generate_surrogate(settings, self.out)
        table = Table(
            title=f"Bayes-optimal accuracy (%) of {corpus.manifest.name}, which is generated and not data",
            caption="± standard error. No decision can be right more often, on average.",
        )
        table.add_column("modalities")
        for heading in ("utterance alone", "with its past", "whole conversation", "published wF1 aimed at"):
            table.add_column(heading, justify="right")
        for view, found in read_ceilings(corpus.folder)["views"].items():
            cells = [
                f"{found[context]['accuracy']:.1f} ± {found[context]['standard_error']:.1f}"
                for context in ("utterance", "past", "conversation")
            ]
            table.add_row(view.upper(), *cells, f"{found['target']:.1f}")
        console = Console()
        console.print(table)
        rows = ", ".join(f"{name} {split.rows}" for name, split in corpus.manifest.splits.items())
        console.print(f"{self.out}: utterances {rows}", soft_wrap=True, markup=False, highlight=False)
        return 0
