"""Labelled corpora as a text encoder learns from them: words cut into tokens, labels as distributions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import ftfy
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from crossgate.conversation import Conversation
from crossgate.corpora.table import Split, open_table
from crossgate.errors import InputError
from crossgate.features.text.turn_encoder import Tokenizer
from crossgate.training.text.settings import SourceSettings

COLUMNS = ("conversation_id", "turn", "speaker", "text", "labels")
SHARED_WORDS = 4
"""Words from which on a text that stands in two corpora is no accident."""


@dataclass(frozen=True)
class Dialogue:
    """One conversation.

    Attributes:
        id: of the conversation.
        speakers: (turn,) names.
        words: (turn,) tokens.
        targets: (turn, label) float32, distributions; all zeros where a turn has no label.
        part: the fold it belongs to, or an empty string.
    """

    id: str
    speakers: tuple[str, ...]
    words: tuple[list[int], ...]
    targets: npt.NDArray[np.float32]
    part: str = ""


@dataclass(frozen=True)
class Source:
    """A corpus with its labels and the weight of each, (label,) float32 with mean 1 over the turns."""

    name: str
    labels: tuple[str, ...]
    dialogues: tuple[Dialogue, ...]
    class_weights: npt.NDArray[np.float32]

    @property
    def parts(self) -> list[str]:
        """The parts that can be left out, in the order of their first appearance."""
        return list(dict.fromkeys(dialogue.part for dialogue in self.dialogues if dialogue.part))


@dataclass(frozen=True)
class _Raw:
    """A conversation as read: labels are lists of names, empty where there is none."""

    id: str
    speakers: list[str]
    texts: list[str]
    labels: list[list[str]]


def read_source(root: Path, name: str, settings: SourceSettings, tokenizer: Tokenizer) -> Source:
    """Read a corpus. Raises InputError naming the file, row and column that is not as it should be."""
    path = root / settings.path
    known: tuple[str, ...] | None = None
    if path.is_dir():
        table = open_table(path)
        known = table.manifest.labels.labels
        raw = raw_conversations(table.split("train").conversations)
    else:
        raw = _read_labelled_texts(path)
    # Before anything is left out: a conversation's part may not depend on that.
    part = dict(zip((one.id for one in raw), parts_of([one.id for one in raw], settings.folds), strict=True))
    if settings.unlike:
        seen = set().union(*(_long_texts(root / other) for other in settings.unlike))
        raw = [one for one in raw if not any(_normal(text) in seen for text in one.texts)]
    if settings.varied_only:
        raw = [one for one in raw if len({label for turn in one.labels for label in turn}) > 1]
    raw = [one for one in raw if any(one.labels)]
    if not raw:
        raise InputError("no labelled conversation is left", where=str(path))
    labels = known or tuple(sorted({label for one in raw for turn in one.labels for label in turn}))
    dialogues = dialogues_of(raw, labels, tokenizer, [part[one.id] for one in raw])
    return Source(name, labels, dialogues, _class_weights(dialogues, settings.class_weighting))


def raw_conversations(conversations: Sequence[Conversation]) -> list[_Raw]:
    """Conversations of a corpus table."""
    return [
        _Raw(
            c.id,
            [u.speaker for u in c.utterances],
            [u.text or "" for u in c.utterances],
            [[u.emotion] if u.emotion else [] for u in c.utterances],
        )
        for c in conversations
    ]


def dialogues_of_split(split: Split, labels: Sequence[str], tokenizer: Tokenizer) -> tuple[Dialogue, ...]:
    """A split of a corpus table, to be measured on."""
    raw = raw_conversations(split.conversations)
    return dialogues_of(raw, labels, tokenizer, [""] * len(raw))


def dialogues_of(
    raw: Sequence[_Raw], labels: Sequence[str], tokenizer: Tokenizer, parts: Sequence[str]
) -> tuple[Dialogue, ...]:
    """Cut texts into tokens and labels into distributions; several labels of a turn share it evenly."""
    index = {label: number for number, label in enumerate(labels)}
    words = tokenizer.words([text for one in raw for text in one.texts])
    dialogues, at = [], 0
    for one, part in zip(raw, parts, strict=True):
        targets = np.zeros((len(one.texts), len(labels)), dtype=np.float32)
        for turn, names in enumerate(one.labels):
            for label in names:
                targets[turn, index[label]] += 1 / len(names)
        end = at + len(one.texts)
        dialogues.append(Dialogue(one.id, tuple(one.speakers), tuple(words[at:end]), targets, part))
        at = end
    return tuple(dialogues)


def _read_labelled_texts(path: Path) -> list[_Raw]:
    """Rows without a conversation stand alone; the others are put in the order of their turns."""
    try:
        table = pq.read_table(path, columns=list(COLUMNS))
    except FileNotFoundError:
        raise InputError("no such file or folder", where=str(path)) from None
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"not a Parquet file with the columns {', '.join(COLUMNS)}: {error}", where=str(path)
        ) from error
    alone: list[_Raw] = []
    together: dict[str, list[tuple[int, str, str, list[str]]]] = {}
    for number, row in enumerate(table.to_pylist()):
        text, labels = ftfy.fix_text(row["text"] or ""), [str(label) for label in row["labels"] or []]
        if row["conversation_id"] is None:
            alone.append(_Raw(f"row {number}", [""], [text], [labels]))
        else:
            entry = (int(row["turn"] or 0), row["speaker"] or "", text, labels)
            together.setdefault(str(row["conversation_id"]), []).append(entry)
    for key, rows in together.items():
        rows.sort(key=lambda row: row[0])
        alone.append(_Raw(key, [r[1] for r in rows], [r[2] for r in rows], [r[3] for r in rows]))
    return alone


def _long_texts(path: Path) -> set[str]:
    conversations = open_table(path).split("train").conversations
    texts = (_normal(u.text or "") for c in conversations for u in c.utterances)
    return {text for text in texts if text.count(" ") >= SHARED_WORDS - 1}


def _normal(text: str) -> str:
    """Words alone, lower case."""
    return " ".join(re.findall(r"[a-z']+", text.lower()))


def parts_of(ids: Sequence[str], folds: str) -> list[str]:
    """The part of every conversation; with a number of folds, by its place in the corpus."""
    if not folds:
        return [""] * len(ids)
    if folds.isdigit():
        if int(folds) > len(ids):
            raise InputError(f"folds is {folds}, and there are {len(ids)} conversations")
        return [str(place % int(folds) + 1) for place in range(len(ids))]
    parts = []
    for name in ids:
        match = re.search(folds, name)
        if not match:
            raise InputError(f"the folds {folds!r} give conversation {name!r} no part")
        parts.append(match[1])
    return parts


def _class_weights(dialogues: Sequence[Dialogue], power: float) -> npt.NDArray[np.float32]:
    """(1 / frequency) to a power, scaled so that the labelled turns weigh 1 on average."""
    counts = np.sum([d.targets.sum(axis=0) for d in dialogues], axis=0)
    there = counts > 0
    weights = np.where(there, (counts.sum() / np.where(there, counts, 1.0)) ** power, 0.0)
    weights = weights * counts.sum() / (weights * counts).sum()
    return np.asarray(weights, dtype=np.float32)
