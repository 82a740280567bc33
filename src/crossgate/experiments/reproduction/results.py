"""`reproduction.json`: what is published, what was trained here, and what the literature's habit adds.

    corpus, title      title says so where fewer than five seeds stand behind it
    stopped            why nothing is scored; null where something is, or may yet be
    seeds, set         as asked for
    pickle             in words, with its SHA-256
    notes              of the import: what was found in the pickle and done to it
    audit              summary (numbers by severity), findings (severity, check, where, what, count)
    scored             utterances (labelled ones) and conversations of the test split; null before
    published          a list: system, accuracy, weighted_f1 (percent, as printed, or null), note, source
    own_paper          why the method's own paper is not among them
    trained            a list, one for each protocol and model:
      model, protocol  honest, or legacy-best-on-test: the epoch was chosen on what is measured
      chosen_on        in words
      seeds            a list: seed, epoch, accuracy, weighted_f1
      scores           by measure: n, mean, standard_deviation, min, max; null without a seed
      missing          a list: what, why
    habit              a list: model, and by measure what choosing on the test split adds, as in scores

All but what is published are shares of 1, measured on the test split.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from crossgate.corpora.table import CorpusTable
from crossgate.emotions import UNLABELLED, LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.summary import honest_title, summarise
from crossgate.experiments.benchmark.measured import MEASURED_FILE, Measured, read_measured
from crossgate.experiments.benchmark.report.scores import habit, refuse_others, scores_of_seed
from crossgate.experiments.benchmark.settings import HONEST, LEGACY, BenchmarkSettings, experiment_of
from crossgate.experiments.reproduction.data import labelled_in_test
from crossgate.experiments.reproduction.published import OWN_PAPER, PUBLISHED
from crossgate.experiments.reproduction.settings import LAST_DIGIT, ReproductionSettings
from crossgate.experiments.reproduction.tested import TESTED_FILE
from crossgate.training.configuration import experiment_json
from crossgate.training.record import read_run

HONEST_FOLDER = "honest"
LEGACY_RUNS_FOLDER = f"{LEGACY}-runs"

SHOWN = ("accuracy", "weighted_f1")
"""The measures that papers publish."""

ON_VALIDATION = "the validation split"

Runs = dict[tuple[str, int], Path]
"""Folders of runs by model and seed."""


def honest_runs(honest: BenchmarkSettings, folder: Path) -> Runs:
    """The runs of the benchmark in `folder/honest`."""
    return _runs(honest, folder / HONEST_FOLDER / honest.corpora[0].name)


def legacy_runs(legacy: BenchmarkSettings, folder: Path) -> Runs:
    """The runs whose epoch is chosen on the test split."""
    return _runs(legacy, folder / LEGACY_RUNS_FOLDER)


def _runs(benchmark: BenchmarkSettings, place: Path) -> Runs:
    return {
        (model.name, seed): place / model.name / f"seed-{seed}"
        for model in benchmark.models
        for seed in benchmark.seeds
    }


def collect(
    settings: ReproductionSettings,
    honest: BenchmarkSettings,
    legacy: BenchmarkSettings,
    table: CorpusTable,
    folder: Path,
    audit: dict[str, Any],
    failures: dict[str, str],
) -> dict[str, Any]:
    """The content of `reproduction.json` as far as the trainings in `folder` are finished and scored.

    `failures` tells why trainings failed, by title. Raises InputError where runs do not fit each other.
    """
    labels, scorable = table.manifest.labels, labelled_in_test(audit) > 0
    found = {
        HONEST: _Found(honest, honest_runs(honest, folder), TESTED_FILE, labels, failures),
        LEGACY: _Found(legacy, legacy_runs(legacy, folder), MEASURED_FILE, labels, failures),
    }
    measured = [(str(one.runs[key]), run) for one in found.values() for key, run in one.measured.items()]
    refuse_others(measured)
    trained = [
        {"model": model.name, "protocol": protocol, "chosen_on": _chosen_on(protocol, honest)}
        | one.to_json(model.name)
        for protocol, one in found.items()
        for model in honest.models
    ]
    counts = [len(one["seeds"]) for one in trained if one["seeds"]]
    title = f"Reproduction on {settings.corpus.upper()}"
    stopped = None
    if not scorable:
        title += " (nothing was scored)"
        stopped = (
            "No utterance of the test part has a label, so nothing can be scored. There are the honest "
            "trainings alone; the test split was not opened."
        )
    elif not counts:
        title += " (nothing is scored yet)"
    return {
        "corpus": settings.corpus,
        "title": honest_title(title, min(counts)) if counts else title,
        "stopped": stopped,
        "seeds": list(honest.seeds),
        "set": settings.set,
        "pickle": table.manifest.source,
        "notes": list(table.manifest.notes),
        "audit": {
            "summary": audit["summary"],
            "findings": [
                {name: one[name] for name in ("severity", "check", "where", "what", "count")}
                for one in audit["findings"]
            ],
        },
        "scored": _size(measured[0][1]) if measured else None,
        "published": [
            {
                "system": one.system,
                "accuracy": one.figures[settings.corpus][0],
                "weighted_f1": one.figures[settings.corpus][1],
                "note": one.note,
                "source": one.source,
            }
            for one in PUBLISHED
        ],
        "own_paper": OWN_PAPER,
        "trained": trained,
        "habit": [
            {"model": model.name} | {name: added[name] for name in SHOWN}
            for model in honest.models
            if (added := habit(found[HONEST].of(model.name), found[LEGACY].of(model.name)))
        ],
    }


class _Found:
    """What is finished and scored under one protocol."""

    def __init__(
        self,
        benchmark: BenchmarkSettings,
        runs: Runs,
        file: str,
        labels: LabelSet,
        failures: dict[str, str],
    ) -> None:
        self.runs = runs
        self.measured: dict[tuple[str, int], Measured] = {}
        self._epochs: dict[tuple[str, int], int] = {}
        self._missing: dict[str, list[dict[str, str]]] = {model.name: [] for model in benchmark.models}
        experiments = {model.name: experiment_of(benchmark.corpora[0], model) for model in benchmark.models}
        for (model, seed), run in runs.items():
            title = f"{experiments[model].name}, seed {seed}"
            why = ""
            if not (run / file).is_file():
                why = failures.get(title, _state(run))
            else:
                record = read_run(run)
                if record.get("experiment") != experiment_json(experiments[model]):
                    why = "the run there was made with other settings"
                else:
                    self.measured[model, seed] = read_measured(run / file, labels)
                    self._epochs[model, seed] = int(record["outcome"]["epoch"])
            if why:
                self._missing[model].append({"what": title, "why": why})

    def of(self, model: str) -> dict[int, Measured]:
        """The runs of a model by seed."""
        return {seed: run for (name, seed), run in self.measured.items() if name == model}

    def to_json(self, model: str) -> dict[str, Any]:
        """Seeds, scores and what is missing of a model."""
        seeds = []
        for seed, run in self.of(model).items():
            scores = scores_of_seed(run)
            seeds.append(
                {"seed": seed, "epoch": self._epochs[model, seed]} | {name: scores[name] for name in SHOWN}
            )
        return {
            "seeds": seeds,
            "scores": {name: summarise([one[name] for one in seeds]).to_json() for name in SHOWN}
            if seeds
            else None,
            "missing": self._missing[model],
        }


def _state(run: Path) -> str:
    """Why a run has no scores, as far as its folder tells."""
    if not run.is_dir():
        return "not begun"
    try:
        finished = read_run(run).get("status") == "finished"
    except InputError:
        finished = False
    return "trained, not scored" if finished else "not finished"


def _chosen_on(protocol: str, honest: BenchmarkSettings) -> str:
    """What the epoch was chosen on, in words."""
    selection = honest.corpora[0].selection
    if protocol == LEGACY:
        return "the test split itself"
    if selection.by == "validation":
        return ON_VALIDATION
    if selection.group == LAST_DIGIT:
        return "dialogues left out in turn (no validation split could be told)"
    return "leaving one session out"


def _size(measured: Measured) -> dict[str, int]:
    labelled = measured.labels != UNLABELLED
    return {
        "utterances": int(labelled.sum()),
        "conversations": len(set(np.asarray(measured.conversations)[labelled])),
    }
