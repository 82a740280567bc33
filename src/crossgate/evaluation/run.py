"""A run measured on a split: its one checkpoint, or every seed and all seeds together."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.corpora.table import CorpusTable, Split
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.by_gender import Group, by_gender
from crossgate.evaluation.members import load_members, refuse_unfinished
from crossgate.evaluation.packing.record import digest_of, read_packed
from crossgate.evaluation.probabilities import read_probabilities
from crossgate.evaluation.report import Report, evaluate_predictions
from crossgate.evaluation.run_folder import FOLD_PREDICTIONS, FOLDS, RUN_FILE
from crossgate.evaluation.sealed import read_any, record_of
from crossgate.evaluation.summary import SeedSummary, summarise
from crossgate.evaluation.validation import view_scores


@dataclass(frozen=True)
class RunEvaluation:
    """What was measured.

    Attributes:
        report: of the only checkpoint, or of the mean of all seeds' probabilities.
        seeds: scores of single seeds, summarised, by name; empty for one checkpoint.
        views: weighted F1 of every view (t, a, ..., the full one last), mean over seeds; empty for folds.
        groups: women, men and their difference, where that was asked for.
    """

    report: Report
    seeds: dict[str, SeedSummary]
    views: dict[str, float]
    groups: tuple[Group, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "seeds": {name: summary.to_json() for name, summary in self.seeds.items()},
            "views": self.views,
            **({"groups": [group.to_json() for group in self.groups]} if self.groups else {}),
        }


def evaluate_run(
    folder: Path,
    table: CorpusTable,
    split: str,
    command: str,
    *,
    modalities: str | None = None,
    record: Path | None = None,
    by: str | None = None,
) -> RunEvaluation:
    """Measure a run on a split, or on `folds`; a test split is opened through its seal and recorded.

    Args:
        folder: of a run, of several seeds, or of a checkpoint.
        table: the corpus.
        split: of it, or `folds`.
        command: for the record.
        modalities: letters such as `ta`; all other modalities are hidden. None hides nothing.
        record: the file that keeps the opening of a test split; None is the run's own.
        by: `gender` measures women and men apart, too.

    Raises InputError where there is no checkpoint, where features or labels do not fit, and where no
    utterance of the split is labelled.
    """
    if split == FOLDS:
        if modalities is not None:
            raise InputError("out-of-fold predictions were made with all modalities", fix="leave them away")
        return _evaluate_folds(folder, table, by)
    members = load_members(folder)
    subset = None if modalities is None else members.subset(modalities)
    only = "" if subset is None else f", given {subset} only"
    with read_any(table, split, record or record_of(folder), command) as reading:
        check_labels(members.labels, reading.split, table)
        predictions = members.predict(reading.split, subset)
        probabilities = {name: one.probabilities for name, one in predictions.items()}
        views = [view_scores(one) for one in predictions.values()]
        result = _evaluation(
            f"{table.manifest.name}, {split}{only}{caveat_of(folder, split, reading.split)}",
            members.labels,
            reading.split,
            probabilities,
            {
                "corpus": table.manifest.name,
                "split": split,
                "sha256": reading.split.sha256,
                "run": str(folder),
                "modalities": subset,
            },
            {name: float(np.mean([view[name] for view in views])) for name in views[0]},
            by,
            members.networks,
        )
        reading.outcome = result.report.scores()
    return result


def _evaluate_folds(folder: Path, table: CorpusTable, by: str | None) -> RunEvaluation:
    """Measure what every training utterance was predicted as by the fit that had not seen it."""
    files, split = fold_files(folder), table.split("train")
    probabilities = {file.parents[1].name: read_fold(file, split, table.manifest.labels) for file in files}
    details = {"corpus": table.manifest.name, "split": FOLDS, "sha256": split.sha256, "run": str(folder)}
    title = f"{table.manifest.name}, leave one group out (the epoch was chosen on these)"
    return _evaluation(title, table.manifest.labels, split, probabilities, details, {}, by, len(files))


def fold_files(folder: Path) -> list[Path]:
    """The out-of-fold predictions of a run, or of each of its seeds. Raises InputError where none are."""
    refuse_unfinished(folder)
    files = [folder / FOLD_PREDICTIONS, *sorted(folder.glob(f"seed-*/{FOLD_PREDICTIONS}"))]
    files = [file for file in files if file.is_file()]
    if not files:
        raise InputError(
            "no out-of-fold predictions here", where=str(folder), fix="train with  selection: {by: folds}"
        )
    return files


def read_fold(file: Path, split: Split, labels: LabelSet) -> npt.NDArray[np.float32]:
    """Out-of-fold probabilities (utterance, emotion) of a split. Raises InputError where they are others'."""
    ids, values = read_probabilities(file, labels)
    if ids != [utterance.id for c in split.conversations for utterance in c.utterances]:
        raise InputError("these are predictions of other utterances than the table's", where=str(file))
    return values


