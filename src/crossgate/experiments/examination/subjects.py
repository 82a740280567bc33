"""What is examined: the networks of a run, or its out-of-fold predictions, one a seed; and on which data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import INITIALS, MODALITIES, Modality
from crossgate.corpora.surrogate import is_generated
from crossgate.corpora.table import SEALED, CorpusTable, Split
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.members import checkpoint_folders
from crossgate.evaluation.packing.record import read_packed
from crossgate.evaluation.run import caveat_of, check_labels, fold_files, read_fold
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER, FOLD_SUBSET, FOLDS, RUN_FILE
from crossgate.evaluation.sealed import Reading, read_any, record_of
from crossgate.models.checkpoint import Checkpoint, load_checkpoint
from crossgate.packaged import find_checkpoint

Answers = dict[str, npt.NDArray[np.float32]]
"""Probabilities (utterance, emotion) by the subset of modalities that was given, all of them last."""


@dataclass(frozen=True)
class Subject:
    """A run of one or several seeds.

    Attributes:
        name: short, for titles and figures.
        folder: of the run.
        own: it is the user's own, so that records may be written into it.
        kind: of its network, for example `crossgate`.
        modalities: its network reads.
        labels: the emotions, in the order of its answers.
        data: SHA-256 of the splits it was trained with, by name; empty where nobody wrote them down.
        checkpoints: its networks by seed; empty where folds are examined.
        folds: its out-of-fold answers by seed; empty where a split is examined.
    """

    name: str
    folder: Path
    own: bool
    kind: str
    modalities: tuple[Modality, ...]
    labels: LabelSet
    data: dict[str, str]
    checkpoints: dict[int, Checkpoint]
    folds: dict[int, Answers]

    @property
    def seeds(self) -> list[int]:
        """Of its networks or predictions."""
        return list(self.checkpoints or self.folds)


def open_subject(name: Path, table: CorpusTable, split: str) -> Subject:
    """A run, checkpoint, packaged or hub name; see `evaluation.members.load_members` and `packaged`.

    Raises InputError where there is none, and where `folds` are asked for and it has none.
    """
    found = find_checkpoint(name)
    if split == FOLDS:
        return _open_folds(found.name, found.folder, table)
    checkpoints = {}
    for path in checkpoint_folders(found.folder):
        run = path.parent if path.name == CHECKPOINT_FOLDER else path
        checkpoints[_seed_of(run)] = load_checkpoint(path)
    first = next(iter(checkpoints.values()))
    return Subject(
        name=found.name,
        folder=found.folder,
        own=found.own,
        kind=first.settings.kind,
        modalities=first.network.modalities,
        labels=first.labels,
        data=_record_of(run).get("data", {}).get("sha256", {}),
        checkpoints=checkpoints,
        folds={},
    )


def _open_folds(name: str, folder: Path, table: CorpusTable) -> Subject:
    train, labels = table.split("train"), table.manifest.labels
    folds = {}
    for file in fold_files(folder):
        run = file.parents[1]
        record = _record_of(run)
        experiment = record["experiment"]
        modalities = tuple(m for m in MODALITIES if experiment["features"][m])
        pattern = FOLD_SUBSET.format("*")
        answers = {path.stem.rpartition("-")[2]: path for path in sorted(file.parent.glob(pattern))}
        answers["".join(INITIALS[m] for m in modalities)] = file
        folds[_seed_of(run)] = {subset: read_fold(path, train, labels) for subset, path in answers.items()}
    return Subject(
        name=name,
        folder=folder,
        own=True,
        kind=experiment["model"]["kind"],
        modalities=modalities,
        labels=labels,
        data=record["data"]["sha256"],
        checkpoints={},
        folds=folds,
    )


def named_apart(subjects: Sequence[Subject]) -> list[str]:
    """The subjects' names, with as much of their folders as tells them apart."""
    names = [subject.name for subject in subjects]
    parents = [f"{subject.folder.resolve().parent.name}/{subject.name}" for subject in subjects]
    folders = [str(subject.folder) for subject in subjects]
    return next((each for each in (names, parents) if len(set(each)) == len(each)), folders)


def refuse_unlike(first: Subject, second: Subject) -> None:
    """Raise InputError where two runs cannot be compared: other emotions, or trained on other data."""
    if first.labels.labels != second.labels.labels:
        raise InputError(
            f"it tells apart {', '.join(second.labels.labels)}; "
            f"the other run {', '.join(first.labels.labels)}",
            where=str(second.folder),
            fix="compare runs of the same label set",
        )
    both = first.data.keys() & second.data.keys()
    unlike = sorted(name for name in both if first.data[name] != second.data[name])
    if unlike:
        raise InputError(
            f"it was trained on other data than {first.folder}: the {' and '.join(unlike)} split "
            "of its record has another SHA-256",
            where=str(second.folder),
            fix="compare runs that were trained on the same table",
        )
    if first.folder.resolve() == second.folder.resolve():
        raise InputError(
            "this is the run itself", where=str(second.folder), fix="name another with --against"
        )


@contextmanager
def opened(
    subjects: Sequence[Subject], table: CorpusTable, split: str, command: str
) -> Iterator[list[Reading]]:
    """The split, opened once for every subject, a sealed one with a record in each subject's folder.

    Raises InputError for the test split of a corpus that was not generated, for one nobody may keep a record
    of, for labels a network does not know, and where no utterance is labelled.
    """
    if split.lower() in SEALED:
        if not is_generated(table):
            raise InputError(
                f"the {split} split of a real corpus stays shut here: whoever examines goes on to choose",
                where=str(table.folder),
                fix="examine  --split validation; `crossgate evaluate` opens a test split, and records it",
            )
        for subject in subjects:
            if not subject.own:
                raise InputError(
                    f"{subject.name} is not a folder of yours, so an opened test split has no record",
                    fix="examine a run of your own, or  --split validation",
                )
    with ExitStack() as stack:
        readings = [
            stack.enter_context(
                read_any(table, "train" if split == FOLDS else split, record_of(subject.folder), command)
            )
            for subject in subjects
        ]
        for subject, reading in zip(subjects, readings, strict=True):
            check_labels(subject.labels, reading.split, table)
        yield readings


def title_of(subject: Subject, table: CorpusTable, split: str, data: Split) -> str:
    """Corpus and split, and what a reader must know of scores on it."""
    if split == FOLDS:
        return f"{table.manifest.name}, leave one group out (the epoch was chosen on these)"
    return f"{table.manifest.name}, {split}{caveat_of(subject.folder, split, data)}"


def _record_of(run: Path) -> dict[str, Any]:
    """What was written down when it was trained; empty where nothing was."""
    if (run / RUN_FILE).is_file():
        record: dict[str, Any] = json.loads((run / RUN_FILE).read_text(encoding="utf-8"))
        return record
    return dict(read_packed(run).get("run", {}))


def _seed_of(run: Path) -> int:
    """The seed a run was trained with; where no record says, the number in its name, or 0."""
    seed = _record_of(run).get("seed")
    digits = run.name.rpartition("-")[2]
    return seed if isinstance(seed, int) else int(digits) if digits.isdigit() else 0
