"""A whole reproduction: import, audit, train, score on test once, train as the literature does, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossgate.experiments.benchmark.run import run_benchmark
from crossgate.experiments.benchmark.runs import Job, Outcome
from crossgate.experiments.benchmark.settings import BenchmarkSettings, experiment_of
from crossgate.experiments.benchmark.workers import Course, drive
from crossgate.experiments.reproduction.data import (
    LEGACY_FOLDER,
    audited,
    imported,
    labelled_in_test,
    legacy_table,
    refuse_strange,
)
from crossgate.experiments.reproduction.page import finding_lines, markdown
from crossgate.experiments.reproduction.results import (
    HONEST_FOLDER,
    collect,
    honest_runs,
    legacy_runs,
)
from crossgate.experiments.reproduction.settings import (
    ReproductionSettings,
    honest_benchmark,
    legacy_benchmark,
)
from crossgate.experiments.reproduction.tested import score_on_test
from crossgate.files import new_file, write_json
from crossgate.locking import alone

RESULTS_FILE = "reproduction.json"
PAGE_FILE = "reproduction.md"

Told = Callable[[Outcome, int], None]
"""Hears of every training that ends, and of how many there are in all."""


@dataclass(frozen=True)
class ReproductionResult:
    """What a reproduction came to.

    Attributes:
        results: the content of `reproduction.json`; see `results.collect`.
        page: the content of `reproduction.md`.
        files: what was written.
        failures: title and reason of every training that failed this time.
    """

    results: dict[str, Any]
    page: str
    files: tuple[Path, ...]
    failures: dict[str, str]


def run_reproduction(
    settings: ReproductionSettings,
    source: Path,
    folder: Path,
    *,
    workers: int = 1,
    report_only: bool = False,
    command: str = "crossgate reproduce",
    told: Told | None = None,
    said: Callable[[str], None] | None = None,
) -> ReproductionResult:
    """Do what is left to do of a reproduction in `folder`, and write the report.

    The test split is opened when every honest training has finished, once to score the chosen models and once
    to be copied into the table of the literature's protocol; without a label in it, not at all.

    Args:
        settings: of the reproduction.
        source: the feature pickle; not looked at with `report_only`.
        folder: holds everything; what is finished in it is not done again.
        workers: trainings at a time, each a process of its own; 1 works in this process.
        report_only: train nothing, open nothing; what is not finished is listed as missing.
        command: for records.
        told: hears of every training that ends.
        said: hears of everything else, a line at a time.

    Raises InputError where the pickle is not of the corpus or cannot be read as data, where another process
    works in the folder, where it holds something else or was begun with another pickle or other settings.
    """
    failures: dict[str, str] = {}
    say = said or (lambda words: None)
    refuse_strange(folder, report_only)
    with alone(folder):
        table = imported(settings.corpus, None if report_only else source, folder)
        found = audited(None if report_only else source, folder)
        for line in finding_lines(found):
            say(f"audit: {line}")
        honest = honest_benchmark(settings, table)
        legacy = legacy_benchmark(honest, folder / LEGACY_FOLDER)
        scorable = labelled_in_test(found) > 0
        trainings = honest.trainings + (legacy.trainings if scorable else 0)

        def hear(outcome: Outcome) -> None:
            if outcome.failure is not None:
                failures[outcome.job.title] = outcome.failure
            if told is not None:
                told(outcome, trainings)

        if not report_only:
            run_benchmark(honest, folder / HONEST_FOLDER, workers=workers, command=command, told=hear)
            if scorable and not failures:
                runs = list(honest_runs(honest, folder).values())
                say(f"scoring {len(runs)} chosen models on the test split; see {folder / 'test_reads.json'}")
                score_on_test(table, runs, folder, command)
                copied = legacy_table(table, folder, command)
                drive([_course(_legacy_jobs(legacy, copied.folder, folder, command))], workers, hear)
        results = collect(settings, honest, legacy, table, folder, found, failures)
        page = markdown(results)
        write_json(folder / RESULTS_FILE, results)
        with new_file(folder / PAGE_FILE) as draft:
            draft.write_text(page, encoding="utf-8")
    return ReproductionResult(results, page, (folder / RESULTS_FILE, folder / PAGE_FILE), failures)


def _legacy_jobs(legacy: BenchmarkSettings, data: Path, folder: Path, command: str) -> list[Job]:
    (corpus,) = legacy.corpora
    experiments = {model.name: experiment_of(corpus, model) for model in legacy.models}
    return [
        Job(
            f"{experiments[model].name}, seed {seed}",
            experiments[model],
            data,
            run,
            seed,
            command,
            measured_in=data,
        )
        for (model, seed), run in legacy_runs(legacy, folder).items()
    ]


def _course(jobs: Sequence[Job]) -> Course:
    """All of them side by side."""
    yield jobs