def _evaluation(
    title: str,
    labels: LabelSet,
    split: Split,
    probabilities: dict[str, npt.NDArray[np.float32]],
    details: dict[str, Any],
    views: dict[str, float],
    by: str | None,
    networks: int,
) -> RunEvaluation:
    """The report of the mean of all `probabilities`, behind which so many networks are in all."""
    truth = np.array([labels.index(u.emotion) for c in split.conversations for u in c.utterances])
    rows = [c.id for c in split.conversations for _ in c.utterances]
    count = len(probabilities)
    seeds = {}
    if count > 1:
        single = [
            evaluate_predictions(labels, truth, values, rows, title=title, resamples=1).scores()
            for values in probabilities.values()
        ]
        seeds = {name: summarise([scores[name] for scores in single]) for name in single[0]}
        title = f"{title}, mean of {count} seeds' probabilities"
        details = details | {"members": list(probabilities)}
    elif networks > 1:
        title = f"{title}, {networks} networks answering as one"
    together = np.mean(list(probabilities.values()), axis=0)
    report = evaluate_predictions(labels, truth, together, rows, title=title, seeds=networks, details=details)
    groups = () if by is None else by_gender(split.conversations, truth, together)
    return RunEvaluation(report, seeds, views, groups)


def caveat_of(folder: Path, split: str, data: Split) -> str:
    """What a reader must know of scores on utterances the run has seen before."""
    packed, sha256 = read_packed(folder), data.sha256
    if packed:
        utterances = digest_of(data)
        if utterances == packed.get("trained_on", {}).get("utterances"):
            return " (the network was fitted on these)"
        if utterances == packed.get("fitted_on", {}).get("utterances"):
            return " (epoch and calibration were chosen on these)"
        return ""
    for record in (folder / RUN_FILE, folder / "seed-0" / RUN_FILE, folder.parent / RUN_FILE):
        if record.is_file():
            seen = json.loads(record.read_text(encoding="utf-8")).get("data", {}).get("sha256", {})
            if sha256 == seen.get("train"):
                return " (the network was fitted on these)"
            if split == "validation" and sha256 == seen.get("validation"):
                return " (the epoch was chosen on these)"
            break
    return ""


def check_labels(labels: LabelSet, split: Split, table: CorpusTable) -> None:
    """Refuse a split whose labels the network does not know, or that has none."""
    found = {u.emotion for c in split.conversations for u in c.utterances} - {None}
    unknown = sorted(str(emotion) for emotion in found if emotion not in labels.labels)
    if unknown:
        raise InputError(
            f"the checkpoint does not know {', '.join(unknown)}; it tells apart {', '.join(labels.labels)}",
            where=f"{table.folder}, split {split.name}",
            fix="evaluate on a corpus of the same label set; `crossgate predict` needs no labels",
        )
    if not found:
        raise InputError(
            "no utterance of this split has a label, so nothing can be measured",
            where=f"{table.folder}, split {split.name}",
            fix="`crossgate predict` writes predictions that can be scored elsewhere",
        )
