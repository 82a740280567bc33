"""From a split to what a network reads: per conversation the arrays of every modality, and padded batches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from crossgate.conversation import Conversation, Modality
from crossgate.emotions import UNLABELLED, LabelSet
from crossgate.features.standardize import Standardizer


@dataclass(frozen=True)
class Features:
    """The raw vectors of one modality over a split.

    Attributes:
        values: (utterance, feature) float32, NaN where not measured.
        present: (utterance,) bool.
        implausible: (utterance,) bool, measured but taken for missing (`plausible.py`); None where nobody
            looked.
    """

    values: npt.NDArray[np.float32]
    present: npt.NDArray[np.bool_]
    implausible: npt.NDArray[np.bool_] | None = None


@dataclass(frozen=True)
class Example:
    """One conversation, ready for a network.

    Attributes:
        conversation: what it was made of.
        values: per modality (turn, feature) float32, standardised, 0 where not present.
        present: (modality, turn) bool.
        speakers: (turn,) int64, order of first appearance.
        labels: (turn,) int64, `UNLABELLED` where there is none.
        implausible: per modality (turn,) bool, measured but taken for missing; only those with such turns.
    """

    conversation: Conversation
    values: dict[Modality, Tensor]
    present: Tensor
    speakers: Tensor
    labels: Tensor
    implausible: dict[Modality, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.conversation)


@dataclass(frozen=True)
class Batch:
    """Conversations padded to one length.

    Attributes:
        values: per modality (batch, turn, feature) float32.
        present: (modality, batch, turn) bool, False at padding.
        speakers: (batch, turn) int64.
        turns: (batch, turn) bool, False at padding.
        labels: (batch, turn) int64, `UNLABELLED` at padding and where there is no label.
        conversations: ids, for messages.
    """

    values: dict[Modality, Tensor]
    present: Tensor
    speakers: Tensor
    turns: Tensor
    labels: Tensor
    conversations: tuple[str, ...]

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device."""
        return Batch(
            {modality: values.to(device) for modality, values in self.values.items()},
            self.present.to(device),
            self.speakers.to(device),
            self.turns.to(device),
            self.labels.to(device),
            self.conversations,
        )


def make_examples(
    conversations: Sequence[Conversation],
    features: Mapping[Modality, Features],
    standardizers: Mapping[Modality, Standardizer],
    labels: LabelSet,
) -> list[Example]:
    """Standardise and cut into conversations; rows stand in the order of the conversations."""
    ready = {}
    for modality, raw in features.items():
        values = standardizers[modality](raw.values)
        values[~raw.present] = 0.0
        ready[modality] = torch.from_numpy(values)
    there = torch.from_numpy(np.stack([raw.present for raw in features.values()]))
    examples, start = [], 0
    for conversation in conversations:
        rows = slice(start, start + len(conversation))
        start += len(conversation)
        examples.append(
            Example(
                conversation,
                {modality: values[rows] for modality, values in ready.items()},
                there[:, rows],
                torch.tensor(conversation.speaker_indices()),
                torch.tensor([labels.index(u.emotion) for u in conversation.utterances]),
                {
                    modality: torch.from_numpy(raw.implausible[rows])
                    for modality, raw in features.items()
                    if raw.implausible is not None and raw.implausible[rows].any()
                },
            )
        )
    return examples


def collate(examples: Sequence[Example]) -> Batch:
    """Pad conversations to the longest of them."""
    size, length = len(examples), max(len(example) for example in examples)
    values = {
        modality: torch.zeros(size, length, first.shape[1]) for modality, first in examples[0].values.items()
    }
    present = torch.zeros(len(values), size, length, dtype=torch.bool)
    speakers = torch.zeros(size, length, dtype=torch.int64)
    turns = torch.zeros(size, length, dtype=torch.bool)
    labels = torch.full((size, length), UNLABELLED)
    for row, example in enumerate(examples):
        end = len(example)
        for modality, filled in values.items():
            filled[row, :end] = example.values[modality]
        present[:, row, :end] = example.present
        speakers[row, :end] = example.speakers
        turns[row, :end] = True
        labels[row, :end] = example.labels
    return Batch(values, present, speakers, turns, labels, tuple(e.conversation.id for e in examples))
