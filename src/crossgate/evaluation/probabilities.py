"""Predictions as a file: one row per utterance, `conversation_id, utterance_id, emotion, p_<label>...`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from crossgate.conversation import Conversation
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.files import new_file


def write_probabilities(
    path: Path,
    conversations: Sequence[Conversation],
    probabilities: npt.NDArray[np.floating],
    labels: LabelSet,
    *,
    overwrite: bool = False,
) -> None:
    """Write predictions as Parquet, in one step.

    Args:
        path: the file; where it exists, `overwrite` must be on.
        conversations: whose utterances are the rows, in order.
        probabilities: (utterance, emotion).
        labels: names the emotions; `emotion` is the likeliest.
        overwrite: replace the file.
    """
    if path.exists() and not overwrite:
        raise InputError(
            "exists already", where=str(path), fix="name another file, or replace it with overwrite"
        )
    columns: dict[str, object] = {
        "conversation_id": [c.id for c in conversations for _ in c.utterances],
        "utterance_id": [u.id for c in conversations for u in c.utterances],
        "emotion": [labels.labels[index] for index in probabilities.argmax(axis=-1)],
    }
    for index, emotion in enumerate(labels.labels):
        columns[f"p_{emotion}"] = probabilities[:, index].astype(np.float32)
    with new_file(path) as draft:
        pq.write_table(pa.table(columns), draft)


def read_probabilities(path: Path, labels: LabelSet) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Utterance ids and probabilities (utterance, emotion) of a file of `write_probabilities`."""
    try:
        table = pq.read_table(path)
        values = np.stack([table.column(f"p_{emotion}").to_numpy() for emotion in labels.labels], axis=1)
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise InputError(f"not a file of predictions: {error}", where=str(path)) from error
    return table.column("utterance_id").to_pylist(), values
