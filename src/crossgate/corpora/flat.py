"""A split as flat columns, as the file has it, before any rule of the table is applied to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from crossgate.corpora.rows import vector_column
from crossgate.corpora.table import Split


@dataclass(frozen=True)
class FlatFeature:
    """Vectors of one column: `values (row, feature)` float32 and `present (row,)` bool."""

    values: npt.NDArray[np.float32]
    present: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FlatSplit:
    """One entry a row everywhere; ids may repeat, texts and emotions may be None.

    Attributes:
        name: of the split.
        conversations: conversation id of each row; empty where the file has none.
        utterances: utterance id of each row.
        turns: place of each row within its conversation.
        speakers: who speaks; empty where the file does not say.
        texts: what is said.
        emotions: the label, whether known or not.
        features: vectors by column name.
    """

    name: str
    conversations: list[str]
    utterances: list[str]
    turns: list[int]
    speakers: list[str]
    texts: list[str | None]
    emotions: list[str | None]
    features: dict[str, FlatFeature] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Number of utterances."""
        return len(self.conversations)

    def counts(self) -> Counter[str]:
        """Utterances by emotion; those without one are left out."""
        return Counter(emotion for emotion in self.emotions if emotion is not None)

    def without(self, conversations: set[str]) -> FlatSplit:
        """The split without these conversations."""
        keep = np.array([name not in conversations for name in self.conversations], dtype=bool)
        kept = np.flatnonzero(keep).tolist()
        columns: dict[str, Any] = {
            name: [getattr(self, name)[row] for row in kept]
            for name in ("conversations", "utterances", "turns", "speakers", "texts", "emotions")
        }
        features = {
            name: FlatFeature(feature.values[keep], feature.present[keep])
            for name, feature in self.features.items()
        }
        return replace(self, features=features, **columns)

    def to_arrow(self) -> pa.Table:
        """The columns of a corpus table; a vector that is not present becomes null."""
        columns = {
            "conversation_id": pa.array(self.conversations, pa.string()),
            "utterance_id": pa.array(self.utterances, pa.string()),
            "turn": pa.array(self.turns, pa.int32()),
            "speaker": pa.array(self.speakers, pa.string()),
            "text": pa.array(self.texts, pa.string()),
            "emotion": pa.array(self.emotions, pa.string()),
        }
        for name, feature in self.features.items():
            columns[name] = vector_column(feature.values, feature.present)
        return pa.table(columns)

    @classmethod
    def of(cls, split: Split) -> FlatSplit:
        """From a split that the table's reader has read."""
        rows = [
            (conversation.id, turn, utterance)
            for conversation in split.conversations
            for turn, utterance in enumerate(conversation.utterances)
        ]
        return cls(
            name=split.name,
            conversations=[conversation for conversation, _, _ in rows],
            utterances=[utterance.id for _, _, utterance in rows],
            turns=[turn for _, turn, _ in rows],
            speakers=[utterance.speaker for _, _, utterance in rows],
            texts=[utterance.text for _, _, utterance in rows],
            emotions=[utterance.emotion for _, _, utterance in rows],
            features={
                name: FlatFeature(column.values, column.present) for name, column in split.columns.items()
            },
        )
