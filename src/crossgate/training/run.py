"""A whole run: features, statistics, fits by validation or by folds, and the checkpoint."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from crossgate.conversation import Conversation, FeatureSpec, Modality
from crossgate.corpora.table import CorpusTable, Split
from crossgate.errors import InputError
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER, FOLDS_FOLDER, RUN_FILE
from crossgate.evaluation.subsets import keep_only, subset_of
from crossgate.features.assemble import TURNS, WITHOUT, assemble
from crossgate.features.dataset import Example, Features, make_examples
from crossgate.features.standardize import Standardizer
from crossgate.features.text.turn_settings import ENCODER_FOLDER
from crossgate.files import remove_drafts
from crossgate.locking import alone
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.kinds import make_network
from crossgate.models.network import Network
from crossgate.training.folds import choose_epoch, fold_names, join_predictions, keep_predictions
from crossgate.training.loop import Fit, Predicted, fit
from crossgate.training.processes import Processes
from crossgate.training.randomness import Purpose, make_deterministic, seed_torch
from crossgate.training.record import EpochLog, close_run, open_run
from crossgate.training.settings import Experiment

SCORE = "validation/weighted_f1"

Specs = dict[Modality, tuple[FeatureSpec, ...]]


def train(
    experiment: Experiment,
    table: CorpusTable,
    folder: Path,
    *,
    seed: int = 0,
    resume: bool = False,
    command: str = "crossgate train",
    group: Processes | None = None,
) -> dict[str, Any]:
    """Train a model and leave checkpoint, curves and record in `folder`; returns the record.

    Raises InputError where data, settings and folder do not go together, and where another process trains in
    the folder; WriteError where the disk is full: what was trained until then is there to be resumed.
    """
    group = group or Processes()
    with alone(folder) if group.first else nullcontext():
        return _train(experiment, table, folder, seed, resume, command, group)


def _train(
    experiment: Experiment,
    table: CorpusTable,
    folder: Path,
    seed: int,
    resume: bool,
    command: str,
    group: Processes,
) -> dict[str, Any]:
    record: dict[str, Any] = {}
    if group.first:
        record = open_run(folder, experiment, table, seed, resume=resume, command=command)
    # The others wait until the folder is there, and learn whether there is anything left to do.
    if group.agree(record.get("status") == "finished"):
        if group.first:
            clean_up(folder)
        return record
    run = Run(experiment, table, folder, seed, group)
    try:
        outcome = run.by_folds() if experiment.selection.by == "folds" else run.by_validation()
    except InputError:
        if group.first and not any(folder.rglob("epoch-*")):
            # Nothing was trained: a corrected command must find the folder as this one found it.
            (folder / RUN_FILE).unlink(missing_ok=True)
        raise
    if not group.first:
        return {}
    record = close_run(folder, record, outcome)
    clean_up(folder)
    return record


@dataclass(frozen=True)
class Splits:
    """Training and validation part, and what a checkpoint says of their features."""

    train: list[Example]
    validation: list[Example]
    specs: Specs
    standardizers: dict[Modality, Standardizer]


class Run:
    """The steps both ways of selection share, and several seeds at once."""

    def __init__(
        self, experiment: Experiment, table: CorpusTable, folder: Path, seed: int, group: Processes
    ) -> None:
        self.experiment, self.table, self.folder, self.seed, self.group = (
            experiment,
            table,
            folder,
            seed,
            group,
        )
        make_deterministic(experiment.training.threads)

    def by_validation(self) -> dict[str, Any]:
        """One fit; the epoch with the best weighted F1 on the validation split is kept."""
        data = self.splits()
        return self.conclude(self._fit(data.train, data.validation, self.folder, self.experiment.name), data)

    def splits(self) -> Splits:
        """What a fit by validation reads."""
        if "validation" not in self.table.manifest.splits:
            raise InputError(
                f"no validation split; the table has {', '.join(self.table.manifest.splits)}",
                where=str(self.table.folder),
                fix="set selection.by to folds, or split some conversations off as validation.parquet",
            )
        if self.table.manifest.splits["validation"].sha256 == self.table.manifest.splits["train"].sha256:
            raise InputError(
                "train and validation are the same file, so the epoch would be chosen on what was learned",
                where=str(self.table.folder),
                fix="split some conversations off as validation.parquet",
            )
        split = labelled_split(self.table, "train")
        held_out = labelled_split(self.table, "validation")
        features, specs = assemble(split, self.experiment.features)
        standardizers = _statistics(features)
        # As in use: what cannot have been measured is taken for missing. The network trains on all there is.
        other, _ = assemble(held_out, self.experiment.features, specs, standardizers=standardizers)
        train = self._examples(split.conversations, features, standardizers)
        validation = self._examples(held_out.conversations, other, standardizers)
        if given := self.experiment.selection.given:
            network = self.fresh_network(train)
            validation = keep_only(validation, network, subset_of(given, network))
        return Splits(train, validation, specs, standardizers)

    def conclude(self, fitted: Fit, data: Splits) -> dict[str, Any]:
        """Keep the checkpoint of a fit by validation; returns its figures, on the first process only."""
        self._save(fitted, data.specs, data.standardizers)
        if not self.group.first:  # it alone has the figures
            return {}
        row = fitted.rows[fitted.best_epoch - 1]
        given = self.experiment.selection.given
        by = f"validation given {given}" if given else "validation"
        return {"selected_by": by, "epoch": fitted.best_epoch, "epochs": len(fitted.rows)} | {
            name.removeprefix("validation/"): value
            for name, value in row.items()
            if name.startswith("validation/")
        }

    def by_folds(self) -> dict[str, Any]:
        """One fit a fold with that fold left out, then a final fit on all for the epochs the folds chose."""
        split = labelled_split(self.table, "train")
        features, specs = assemble(split, self.experiment.features)
        names = fold_names(split, self.experiment.selection.group)
        curves: dict[str, list[float]] = {}
        for name in dict.fromkeys(names):
            inside = [fold != name for fold in names]
            without = name if any(column.endswith(WITHOUT + name) for column in split.columns) else ""
            if without:
                features, _ = assemble(split, self.experiment.features, without=without)
            train = _subset(split.conversations, features, inside)
            standardizers = _statistics(train[1])
            checked, _ = assemble(
                split, self.experiment.features, without=without, standardizers=standardizers
            )
            held_out = _subset(split.conversations, checked, [not kept for kept in inside])
            fitted = self._fit(
                self._examples(*train, standardizers),
                self._examples(*held_out, standardizers),
                self.folder / FOLDS_FOLDER / name,
                f"{self.experiment.name}, without {name}",
                on_predictions=partial(keep_predictions, self.folder / FOLDS_FOLDER / name),
            )
            curves[name] = [row[SCORE] for row in fitted.rows]
        features, _ = assemble(split, self.experiment.features)
        outcome = choose_epoch(curves) if self.group.first else {"epoch": None}
        # Only the first process has the figures; a broadcast of the epoch keeps the others with it.
        epoch = self.group.share(outcome["epoch"])
        standardizers = _statistics(features)
        fitted = self._fit(
            self._examples(split.conversations, features, standardizers),
            [],
            self.folder,
            f"{self.experiment.name}, all of {split.name}",
            stop_after=epoch,
        )
        self._save(fitted, specs, standardizers)
        if self.group.first:
            join_predictions(self.folder / FOLDS_FOLDER, split, names, epoch, self.table.manifest.labels)
        return {"selected_by": "folds"} | outcome

    def _fit(
        self,
        train: Sequence[Example],
        validation: Sequence[Example],
        folder: Path,
        title: str,
        stop_after: int | None = None,
        on_predictions: Predicted | None = None,
    ) -> Fit:
        """A fit from fresh weights with its log and resumable state in `folder`."""
        settings = self.experiment.training
        if on_predictions:  # the folds' curves are averaged epoch by epoch, so none may end early
            settings = replace(settings, patience=0)
        network = self.fresh_network(train)
        log = EpochLog(folder, title, stop_after or settings.epochs)

        def run(on_epoch: Any) -> Fit:
            return fit(
                network,
                train,
                validation,
                objective_settings=self.experiment.objective,
                settings=settings,
                seed=self.seed,
                state_folder=folder / "state",
                stop_after=stop_after,
                on_epoch=on_epoch,
                on_predictions=on_predictions,
                group=self.group,
            )

        if not self.group.first:
            return run(None)
        folder.mkdir(parents=True, exist_ok=True)
        with log.open():
            return run(log)

    def fresh_network(self, train: Sequence[Example]) -> Network:
        """The network before training, as the seed draws its weights."""
        seed_torch(self.seed, Purpose.WEIGHTS)
        dimensions = {modality: values.shape[1] for modality, values in train[0].values.items()}
        return make_network(self.experiment.model, dimensions, len(self.table.manifest.labels))

    def _examples(
        self,
        conversations: Sequence[Conversation],
        features: dict[Modality, Features],
        standardizers: dict[Modality, Standardizer],
    ) -> list[Example]:
        return make_examples(conversations, features, standardizers, self.table.manifest.labels)

    def _save(self, fitted: Fit, specs: Specs, standardizers: dict[Modality, Standardizer]) -> None:
        """Write the checkpoint of the run."""
        if self.group.first:
            target = self.folder / CHECKPOINT_FOLDER
            if target.exists():  # of a process that was killed before it could say that it had finished
                shutil.rmtree(target)
            Checkpoint(
                fitted.network.cpu(),
                self.experiment.model,
                self.experiment.features,
                specs,
                standardizers,
                self.table.manifest.labels,
                encoder=self._encoder(),
            ).save(target)

    def _encoder(self) -> Path | None:
        """The text encoder behind the table's `text_turns`: new texts are read with it."""
        folder = self.table.folder / ENCODER_FOLDER
        return folder if TURNS in self.experiment.features.text and folder.is_dir() else None


