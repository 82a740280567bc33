"""Examines a run, or two side by side. The layout of `examination.json`:

    title, corpus, split, sha256, command, crossgate
    labels             name, labels
    settings           prior (by emotion), prior_of (in words), shares (of turns, for robustness),
                       noise_deviation
    turns              utterances, labelled, and how many are shift, same, first, unknown
    runs               a list, the run first, then the one it is held against:
      name, folder, kind, modalities, seeds
      missing          by part of the examination: why it is not there
      utterances       behind redundancy, by pair, and behind the rank correlation within utterances
      over_seeds       the layout of by_seed; every number an object n, mean, standard_deviation, min, max
      by_seed          a list: seed, and
        scores         weighted_f1, macro_f1, accuracy, negative_log_likelihood (nats)
        redundancy     by pair (ta): cka, cross_correlation, inputs_cka
        contributions  Shapley values: log_probability (nats) and weighted_f1 by modality; by_emotion, of the
                       log-probability; worth and worth_weighted_f1 by subset (nothing, t, ..., tav)
        gates          shares by modality, by_emotion, rank_correlation_within_utterances, and
                       rank_correlation_across_utterances by modality
        robustness     by failure (missing, shuffled, noise) and modality: weighted F1 by settings.shares
        shifts         by kind of turn: accuracy, weighted_f1
        calibration    expected_calibration_error, maximum_calibration_error, mean_confidence
      reliability      the curve of all seeds' predictions pooled
    comparison         null, or: seeds (both have), tests, a list: measure, difference (first less second,
                       over seeds), t_test and randomisation, each with p_value, p_holm and note

Scores are shares of 1. What was not measured is null or, by name, absent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crossgate import __version__
from crossgate.corpora.table import CorpusTable
from crossgate.emotions import UNLABELLED
from crossgate.evaluation.calibration import Reliability, reliability
from crossgate.evaluation.robustness import NOISE_DEVIATION, SHARES
from crossgate.evaluation.run_folder import FOLDS
from crossgate.evaluation.shifts import KINDS, UNKNOWN
from crossgate.evaluation.summary import honest_title
from crossgate.experiments.examination.compare import compare
from crossgate.experiments.examination.measure import (
    Measures,
    Truth,
    measure_folds,
    measure_network,
    truth_of,
)
from crossgate.experiments.examination.subjects import (
    Subject,
    named_apart,
    open_subject,
    opened,
    refuse_unlike,
    title_of,
)
from crossgate.experiments.examination.summary import over_seeds
from crossgate.pipeline.steps import Step


@dataclass(frozen=True)
class Examination:
    """What was found.

    Attributes:
        content: `examination.json`.
        truth: the split it was measured on.
        runs: by name, the run first: the measures of its seeds.
        reliability: by name, of all seeds' predictions pooled.
    """

    content: dict[str, Any]
    truth: Truth
    runs: dict[str, list[Measures]]
    reliability: dict[str, Reliability]


def examine(
    run: Path,
    table: CorpusTable,
    split: str,
    command: str,
    *,
    against: Path | None = None,
    step: Step = lambda words, share: None,
) -> Examination:
    """Measure a run of one or several seeds on a split, or on `folds`.

    Args:
        run: folder of a run, of several seeds, or a checkpoint's folder or name.
        table: the corpus.
        split: of it, or `folds`. The test split of a generated corpus is opened with a record in each run's
            folder; that of any other is refused.
        command: for the record.
        against: a second run, to be compared with.
        step: told what is being done.

    Raises InputError where there is no run, where features or labels do not fit, where no utterance of the
    split is labelled, and where the second run cannot be compared with the first.
    """
    subjects = [open_subject(path, table, split) for path in (run, against) if path is not None]
    if len(subjects) > 1:
        refuse_unlike(*subjects)
    with opened(subjects, table, split, command) as readings:
        data = readings[0].split
        truth = truth_of(data, table, subjects[0].labels)
        names = named_apart(subjects)
        runs = {
            name: _measured(subject, truth, name, step) for name, subject in zip(names, subjects, strict=True)
        }
        pooled = {name: _pooled(measures, truth) for name, measures in runs.items()}
        described = [
            _described(subject, name, runs[name], pooled[name], split)
            for name, subject in zip(names, subjects, strict=True)
        ]
        fewest = min(len(measures) for measures in runs.values())
        content: dict[str, Any] = {
            "title": honest_title(title_of(subjects[0], table, split, data), fewest),
            "corpus": table.manifest.name,
            "split": split,
            "sha256": data.sha256,
            "command": command,
            "crossgate": __version__,
            "labels": {"name": truth.label_set.name, "labels": list(truth.label_set.labels)},
            "settings": {
                "prior": dict(zip(truth.label_set.labels, truth.prior.tolist(), strict=True)),
                "prior_of": truth.prior_of,
                "shares": list(SHARES),
                "noise_deviation": NOISE_DEVIATION,
            },
            "turns": {
                "utterances": len(truth.labels),
                "labelled": int((truth.labels != UNLABELLED).sum()),
                **{kind or "unknown": int((truth.kinds == kind).sum()) for kind in (*KINDS, UNKNOWN)},
            },
            "runs": described,
            "comparison": compare(runs[names[0]], runs[names[1]], truth) if len(names) > 1 else None,
        }
        for reading, one in zip(readings, described, strict=True):
            reading.outcome = {name: score["mean"] for name, score in one["over_seeds"]["scores"].items()}
    return Examination(content, truth, runs, pooled)


def _measured(subject: Subject, truth: Truth, name: str, step: Step) -> list[Measures]:
    """The measures of every seed."""
    if subject.folds:
        return [
            measure_folds(answers, seed, subject.modalities, truth) for seed, answers in subject.folds.items()
        ]

    def done(place: int) -> Callable[[float], None]:
        return lambda share: step(name, (place + share) / len(subject.checkpoints))

    return [
        measure_network(checkpoint, seed, truth, done(place))
        for place, (seed, checkpoint) in enumerate(subject.checkpoints.items())
    ]


def _described(
    subject: Subject, name: str, measures: list[Measures], pooled: Reliability, split: str
) -> dict[str, Any]:
    """A run as `examination.json` has it."""
    by_seed = [one.to_json() for one in measures]
    return {
        "name": name,
        "folder": str(subject.folder),
        "kind": subject.kind,
        "modalities": list(subject.modalities),
        "seeds": subject.seeds,
        "missing": _missing(subject, measures[0], split),
        "utterances": measures[0].counts(),
        "over_seeds": over_seeds(by_seed),
        "by_seed": [{"seed": one.seed} | found for one, found in zip(measures, by_seed, strict=True)],
        "reliability": pooled.to_json(),
    }


def _missing(subject: Subject, measures: Measures, split: str) -> dict[str, str]:
    """What was not measured, and why."""
    found = {}
    if split == FOLDS:
        why = "the networks of the folds are not kept, only what they answered; examine a validation split"
        found = {"redundancy": why, "gates": why, "robustness": why}
        if measures.contributions is None:
            found["contributions"] = "the folds did not keep what they answered given every subset"
        return found
    if not measures.redundancy:
        views = next(iter(subject.checkpoints.values())).network.views
        found["redundancy"] = (
            "it reads one modality"
            if len(subject.modalities) < 2
            else f"a network of the kind {subject.kind} has no view of a single modality"
            if len(views) == 1
            else "no two modalities are present at one utterance"
        )
    if measures.gates is None:
        found["gates"] = f"a network of the kind {subject.kind} does not mix modalities by shares"
    return found


def _pooled(measures: list[Measures], truth: Truth) -> Reliability:
    """The reliability curve of all seeds' predictions."""
    labels = np.tile(truth.labels, len(measures))
    return reliability(labels, np.concatenate([one.probabilities for one in measures]))
