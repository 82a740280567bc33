"""What a run predicted and what was right, one file a run: all that the report needs, the corpus not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from crossgate.corpora.table import Split
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.files import new_file

MEASURED_FILE = "measured.parquet"


@dataclass(frozen=True)
class Measured:
    """Predictions of one run with the labels beside them.

    Attributes:
        utterances: (utterance,) ids.
        conversations: (utterance,) ids of their conversations.
        labels: (utterance,) class indices, `UNLABELLED` where there is none.
        probabilities: (utterance, emotion).
    """

    utterances: tuple[str, ...]
    conversations: tuple[str, ...]
    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]


def measured_of(split: Split, probabilities: npt.NDArray[np.floating], labels: LabelSet) -> Measured:
    """Predictions (utterance, emotion) on a split, in its order."""
    return Measured(
        tuple(u.id for c in split.conversations for u in c.utterances),
        tuple(c.id for c in split.conversations for _ in c.utterances),
        np.array([labels.index(u.emotion) for c in split.conversations for u in c.utterances]),
        probabilities.astype(np.float64),
    )


def write_measured(path: Path, measured: Measured, labels: LabelSet) -> None:
    """Write `conversation_id, utterance_id, label, p_<emotion>...`, whole or not at all."""
    columns: dict[str, object] = {
        "conversation_id": measured.conversations,
        "utterance_id": measured.utterances,
        "label": [labels.labels[k] if k >= 0 else None for k in measured.labels],
    }
    for index, emotion in enumerate(labels.labels):
        columns[f"p_{emotion}"] = measured.probabilities[:, index].astype(np.float32)
    with new_file(path) as draft:
        pq.write_table(pa.table(columns), draft)


def read_measured(path: Path, labels: LabelSet) -> Measured:
    """Read a file of `write_measured`. Raises InputError where it is not one."""
    try:
        table = pq.read_table(path)
        values = np.stack([table.column(f"p_{emotion}").to_numpy() for emotion in labels.labels], axis=1)
        return Measured(
            tuple(table.column("utterance_id").to_pylist()),
            tuple(table.column("conversation_id").to_pylist()),
            np.array([labels.index(label) for label in table.column("label").to_pylist()]),
            values.astype(np.float64),
        )
    except (OSError, KeyError, pa.ArrowInvalid) as error:
        raise InputError(
            f"not the predictions of a run: {error}",
            where=str(path),
            fix="remove the file; the benchmark's command makes it anew from the run",
        ) from error
