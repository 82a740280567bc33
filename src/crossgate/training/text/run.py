"""A training of the text encoder as a folder: one encoder of everything, and those that left a part out.

A fusion network must not learn from answers on dialogues its text encoder has memorised: it would trust text
more than it may. So encoders are also trained with each part of the corpora left out (`without-1`, ...), and
with each two parts left out (`without-1-2`, ...) where the fusion itself is measured by leaving parts out.
Parts of several corpora with the same number are left out together.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

from crossgate.corpora.manifest import sha256_of
from crossgate.corpora.table import open_table
from crossgate.errors import InputError
from crossgate.evaluation.run_folder import RUN_FILE
from crossgate.features.text.turn_embedder import CONFIG_FILE, TurnEmbedder
from crossgate.features.text.turn_encoder import Tokenizer
from crossgate.files import remove_drafts, write_json
from crossgate.locking import alone
from crossgate.training.configuration import plain
from crossgate.training.randomness import Purpose, make_deterministic, seed_torch
from crossgate.training.record import take_up
from crossgate.training.text.batches import with_names
from crossgate.training.text.settings import TextTraining
from crossgate.training.text.sources import Dialogue, Source, dialogues_of_split, read_source
from crossgate.training.text.teacher import ANSWERS_FILE, ask_teacher, check_teacher, taught, weights_of
from crossgate.training.text.trainer import fit_text
from crossgate.worker_pool import local_pool

ALL = "all"
"""The encoder that has read everything."""

MEAN = "mean"
"""The mean of its weights and of those that left one part out, where the settings ask for it."""

ROUNDS_FILE = "rounds.json"
"""Figures of the rounds of a fit."""

STATE_FOLDER = "state"

Report = Callable[[str, dict[str, Any]], None]
"""Told the name of a fit and the figures of each of its rounds."""


@dataclass(frozen=True)
class TextRun:
    """What every fit of a run shares: settings, the folder the sources' paths start from, the run's folder,
    the seed, the folder of the encoder to begin with, and the run whose answers are targets too."""

    training: TextTraining
    root: Path
    folder: Path
    seed: int = 0
    start: Path | None = None
    teacher: Path | None = None


def train_text(
    run: TextRun,
    *,
    resume: bool = False,
    workers: int = 1,
    command: str = "crossgate encoder train-text",
    report: Report | None = None,
) -> dict[str, Any]:
    """Train every encoder the settings ask for and leave each in a folder of its own; returns the record.

    Args:
        run: what to train.
        resume: go on with a run that is there.
        workers: fits at a time, each in a process of its own; the weights do not depend on it.
        command: for the record.
        report: told of every round; where there are several workers, a module's function.

    Raises InputError where data, settings and folder do not go together, and where another process trains in
    the folder.
    """
    if workers < 1:
        raise InputError(f"workers is {workers}, expected 1 or more")
    if bool(run.teacher) != bool(run.training.teacher_share):
        share = run.training.teacher_share
        raise InputError(
            f"teacher_share is {share:g} and {'a' if run.teacher else 'no'} teacher is named",
            fix="name a --teacher and set teacher_share above 0, or neither",
        )
    prepared = _Prepared(run)
    data = {name: _hash(run.root / source.path) for name, source in run.training.sources.items()}
    pupils = check_teacher(run.teacher, run.training.sources, data) if run.teacher else ()
    with alone(run.folder):
        record = _open(run, prepared.sources, data, resume, command)
        if run.teacher and not (run.folder / ANSWERS_FILE).is_file():
            ask_teacher(run.teacher, pupils, prepared.sources, run.folder)
        _train(run, prepared, record, workers, report)
        for leftover in (*run.folder.glob(f"*/{STATE_FOLDER}"), *run.folder.glob(f"*/*/{STATE_FOLDER}")):
            shutil.rmtree(leftover)  # of a process that was killed when the fit was saved
        remove_drafts(run.folder)
    return record


def _train(
    run: TextRun, prepared: _Prepared, record: dict[str, Any], workers: int, report: Report | None
) -> None:
    """Do what is left to do, and complete the record."""
    wanted = fits(prepared.sources, run.training.leave_out)
    missing = [one for one in wanted if not (run.folder / fit_name(one) / CONFIG_FILE).is_file()]
    if workers == 1 or len(missing) == 1:
        for left_out in missing:
            prepared.fit(left_out, report)
    elif missing:
        with local_pool(workers) as pool:
            for done in [pool.submit(_fit_apart, run, left_out, report) for left_out in missing]:
                done.result()
    for left_out in wanted:
        rounds = json.loads((run.folder / fit_name(left_out) / ROUNDS_FILE).read_text(encoding="utf-8"))
        record["fits"][fit_name(left_out)] = {"left_out": list(left_out), "rounds": rounds}
    if run.training.mean and not (run.folder / MEAN / CONFIG_FILE).is_file():
        members = [TurnEmbedder.load(run.folder / fit_name(one)) for one in wanted if len(one) < 2]
        members[0].become_mean_of(members)
        members[0].save(run.folder / MEAN)
    record["status"] = "finished"
    write_json(run.folder / RUN_FILE, record)


def _fit_apart(run: TextRun, left_out: tuple[int, ...], report: Report | None) -> None:
    """A fit in a process of its own."""
    _Prepared(run).fit(left_out, report)


class _Prepared:
    """The corpora of a run, read once."""

    def __init__(self, run: TextRun) -> None:
        self.run = run
        make_deterministic(run.training.optimizer.threads)
        fresh = TurnEmbedder.fresh(run.training.encoder, {})
        tokenizer = fresh.tokenizer
        self.sources = [read_source(run.root, n, s, tokenizer) for n, s in run.training.sources.items()]
        self.held_out = _validation_splits(run.training, run.root, tokenizer)
        self.first = TurnEmbedder.load(run.start) if run.start else None
        if self.first:
            fresh.take_from(self.first)  # refused here, before there is a folder

    def fit(self, left_out: tuple[int, ...], report: Report | None) -> None:
        """One encoder, in a folder of its own; where it is the mean of several seeds, they stay below it."""
        name, seeds = fit_name(left_out), self.run.training.seeds
        place = self.run.folder / name
        if seeds == 1:
            self._member(left_out, self.run.seed, name, place, report)
            return
        rows, members = [], []
        for seed in range(self.run.seed, self.run.seed + seeds):
            own = place / f"seed-{seed}"
            if not (own / CONFIG_FILE).is_file():
                self._member(left_out, seed, f"{name}/seed-{seed}", own, report)
            found = json.loads((own / ROUNDS_FILE).read_text(encoding="utf-8"))
            rows += [{"seed": seed} | row for row in found]
            members.append(TurnEmbedder.load(own))
        members[0].become_mean_of(members)
        mean = {"mean_of": seeds} | _Measure(members[0], self._measured(left_out))(None)
        if report:
            report(name, mean)
        write_json(place / ROUNDS_FILE, [*rows, mean])
        members[0].save(place)

    def _member(
        self, left_out: tuple[int, ...], seed: int, name: str, place: Path, report: Report | None
    ) -> None:
        """Train one encoder from one seed and save it."""
        training = self.run.training
        sources = self.sources
        if self.run.teacher:
            sources = taught(sources, self.run.folder, training.teacher_share)
        seed_torch(seed, Purpose.WEIGHTS)
        labels = {source.name: source.labels for source in self.sources}
        embedder = TurnEmbedder.fresh(training.encoder, labels)
        if self.first:
            embedder.take_from(self.first)
        rows = fit_text(
            embedder.encoder,
            embedder.tokenizer,
            _divided(sources, left_out)[0],
            training,
            seed=seed,
            state_folder=place / STATE_FOLDER,
            measure=_Measure(embedder, self._measured(left_out)),
            on_round=partial(report, name) if report else None,
        )
        write_json(place / ROUNDS_FILE, rows)
        embedder.save(place)
        shutil.rmtree(place / STATE_FOLDER)

    def _measured(self, left_out: tuple[int, ...]) -> dict[str, tuple[Dialogue, ...]]:
        """What an encoder is measured on: validation splits, or the parts it left out."""
        outside = _divided(self.sources, left_out)[1]
        measured = {head: found for head, found in self.held_out.items() if not left_out}
        return measured | {head: outside[head] for head in self.run.training.select if outside.get(head)}


def fits(sources: Sequence[Source], leave_out: str) -> list[tuple[int, ...]]:
    """The numbers of the parts left out by each fit; the fit of everything is the first."""
    counts = {source.name: len(source.parts) for source in sources if source.parts}
    if leave_out == "none":
        return [()]
    if not counts or len(set(counts.values())) > 1:
        raise InputError(
            f"leaving parts out needs corpora with the same number of them, got {counts or 'none'}",
            fix="set `folds` of every source that is to be embedded, or leave_out to none",
        )
    numbers = range(1, next(iter(counts.values())) + 1)
    one = [(number,) for number in numbers]
    return [(), *one, *(combinations(numbers, 2) if leave_out == "two" else ())]


def fit_name(left_out: Sequence[int]) -> str:
    """Name of a fit's folder."""
    return "-".join(["without", *map(str, left_out)]) if left_out else ALL


