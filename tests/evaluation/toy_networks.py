"""Conversations whose emotion one modality tells, and networks that read a single one of them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from crossgate.conversation import MODALITIES, Conversation, Modality, Utterance
from crossgate.emotions import LabelSet
from crossgate.features.dataset import Example
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views, view_names

LABELS = LabelSet("toy4", ("calm", "glad", "cross", "sad"))
DIMENSIONS: dict[Modality, int] = {"text": 4, "audio": 5, "visual": 6}


class Reader(Network):
    """Answers from one modality: its first four numbers are the logits; nothing there gives even odds.

    The single views' features are the modalities' values, cut to four; shares go to the modality it reads.
    """

    def __init__(self, reads: Modality) -> None:
        super().__init__(ModelSettings(), DIMENSIONS, len(LABELS))
        self.reads = MODALITIES.index(reads)
        self.views = view_names(self.modalities)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        there = present & turns
        single = torch.stack([values[m][..., :4] * there[k, ..., None] for k, m in enumerate(MODALITIES)])
        features = single[[0, 1, 2, 0, 0, 1, self.reads]]
        valid = torch.cat((there, there[[0, 0, 1]] & there[[1, 2, 2]], there.any(dim=0, keepdim=True)))
        shares = torch.zeros(*turns.shape, 3)
        shares[..., self.reads] = 1.0
        return Views(self.views, 3.0 * features, features, valid, shares)


def talks(count: int = 12, turns: int = 8, seed: int = 0, missing: float = 0.0) -> list[Example]:
    """Conversations of two speakers; the text is the emotion one-hot with noise, all else is noise."""
    random = torch.Generator().manual_seed(seed)
    examples = []
    for c in range(count):
        labels = torch.randint(len(LABELS), (turns,), generator=random)
        values = {m: torch.randn(turns, DIMENSIONS[m], generator=random) for m in MODALITIES}
        values["text"] = 0.3 * values["text"] + torch.eye(len(LABELS))[labels]
        present = torch.rand(3, turns, generator=random) >= missing
        values = {m: x * present[k, :, None] for k, (m, x) in enumerate(values.items())}
        utterances = tuple(
            Utterance(f"{c}_{t}", "AB"[t % 2], emotion=LABELS.labels[k]) for t, k in enumerate(labels)
        )
        speakers = torch.arange(turns) % 2
        examples.append(Example(Conversation(str(c), utterances), values, present, speakers, labels))
    return examples
