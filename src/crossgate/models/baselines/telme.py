"""TelME's fusion: text leads, and what audio and visual say shifts it by a limited length.

Yun, Lim, Lee, "TelME: teacher-leading multimodal fusion network for emotion recognition in conversation",
NAACL 2024, its attention-based modality shifting fusion, which follows the adaptation gate of Rahman et al.,
"Integrating multimodal information in large pretrained transformers", ACL 2020. Formulas as in the authors'
public code, github.com/yuntaeyang/TelME, class `ASF` in `MELD/model.py` (the same in `IEMOCAP/model.py`),
with the sizes of `MELD/fusion.py` and `IEMOCAP/fusion.py`; where we leave it, a comment at the line says so.

The fusion alone: TelME also fine-tunes RoBERTa, data2vec and TimeSformer and has its text model teach the
other two before any fusion is trained. Features are given here, the same for all rivals, so that neither is a
part of it.

With two modalities, the other one alone shifts the leader. With one, no shift is left: context, norm, head.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.models.baselines.answer import single_view
from crossgate.models.baselines.context import Context
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views

THETA = 0.2
"""Most of the leader's length that a shift may have. Published: 0.2 on IEMOCAP and 0.1 on MELD; the wider one
on every corpus here."""


def limited(shift: Tensor, leader: Tensor) -> Tensor:
    """lambda * shift with lambda = min(THETA * |leader| / |shift|, 1); (..., feature) all."""
    # Published: a length of exactly 0 is replaced by 1 before it divides. The shift is 0 then, whatever the
    # factor.
    longest = THETA * torch.linalg.vector_norm(leader, dim=-1, keepdim=True)
    length = torch.linalg.vector_norm(shift, dim=-1, keepdim=True) + 1e-6
    short: Tensor = shift * (longest / length).clamp(max=1)
    return short


class ShiftingFusion(nn.Module):
    """The leader's representation, shifted by those of the others.

    Args:
        settings: hidden, heads and dropout are read.
        others: number of modalities beside the leader, one or two.
    """

    def __init__(self, settings: ModelSettings, others: int) -> None:
        super().__init__()
        hidden, wide = settings.hidden, others * settings.hidden
        self.attention = nn.MultiheadAttention(wide, settings.heads, batch_first=True)
        self.norm = nn.LayerNorm(wide)
        self.gate = nn.Linear(wide + hidden, hidden)
        self.shift = nn.Linear(wide, hidden)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, leader: Tensor, others: Tensor, turns: Tensor) -> Tensor:
        """Shift.

        Args:
            leader: (batch, turn, feature).
            others: side by side, (batch, turn, modality * feature).
            turns: (batch, turn) bool; False is padding.

        Returns:
            (batch, turn, feature).
        """
        # Published: a batch of single utterances is handed over as if it were one sequence, so that what an
        # utterance attends to is whatever shares its batch. Here: the utterances of its own conversation.
        attended, _ = self.attention(others, others, others, key_padding_mask=~turns, need_weights=False)
        heard = self.dropout(self.norm(attended + others))
        weight = torch.relu(self.gate(torch.cat((heard, leader), dim=-1)))
        return leader + limited(weight * self.shift(heard), leader)


class TelME(Network):
    """Context for every modality, the first of them shifted by the others, a head; see `Network`."""

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        # Published: context enters by the text model alone, which reads the turns before and tokens for who
        # speaks; audio and visual models see one utterance. Features here may be of single utterances, so
        # context is put in front, for all modalities, as for the other rivals: to TelME's advantage.
        self.contexts = nn.ModuleDict({m: Context(settings, dimensions[m]) for m in self.modalities})
        others = len(self.modalities) - 1
        self.fusion = ShiftingFusion(settings, others) if others else None
        self.norm = nn.LayerNorm(settings.hidden)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(settings.hidden, emotions)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`. Text leads; without it, audio does: published, the text always leads."""
        # Published: fusion is trained on frozen encoders. Here the context encoders learn with it, in one go.
        leader, *others = (
            self.contexts[m](values[m] * present[k, ..., None], speakers, turns)
            for k, m in enumerate(self.modalities)
        )
        shifted = leader if self.fusion is None else self.fusion(leader, torch.cat(others, dim=-1), turns)
        features = self.norm(shifted)
        return single_view(self.views, features, self.head(self.dropout(features)), present, turns)
