"""`crossgate extract meld MELD.Raw/ --out DIR`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from crossgate.errors import InputError
from crossgate.pipeline.extraction.settings import ExtractionSettings

if TYPE_CHECKING:
    from crossgate.worker_pool import Engine


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
    """Clips that are measured at a time, each by a process of its own."""
    engine: Literal["local", "ray"] = "local"
    """Where that is: processes of this machine, or tasks of Ray, on as many machines as its cluster has."""
    address: str | None = None
    """Of a running Ray cluster, HOST:PORT or `auto`; this machine must be part of it. Without, Ray is started
    on this machine for this command."""

    def run(self) -> int:
        """Extract, and print what the table holds."""
        from crossgate.cli.printing_table import print_table
        from crossgate.cli.progress import progress
        from crossgate.pipeline.extraction.extract import extract

        if self.address is not None and self.engine != "ray":
            raise InputError("--address is of a Ray cluster", fix="add --engine ray")
        settings = ExtractionSettings(**{f.name: getattr(self, f.name) for f in fields(ExtractionSettings)})
        with progress() as step:
            table = extract(
                self.corpus,
                self.source,
                self.out,
                settings,
                workers=self.workers,
                engine=self._engine(),
                step=step,
            )
        print_table(table)
        return 0

    def _engine(self) -> Engine | None:
        """What measures in the place of local processes."""
        if self.engine == "local":
            return None
        from crossgate.pipeline.extraction.extract import partial_folder
        from crossgate.scale.ray_executor import ray_engine

        folder = partial_folder(self.out)
        return ray_engine(folder, (self.source,), workers=self.workers, address=self.address)
