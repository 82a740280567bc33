"""The dialogues of a feature pickle as rows: ids, speakers, sentences, labels and vectors, each checked."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from crossgate.conversation import FeatureSpec
from crossgate.corpora.community.layout import Packed, matrix
from crossgate.corpora.flat import FlatFeature, FlatSplit
from crossgate.corpora.known import KnownCorpus
from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError

_SESSION = re.compile(r"(Ses\d\d)[FM]_")
_NO_LABEL = (-1, UNLABELLED)
"""What stands for a label that is not given, beside None and NaN."""


def label_numbers(packed: Packed, key: Any, classes: int, where: str) -> list[int]:
    """Label numbers of a dialogue, `UNLABELLED` where none is given. Raises InputError for one out of range.

    None, NaN, -1 and -100 are no label: a part that is handed out to be predicted comes so.
    """
    field = packed.fields["videoLabels"]
    if key not in field:
        raise InputError(f"dialogue {key!r} is listed but has no labels", where=f"{where}, videoLabels")
    numbers = []
    for row, value in enumerate(field[key]):
        number = isinstance(value, int | float | np.number)
        if value is None or (number and (np.isnan(value) or value in _NO_LABEL)):
            numbers.append(UNLABELLED)
            continue
        if not (number and value == int(value) and 0 <= value < classes):
            raise InputError(
                f"the label is {value!r:.40}, expected a number from 0 to {classes - 1}",
                where=f"{where}, videoLabels, dialogue {key!r}, row {row}",
            )
        numbers.append(int(value))
    return numbers


def flat_split(packed: Packed, name: str, keys: list[Any], labels: list[str], where: str) -> FlatSplit:
    """The dialogues `keys` as flat columns, `labels` naming the label numbers.

    Raises InputError where a dialogue has not one speaker and one vector of each feature for each label.
    """
    numbers = {key: label_numbers(packed, key, len(labels), where) for key in keys}
    keys = [key for key in keys if numbers[key]]
    names = _conversation_names(packed.corpus, name, keys, sum(map(len, numbers.values())))
    lengths = [len(numbers[key]) for key in keys]
    conversations = [one for one, length in zip(names, lengths, strict=True) for _ in range(length)]
    texts = packed.fields["videoSentence"]
    columns: dict[str, FlatFeature] = {}
    for field, spec in packed.features.items():
        parts = [_vectors(packed, field, spec, key, len(numbers[key]), where) for key in keys]
        values = np.concatenate(parts) if parts else np.empty((0, spec.dimension), np.float32)
        present = np.asarray(~np.isnan(values).all(axis=1), dtype=bool)
        columns[spec.column] = FlatFeature(values, present)
    return FlatSplit(
        name=name,
        conversations=conversations,
        utterances=[
            u for one, key in zip(names, keys, strict=True) for u in _utterance_names(packed, one, key)
        ],
        turns=[turn for length in lengths for turn in range(length)],
        speakers=[s for key in keys for s in _speakers(packed, key, len(numbers[key]), where)],
        texts=[t for key in keys for t in _texts(texts.get(key), len(numbers[key]))],
        emotions=[
            None if number == UNLABELLED else labels[number] for key in keys for number in numbers[key]
        ],
        features=columns,
    )


def _vectors(packed: Packed, field: str, spec: FeatureSpec, key: Any, rows: int, where: str) -> Any:
    place = f"{where}, {field}, dialogue {key!r}"
    if key not in packed.fields[field]:
        raise InputError("the dialogue is listed but has no vectors", where=place)
    values = matrix(packed.fields[field][key], place)
    if values.shape != (rows, spec.dimension):
        raise InputError(
            f"{values.shape[0]} vectors of {values.shape[1]} numbers, expected {rows} of {spec.dimension}",
            where=place,
            fix="one vector for each label, as long as those of the first dialogue",
        )
    return values


def _conversation_names(corpus: KnownCorpus, split: str, keys: list[Any], rows: int) -> list[str]:
    """Conversation ids; those of the MELD table where the sizes show that this is the whole split."""
    numbers = corpus.dialogue_numbers(split)
    if numbers and len(numbers) == len(keys) and rows == corpus.rows[split]:
        return [f"{split}_dia{number}" for number in numbers]
    return [f"dia{key}" if isinstance(key, int) else str(key) for key in keys]


def _utterance_names(packed: Packed, conversation: str, key: Any) -> list[str]:
    """The file's own utterance ids where it has one for each row, else the row."""
    rows = len(packed.fields["videoLabels"][key])
    own = packed.fields["videoIDs"].get(key)
    if (
        own is not None
        and not isinstance(own, str)
        and np.ndim(own) == 1
        and len(own) == len(set(own)) == rows
    ):
        names = [f"utt{one}" if isinstance(one, int | np.integer) else str(one) for one in own]
        return [one if one.startswith(conversation) else f"{conversation}_{one}" for one in names]
    return [f"{conversation}_row{row}" for row in range(rows)]


def _speakers(packed: Packed, key: Any, rows: int, where: str) -> list[str]:
    """M and F with the session before them, as IEMOCAP names its actors; MELD's place in the one-hot."""
    own = packed.fields["videoSpeakers"].get(key)
    if own is None or len(own) != rows:
        found = "none" if own is None else str(len(own))
        raise InputError(
            f"{found} speakers for {rows} labels", where=f"{where}, videoSpeakers, dialogue {key!r}"
        )
    session = _SESSION.match(str(key))
    if packed.corpus.name == "iemocap":
        return [f"{session[1]}_{one}" if session else str(one) for one in own]
    return [f"speaker{int(np.argmax(one))}" if np.sum(one) == 1 else "unknown" for one in own]


def _texts(own: Any, rows: int) -> list[str | None]:
    """The sentences of a dialogue where it has one a row; Python 2's UTF-8, read as latin1, is put right."""
    if own is None or isinstance(own, str | bytes) or len(own) != rows:
        return [None] * rows
    decoded: list[str | None] = []
    for one in own:
        if not isinstance(one, str | bytes):
            decoded.append(None)
            continue
        try:
            decoded.append((one if isinstance(one, bytes) else one.encode("latin1")).decode("utf-8"))
        except UnicodeError:
            decoded.append(one if isinstance(one, str) else one.decode("latin1"))
    return decoded
