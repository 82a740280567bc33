"""A whole benchmark: tune, train and measure everybody, then write the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossgate.corpora.table import SEALED, CorpusTable
from crossgate.errors import CrossgateError, InputError
from crossgate.experiments.benchmark.data import HONEST_TABLE, LEGACY_TABLE, corpus_table, cut_tables
from crossgate.experiments.benchmark.report.results import collect
from crossgate.experiments.benchmark.report.writing import write_report
from crossgate.experiments.benchmark.runs import Job, Outcome
from crossgate.experiments.benchmark.settings import (
    LEGACY,
    BenchmarkSettings,
    CorpusEntry,
    ModelEntry,
    experiment_under,
    tuned,
)
from crossgate.experiments.benchmark.tuning import TUNING_FOLDER, Tuning
from crossgate.experiments.benchmark.workers import Course, drive
from crossgate.files import write_json
from crossgate.locking import LOCK_FILE, alone
from crossgate.training.settings import Experiment
from crossgate.worker_pool import Engine

BENCHMARK_FILE = "benchmark.json"
"""Its protocol and name, what the folder is of, and the last command that trained in it."""

Told = Callable[[Outcome], None]


@dataclass(frozen=True)
class BenchmarkResult:
    """What a benchmark came to.

    Attributes:
        results: the content of `results.json`; see `results.collect`.
        files: what was written.
        failures: title and reason of every training that failed this time.
    """

    results: dict[str, Any]
    files: tuple[Path, ...]
    failures: dict[str, str]


def run_benchmark(
    settings: BenchmarkSettings,
    folder: Path,
    *,
    workers: int = 1,
    engine: Engine | None = None,
    report_only: bool = False,
    command: str = "crossgate benchmark",
    told: Told | None = None,
) -> BenchmarkResult:
    """Do what is left to do of a benchmark in `folder`, and write the report.

    Args:
        settings: of the benchmark.
        folder: holds everything; what is finished in it is not done again.
        workers: trainings at a time, each a process of its own; 1 works in this process.
        engine: what trains, in the place of processes of this machine.
        report_only: train nothing; what is not finished is listed as missing.
        command: for records.
        told: hears of every training that ends.

    Raises InputError where another process works in the folder, where it holds something else or was begun
    with another protocol, other settings or data, and for whatever `train` refuses; CrossgateError where a
    worker was killed.
    """
    failures: dict[str, str] = {}

    def hear(outcome: Outcome) -> None:
        if outcome.failure is not None:
            failures[outcome.job.title] = outcome.failure
        if told is not None:
            told(outcome)

    _refuse_strange(folder, settings.protocol, report_only)
    with alone(folder):
        if not report_only:
            about = {"protocol": settings.protocol, "name": settings.name, "command": command}
            write_json(folder / BENCHMARK_FILE, about)
            courses = [
                _course(settings, corpus, model, tables, folder, command)
                for corpus in settings.corpora
                for tables in [_tables(settings, corpus, folder)]
                for model in settings.models
            ]
            drive(courses, workers, hear, engine)
        about = json.loads((folder / BENCHMARK_FILE).read_text(encoding="utf-8"))
        results = collect(settings, folder, failures, about.get("command"))
        return BenchmarkResult(results, tuple(write_report(results, folder)), failures)


def _refuse_strange(folder: Path, protocol: str, report_only: bool) -> None:
    """Raise InputError where a folder holds something else, another protocol, or nothing to report."""
    path = folder / BENCHMARK_FILE
    if path.is_file():
        begun = json.loads(path.read_text(encoding="utf-8"))["protocol"]
        if begun != protocol:
            raise InputError(
                f"the benchmark there has the protocol {begun}, this one {protocol}",
                where=str(folder),
                fix="name another folder",
            )
        return
    if report_only:
        raise InputError("no benchmark here, so there is nothing to report", where=str(folder))
    # The first files of a benchmark that was killed before it had begun.
    own = {LOCK_FILE, *(draft.name for draft in folder.glob(f".{BENCHMARK_FILE}.*"))}
    if folder.exists() and (not folder.is_dir() or {one.name for one in folder.iterdir()} - own):
        raise InputError("exists already and is no benchmark", where=str(folder), fix="name another folder")


@dataclass(frozen=True)
class _Tables:
    """What is trained on under each of the names a run's folder begins with, and what is measured in."""

    trained: dict[str, CorpusTable]
    measured_in: Path
    split: str


def _tables(settings: BenchmarkSettings, corpus: CorpusEntry, folder: Path) -> _Tables:
    if settings.protocol == LEGACY:
        cut = cut_tables(corpus, settings, folder)
        return _Tables(
            {"seed": cut[HONEST_TABLE], "legacy": cut[LEGACY_TABLE]},
            cut[LEGACY_TABLE].folder,
            "validation",
        )
    table = corpus_table(corpus, folder)
    return _Tables({"seed": table}, table.folder, corpus.measured_on)


def _course(
    settings: BenchmarkSettings,
    corpus: CorpusEntry,
    model: ModelEntry,
    tables: _Tables,
    folder: Path,
    command: str,
) -> Course:
    """The trainings of one model on one corpus: trial after trial, then all seeds side by side.

    Paths in jobs are absolute: a worker may stand in another folder than this process.
    """
    place = (folder / corpus.name / model.name).absolute()
    experiment = experiment_under(settings, corpus, model)
    first = settings.seeds[0]
    best: Path | None = None
    if settings.tuning.trials:
        honest = tables.trained["seed"]
        # The same splits as in a run's record: the test split is no part of it.
        data = {name: s.sha256 for name, s in honest.manifest.splits.items() if name not in SEALED}
        tuning = Tuning(place / TUNING_FOLDER, settings.tuning, experiment, data, first)
        while (trial := tuning.next()) is not None:
            number, values = trial
            job = Job(
                f"{experiment.name}, trial {number + 1} of {settings.tuning.trials}",
                tuned(experiment, values),
                honest.folder.absolute(),
                _trial_folder(place, number),
                first,
                command,
            )
            (outcome,) = yield [job]
            tuning.tell(number, outcome.score, outcome.failure)
        try:
            number, values = tuning.best()
        except CrossgateError:
            return  # the failures were told; the report lists the model as missing
        experiment, best = tuned(experiment, values), _trial_folder(place, number)
    yield list(_seed_jobs(settings, experiment, tables, place, best, command))


def _seed_jobs(
    settings: BenchmarkSettings,
    experiment: Experiment,
    tables: _Tables,
    place: Path,
    best: Path | None,
    command: str,
) -> Iterator[Job]:
    for seed in settings.seeds:
        for name, table in tables.trained.items():
            yield Job(
                f"{experiment.name}, seed {seed}" + ("" if name == "seed" else f", {name}"),
                experiment,
                table.folder.absolute(),
                place / f"{name}-{seed}",
                seed,
                command,
                measured_in=tables.measured_in.absolute(),
                split=tables.split,
                same_as=best if name == "seed" and seed == settings.seeds[0] else None,
            )


def _trial_folder(place: Path, number: int) -> Path:
    return place / TUNING_FOLDER / f"trial-{number:03d}"