class _Measure:
    """Weighted F1 of heads on dialogues, while training goes on and in its precision."""

    def __init__(self, embedder: TurnEmbedder, dialogues: dict[str, tuple[Dialogue, ...]]) -> None:
        self._embedder, self._dialogues = embedder, dialogues

    def __call__(self, _: Any) -> dict[str, float]:
        return {
            f"{head}/weighted_f1": weighted_f1(self._embedder, dialogues, head)
            for head, dialogues in self._dialogues.items()
        }


def weighted_f1(embedder: TurnEmbedder, dialogues: Sequence[Dialogue], head: str) -> float:
    """Weighted F1 of a head on labelled turns."""
    vectors = embedder.vectors([with_names(dialogue, embedder.tokenizer) for dialogue in dialogues])
    answer = embedder.answers(vectors, head)
    targets = np.concatenate([dialogue.targets for dialogue in dialogues])
    labelled = targets.sum(axis=-1) > 0
    return float(
        f1_score(
            targets[labelled].argmax(axis=-1),
            answer[labelled].argmax(axis=-1),
            average="weighted",
            zero_division=0,
        )
    )


def _divided(
    sources: Sequence[Source], left_out: Sequence[int]
) -> tuple[list[Source], dict[str, tuple[Dialogue, ...]]]:
    """The sources without some parts, and those parts by source."""
    inside, outside = [], {}
    for source in sources:
        gone = {source.parts[number - 1] for number in left_out} if source.parts else set()
        kept = tuple(dialogue for dialogue in source.dialogues if dialogue.part not in gone)
        inside.append(replace(source, dialogues=kept))
        outside[source.name] = tuple(dialogue for dialogue in source.dialogues if dialogue.part in gone)
    return inside, outside


