"""`crossgate benchmark CONFIG.yaml --out DIR`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from crossgate.errors import InputError

if TYPE_CHECKING:
    from crossgate.worker_pool import Engine


@dataclass(frozen=True)
class Benchmark:
    """Train models on corpora with several seeds under one protocol, and compare them.

    Every model has the same tuning budget on every corpus. Nothing that is finished is done again: the same
    command goes on after an interruption, and takes in what was added to the configuration. Results, tables
    and figures are written at the end, and by --report-only of what there is.
    """

    positional: ClassVar[tuple[str, ...]] = ("config",)

    config: Path = field(metadata={"help": "the benchmark as YAML; see configs/benchmark/"})
    out: Path
    """Folder for corpora that are generated, all runs, and the report."""
    workers: int = 1
    """Trainings at a time, each in a process of its own."""
    engine: Literal["local", "ray"] = "local"
    """Where they run: processes of this machine, or tasks of Ray, on as many machines as its cluster has."""
    address: str | None = None
    """Of a running Ray cluster, HOST:PORT or `auto`; this machine must be part of it. Without, Ray is started
    on this machine for this command."""
    protocol: Literal["honest", "legacy-best-on-test"] | None = None
    """In the place of the configuration's: `legacy-best-on-test` measures, on a part of the train split, what
    choosing the epoch on the test data adds. It needs a folder of its own."""
    report_only: bool = False
    """Train nothing; write the report anew, unfinished trainings listed as missing."""

    def run(self) -> int:
        """Do what is left, print the tables. 1 where a training failed."""
        from crossgate.cli.progress import Trainings
        from crossgate.experiments.benchmark.report.tables import markdown
        from crossgate.experiments.benchmark.run import run_benchmark
        from crossgate.experiments.benchmark.settings import load_benchmark

        if self.workers < 1:
            raise InputError(f"--workers is {self.workers}, expected 1 or more")
        if self.address is not None and self.engine != "ray":
            raise InputError("--address is of a Ray cluster", fix="add --engine ray")
        settings = load_benchmark(self.config, self.protocol)
        trainings = Trainings()
        result = run_benchmark(
            settings,
            self.out,
            workers=self.workers,
            engine=self._engine(settings.tables),
            report_only=self.report_only,
            command=shlex.join(["crossgate", *sys.argv[1:]]),
            told=lambda outcome: trainings.tell(outcome, settings.trainings),
        )
        print(markdown(result.results))
        for path in result.files:
            print(path, file=sys.stderr)
        for title, why in result.failures.items():
            print(f"crossgate: {title} failed: {why}", file=sys.stderr)
        return 1 if result.failures else 0

    def _engine(self, tables: tuple[Path, ...]) -> Engine | None:
        """What trains in the place of local processes."""
        if self.engine == "local":
            return None
        from crossgate.scale.ray_executor import ray_engine

        return ray_engine(self.out, tables, workers=self.workers, address=self.address)
