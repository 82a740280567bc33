"""Targets beside the labels: what an earlier training answers on conversations it has not read.

A label is one group of annotators' vote; the answer of an encoder that left the conversation out says how
plausible the others are (self-distillation; Furlanello et al. 2018, born-again networks). Answers of an
encoder that had read the conversation would only repeat its labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from crossgate.corpora.manifest import sha256_of
from crossgate.errors import InputError
from crossgate.features.text.turn_embedder import ADAPTER_FILE, HEADS_FILE, TurnEmbedder
from crossgate.files import new_file
from crossgate.training.configuration import plain
from crossgate.training.record import read_finished
from crossgate.training.text.batches import with_names
from crossgate.training.text.settings import SourceSettings
from crossgate.training.text.sources import Source

PARTED_BY = ("folds", "unlike", "varied_only")
"""Settings of a source that its parts, and their numbers, follow from."""

ANSWERS_FILE = "teacher.safetensors"
"""In a run's folder: the teacher's answers, (turn, label) by source."""

Answers = dict[str, npt.NDArray[np.float32]]


def check_teacher(
    folder: Path, settings: Mapping[str, SourceSettings], data: Mapping[str, Mapping[str, str]]
) -> tuple[str, ...]:
    """The sources that a run can teach.

    Args:
        folder: of the run.
        settings: of the sources that are to be taught.
        data: SHA-256 of their files.

    Raises InputError where it is not finished, left no part out, or was trained on other data or parts.
    """
    record = read_finished(folder)
    theirs = record["training"]["sources"]
    taught = tuple(n for n, s in settings.items() if s.folds and theirs.get(n, {}).get("folds"))
    if record["training"]["leave_out"] == "none" or not taught:
        raise InputError(
            "a teacher answers on what it has not read, and this training left nothing of these sources out",
            where=str(folder),
            fix=f"set folds for {' or '.join(settings)} and leave_out: one there",
        )
    for name in taught:
        same = all(theirs[name][part] == plain(getattr(settings[name], part)) for part in PARTED_BY)
        if not same or record["data"].get(name) != data[name]:
            raise InputError(
                f"the teacher learned {name} from other data or in other parts",
                where=str(folder),
                fix="train it anew from the same data folder, with the same folds",
            )
    return taught


def weights_of(folder: Path) -> dict[str, str]:
    """SHA-256 of the weights of a run's encoders that left one part out."""
    found = sorted(folder.glob("without-*/*.safetensors"))
    return {f"{f.parent.name}/{f.name}": sha256_of(f) for f in found if f.name in (ADAPTER_FILE, HEADS_FILE)}


def ask_teacher(folder: Path, names: Sequence[str], sources: Sequence[Source], place: Path) -> None:
    """Write the answers on every conversation of the sources named, by the encoder that left it out."""
    answers: Answers = {}
    for source in sources:
        if source.name not in names:
            continue
        rows = np.repeat(
            [dialogue.part for dialogue in source.dialogues], [len(d.words) for d in source.dialogues]
        )
        values = np.zeros((len(rows), len(source.labels)), dtype=np.float32)
        for number, part in enumerate(source.parts, 1):
            encoder = TurnEmbedder.load(folder / f"without-{number}")
            own = [with_names(d, encoder.tokenizer) for d in source.dialogues if d.part == part]
            values[rows == part] = np.exp(encoder.answers(encoder.vectors(own), source.name))
        answers[source.name] = values
    with new_file(place / ANSWERS_FILE) as path:
        save_file(answers, path)


def taught(sources: Sequence[Source], place: Path, share: float) -> list[Source]:
    """The sources with a share of every labelled turn's target taken from the answers that were written."""
    answers = load_file(place / ANSWERS_FILE)
    return [
        _with(source, answers[source.name], share) if source.name in answers else source for source in sources
    ]


def _with(source: Source, answers: npt.NDArray[np.float32], share: float) -> Source:
    dialogues = []
    at = 0
    for dialogue in source.dialogues:
        own = answers[at : at + len(dialogue.words)]
        at += len(dialogue.words)
        labelled = dialogue.targets.sum(axis=-1, keepdims=True) > 0
        mixed = np.where(labelled, (1 - share) * dialogue.targets + share * own, 0).astype(np.float32)
        dialogues.append(replace(dialogue, targets=mixed))
    return replace(source, dialogues=tuple(dialogues))