def labelled_split(table: CorpusTable, name: str) -> Split:
    """A split to learn or choose by. Raises InputError where nothing in it is labelled."""
    split = table.split(name)
    if not any(u.emotion for conversation in split.conversations for u in conversation.utterances):
        raise InputError(
            "no utterance of this split has a label",
            where=f"{table.folder}, split {name}",
            fix="training and the choice of the epoch need labels; predicting does not",
        )
    return split


def clean_up(folder: Path) -> None:
    """Remove what only an unfinished run needs."""
    for leftover in (*folder.glob("state"), *folder.glob("folds/*/state"), *folder.glob("folds/*/epochs")):
        shutil.rmtree(leftover)
    remove_drafts(folder)


def _statistics(features: dict[Modality, Features]) -> dict[Modality, Standardizer]:
    return {modality: Standardizer.fit(raw.values, raw.present) for modality, raw in features.items()}


def _subset(
    conversations: Sequence[Conversation], features: dict[Modality, Features], keep: Sequence[bool]
) -> tuple[list[Conversation], dict[Modality, Features]]:
    """Some conversations and their rows."""
    rows = np.repeat(np.asarray(keep), [len(conversation) for conversation in conversations])
    return (
        [conversation for conversation, kept in zip(conversations, keep, strict=True) if kept],
        {m: Features(raw.values[rows], raw.present[rows]) for m, raw in features.items()},
    )