def _validation_splits(
    training: TextTraining, root: Path, tokenizer: Tokenizer
) -> dict[str, tuple[Dialogue, ...]]:
    """The validation splits of the corpora that have one and are to be measured."""
    found = {}
    for head in training.select:
        if head not in training.sources:
            raise InputError(f"select names {head!r}, but the sources are {', '.join(training.sources)}")
        path = root / training.sources[head].path
        if path.is_dir() and "validation" in (table := open_table(path)).manifest.splits:
            found[head] = dialogues_of_split(
                table.split("validation"), table.manifest.labels.labels, tokenizer
            )
    return found


def _open(
    run: TextRun, sources: Sequence[Source], data: dict[str, Any], resume: bool, command: str
) -> dict[str, Any]:
    """Begin a run, or take up the one that is there; `data` has the hashes of every source's files."""
    training = run.training
    recipe = {
        "training": plain(asdict(training)),
        "seed": run.seed,
        "data": data,
        "start": _hash(run.start) if run.start else None,
    }
    if run.teacher:
        recipe["teacher"] = weights_of(run.teacher)
    about = {"fits": {}, "dialogues": {source.name: len(source.dialogues) for source in sources}}
    return take_up(run.folder, recipe, resume=resume, command=command, about=about)


def _hash(path: Path) -> dict[str, str]:
    """SHA-256 of a file, or of every file a folder's training reads; never of a test split."""
    files = [path] if path.is_file() else sorted(path.glob("*.parquet")) + sorted(path.glob("*.safetensors"))
    return {file.name: sha256_of(file) for file in files if file.stem.lower() != "test"}
