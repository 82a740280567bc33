"""Many recordings: `crossgate analyze 'calls/**/*.mp4' --out results/`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crossgate.errors import InputError
from crossgate.pipeline.settings import AnalysisSettings

if TYPE_CHECKING:
    from crossgate.cli.analyze import Analyze
    from crossgate.pipeline.batch.crew import Engine


@dataclass(frozen=True, kw_only=True)
class ManyOptions:
    """How many recordings are worked through."""

    workers: int = 1
    """Of many recordings: how many are analysed at a time, each by a process of its own with one model."""
    engine: Literal["local", "ray"] = "local"
    """Of many: where that is, processes of this machine or of the machines of a Ray cluster."""
    address: str | None = None
    """Of a running Ray cluster, HOST:PORT or `auto`; this machine must be part of it. Without, Ray is started
    on this machine for this command."""
    attempts: int = 2
    """Of many: attempts at one whose worker died, hung, or could not reach a store."""
    retry_failed: bool = False
    """Of many: begin those again that failed before."""
    job_minutes: float = 0.0
    """Of many: minutes that an attempt may take; 0 is no limit."""

    def refuse_for_one(self) -> None:
        """Raise InputError for what only many recordings have a use for."""
        for each in fields(ManyOptions):
            if getattr(self, each.name) != each.default:
                raise InputError(
                    f"--{each.name.replace('_', '-')} is of use with many recordings",
                    fix="give several, a folder, or a pattern in quotes such as 'calls/**/*.mp4'",
                )


def analyze_many(command: Analyze, formats: tuple[str, ...], settings: AnalysisSettings) -> int:
    """Do what is left of a batch, and print what came of it. 1 where a recording failed."""
    from crossgate.cli.printing_batch import print_summary
    from crossgate.cli.progress import batch_progress
    from crossgate.pipeline.batch.run import How, run_batch
    from crossgate.pipeline.batch.settings import BatchSettings, Limits

    if command.server:
        raise InputError("a service is sent one recording at a time", fix="give one, or leave out --server")
    if command.address is not None and command.engine != "ray":
        raise InputError("--address is of a Ray cluster", fix="add --engine ray")
    how = How(
        workers=command.workers,
        attempts=command.attempts,
        limits=Limits(command.job_minutes, command.silent_minutes, command.megabytes),
        retry_failed=command.retry_failed,
        engine=command.engine,
        begin=_engine(command),
    )
    batch = BatchSettings(settings, str(command.model), formats, command.embed)
    try:
        with batch_progress() as tell:
            summary = run_batch(
                command.sources, command.out, batch, how, transcripts=command.transcript, told=tell
            )
    except KeyboardInterrupt:
        print("crossgate: the same command goes on where it stood", file=sys.stderr)
        raise
    print_summary(summary, command.out)
    return 1 if summary.failures else 0


def _engine(command: Analyze) -> Engine | None:
    """What analyses in the place of local processes."""
    if command.engine == "local":
        return None
    from crossgate.pipeline.batch.places import is_url
    from crossgate.pipeline.batch.recordings import folder_of
    from crossgate.scale.ray_batch import ray_batch_engine

    folders = {Path(folder_of(source)) for source in command.sources if not is_url(source)}
    return ray_batch_engine(command.out, sorted(folders), workers=command.workers, address=command.address)
