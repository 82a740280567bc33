"""`results.json`: everything the tables and figures are made of, read from the runs' folders alone.

    name, title        title says so where fewer than five seeds stand behind it
    protocol, seeds, reference, tuning, measures
    command            the last one that trained; null where it was not kept
    machine            of the first run: python, system, processor, cores, gpu; null where nothing is finished
    correction         in words: which p-values were corrected, and how
    corpora            a list, one each:
      name, data       as configured
      measured_on      the split the figures are of, or `folds`, or `held-out train conversations`
      caption          in words: what the figures are of, and what was chosen there too
      labels, utterances (labelled ones), conversations, data_sha256 (of the splits trained on)
      models           a list, one each:
        name, kind
        settings       what tuning found, by name; {} without tuning
        trials         of the tuning: number, settings, state (running, finished, failed), weighted_f1
        training_seconds  of all its runs and trials, the epochs alone
        seeds          a list: seed, epoch, weighted_f1, macro_f1, accuracy;
                       under the legacy protocol also legacy: the same, the epoch chosen on what is measured
        scores         by measure: n, mean, standard_deviation, min, max, interval {low, high, level}
        together       by measure: of the mean of the seeds' probabilities
        legacy_scores, habit  legacy protocol only: scores so chosen, and how much they are higher, over seeds
        missing        a list: what, why
      comparisons      of the epochs chosen honestly; a list: model, reference, seeds (both have),
                       difference, and t_test and randomisation, each with p_value, p_holm and note

Scores are shares of 1. A model without a finished seed has no scores: null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from crossgate.emotions import UNLABELLED, LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.significance import holm
from crossgate.evaluation.summary import honest_title
from crossgate.experiments.benchmark.measured import MEASURED_FILE, Measured, read_measured
from crossgate.experiments.benchmark.report.scores import (
    MEASURES,
    compare,
    habit,
    refuse_others,
    scores_of_seed,
    scores_over_seeds,
    together,
)
from crossgate.experiments.benchmark.settings import (
    LEGACY,
    BenchmarkSettings,
    CorpusEntry,
    ModelEntry,
    experiment_under,
    tuned,
)
from crossgate.experiments.benchmark.tuning import TUNING_FILE, TUNING_FOLDER, best_of, read_tuning
from crossgate.training.configuration import experiment_json, plain
from crossgate.training.record import METRICS_FILE, read_run
from crossgate.training.settings import Experiment

TESTS = ("t_test", "randomisation")
CORRECTION = (
    "p-values of each test are corrected by Holm's method for all comparisons of this report by that test; "
    "`p` is as computed, `p (Holm)` as corrected"
)


def collect(
    settings: BenchmarkSettings, folder: Path, failures: dict[str, str], command: str | None = None
) -> dict[str, Any]:
    """The content of `results.json` as far as the trainings in `folder` are finished.

    `failures` tells why trainings failed, by title; `command` is the one that trained. Raises InputError
    where runs do not fit each other.
    """
    machines: list[dict[str, Any]] = []
    corpora = [_corpus(settings, corpus, folder, failures, machines) for corpus in settings.corpora]
    comparisons = [one for corpus in corpora for one in corpus["comparisons"]]
    correct(comparisons)
    counts = [len(model["seeds"]) for corpus in corpora for model in corpus["models"] if model["seeds"]]
    title = f"{settings.name}, protocol {settings.protocol}"
    return {
        "name": settings.name,
        "title": honest_title(title, min(counts)) if counts else f"{title} (nothing is finished yet)",
        "protocol": settings.protocol,
        "seeds": list(settings.seeds),
        "reference": settings.reference,
        "tuning": plain(asdict(settings.tuning)),
        "measures": list(MEASURES),
        "command": command,
        "machine": machines[0] if machines else None,
        "correction": CORRECTION if comparisons else None,
        "corpora": corpora,
    }


def correct(comparisons: Sequence[dict[str, Any]]) -> None:
    """Give every p-value its `p_holm`, in place: corrected for all comparisons by the same test."""
    for test in TESTS:
        done = [one[test] for one in comparisons if one[test] and one[test]["p_value"] is not None]
        for entry, adjusted in zip(done, holm([entry["p_value"] for entry in done]), strict=True):
            entry["p_holm"] = adjusted


def _corpus(
    settings: BenchmarkSettings,
    corpus: CorpusEntry,
    folder: Path,
    failures: dict[str, str],
    machines: list[dict[str, Any]],
) -> dict[str, Any]:
    """The entry of a corpus; `machines` takes in what its runs were trained on."""
    found = [
        _Found(settings, corpus, model, folder / corpus.name / model.name, failures)
        for model in settings.models
    ]
    machines += [one.machine for one in found if one.machine]
    everything = [
        (str(one.place), run) for one in found for runs in one.runs.values() for run in runs.values()
    ]
    refuse_others(everything)
    hashes = [one.data for one in found if one.data]
    if any(one != hashes[0] for one in hashes):
        raise InputError("the models were trained on different data", where=str(folder / corpus.name))
    about: dict[str, Any] = {
        "name": corpus.name,
        "data": corpus.data,
        "measured_on": "held-out train conversations" if settings.protocol == LEGACY else corpus.measured_on,
        "caption": _caption(settings, corpus),
        "labels": next((list(one.labels.labels) for one in found if one.labels), None),
        "utterances": None,
        "conversations": None,
        "data_sha256": hashes[0] if hashes else None,
        "models": [one.to_json() for one in found],
    }
    if everything:
        labelled = everything[0][1].labels != UNLABELLED
        about["utterances"] = int(labelled.sum())
        about["conversations"] = len(set(np.asarray(everything[0][1].conversations)[labelled]))
    # Under the legacy protocol too the honest epochs are compared: on conversations that chose nothing.
    reference = next(one for one in found if one.model.name == settings.reference)
    about["comparisons"] = [
        {"model": one.model.name, "reference": settings.reference}
        | compare(one.runs["seed"], reference.runs["seed"])
        for one in found
        if one is not reference
    ]
    return about


def _caption(settings: BenchmarkSettings, corpus: CorpusEntry) -> str:
    """What a reader must know of the figures of a corpus."""
    also = " and the settings were" if settings.tuning.trials else " was"
    if settings.protocol == LEGACY:
        return (
            f"Of conversations held out of the train split; no test split was read. Honest: the epoch{also} "
            "chosen on validation. Legacy: the epoch was chosen on the very conversations the figures are of."
        )
    if corpus.measured_on == "test":
        by = "validation" if corpus.selection.by == "validation" else "folds of the train split"
        return (
            f"Of the generated test split; the epoch{also} chosen on {by}. Generated data: no result on any "
            "corpus."
        )
    if corpus.measured_on == "folds":
        return (
            f"Out of fold: every train utterance by a fit that had not seen its fold. The epoch{also} chosen "
            "on these folds too, so that the figures are a little high."
        )
    return (
        f"Of the validation split. The epoch{also} chosen on it too, so that the figures are a little high."
    )


class _Found:
    """What is finished of one model on one corpus."""

    def __init__(
        self,
        settings: BenchmarkSettings,
        corpus: CorpusEntry,
        model: ModelEntry,
        place: Path,
        failures: dict[str, str],
    ) -> None:
        self.model, self.place, self.legacy = model, place, settings.protocol == LEGACY
        self.labels: LabelSet | None = None
        self.data: dict[str, str] = {}
        self.machine: dict[str, Any] | None = None
        self.trials: list[dict[str, Any]] = []
        self.values: dict[str, Any] = {}
        self.missing: list[dict[str, str]] = []
        self.epochs: dict[str, dict[int, int]] = {}
        # The first seed of tuned settings is the best trial's run, copied.
        self._copied = f"seed-{settings.seeds[0]}" if settings.tuning.trials else ""
        names = ("seed", "legacy") if self.legacy else ("seed",)
        self.runs: dict[str, dict[int, Measured]] = {name: {} for name in names}
        experiment = experiment_under(settings, corpus, model)
        self.title = experiment.name
        expected = self._tuned(settings, experiment)
        for name in names:
            for seed in settings.seeds:
                self._take(name, seed, expected, failures)

    def _tuned(self, settings: BenchmarkSettings, experiment: Experiment) -> Experiment | None:
        """The experiment that the seeds must have trained; None while tuning goes on."""
        budget = settings.tuning.trials
        if not budget:
            return experiment
        if (self.place / TUNING_FOLDER / TUNING_FILE).is_file():
            self.trials = read_tuning(self.place / TUNING_FOLDER)["trials"][:budget]
        ended = [trial for trial in self.trials if trial["state"] != "running"]
        best = best_of(self.trials)
        if len(ended) < budget or best is None:
            why = (
                "every trial failed"
                if len(ended) == budget
                else f"{len(ended)} of {budget} trials are finished"
            )
            self.missing.append({"what": f"{self.title}, tuning", "why": why})
            return None
        self.values = best["settings"]
        return tuned(experiment, best["settings"])

    def _take(self, name: str, seed: int, expected: Experiment | None, failures: dict[str, str]) -> None:
        """Read one run, or note why it is missing."""
        title = f"{self.title}, seed {seed}" + ("" if name == "seed" else f", {name}")
        folder = self.place / f"{name}-{seed}"
        file = folder / MEASURED_FILE
        why = ""
        if expected is None:
            why = "waits for the tuning"
        elif not file.is_file():
            why = failures.get(title, "not finished" if folder.is_dir() else "not begun")
        else:
            record = read_run(folder)
            if record.get("experiment") != experiment_json(expected):
                why = "the run there was made with other settings"
            else:
                self.labels = LabelSet(record["data"]["name"], tuple(record["data"]["labels"]))
                self.machine = self.machine or record.get("machine")
                if name == "seed":
                    self.data = record["data"]["sha256"]
                self.epochs.setdefault(name, {})[seed] = int(record["outcome"]["epoch"])
                self.runs[name][seed] = read_measured(file, self.labels)
        if why:
            self.missing.append({"what": title, "why": why})

    def to_json(self) -> dict[str, Any]:
        """The entry of the model."""
        runs = self.runs["seed"]
        entry: dict[str, Any] = {
            "name": self.model.name,
            "kind": self.model.model.kind,
            "settings": self.values,
            "trials": self.trials,
            "training_seconds": _seconds(self.place, self._copied),
            "seeds": self._seeds("seed"),
            "scores": scores_over_seeds(runs) if runs else None,
            "together": scores_of_seed(together(runs)) if runs else None,
            "missing": self.missing,
        }
        if self.legacy:
            legacy = self.runs["legacy"]
            chosen = {one["seed"]: one for one in self._seeds("legacy")}
            for one in entry["seeds"]:
                one["legacy"] = chosen.get(one["seed"])
            entry["legacy_scores"] = scores_over_seeds(legacy) if legacy else None
            entry["habit"] = habit(runs, legacy) or None
        return entry

    def _seeds(self, name: str) -> list[dict[str, Any]]:
        return [
            {"seed": seed, "epoch": self.epochs[name][seed]} | scores_of_seed(run)
            for seed, run in self.runs[name].items()
        ]


def _seconds(place: Path, copied: str) -> float:
    """Seconds that the epochs of all runs below a folder took, but for the one that was copied."""
    total = 0.0
    for path in sorted(place.rglob(METRICS_FILE)):
        name = path.relative_to(place).parts[0]
        if name == copied or name.startswith("."):  # a draft that was left when the process was killed
            continue
        lines: Sequence[str] = path.read_text(encoding="utf-8").splitlines()
        total += sum(float(json.loads(line)["seconds"]) for line in lines)
    return round(total, 1)
