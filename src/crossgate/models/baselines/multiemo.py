"""MultiEMO's attention: every modality asks each of the others in turn, layer upon layer.

Shi, Huang, "MultiEMO: an attention-based correlation-aware multimodal fusion framework for emotion
recognition in conversations", ACL 2023, its MultiAttn. Formulas as in the authors' public code,
github.com/TaoShi1998/MultiEMO, `Model/MultiAttn.py`, `Model/MultiEMO_Model.py` and `Model/MLP.py`, with the
sizes of `Train/TrainMultiEMO.py`; where we leave it, a comment at the line says so.

The attention alone: features are given, so VisExtNet, which extracts those of faces, is no part of it. Nor
are the losses MultiEMO adds to cross-entropy: Soft-HGR between modalities and a focal contrastive loss.

With two modalities, each layer asks the one other. With one there is none to ask, and a layer is its
feed-forward block.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from crossgate.conversation import Modality
from crossgate.models.baselines.answer import single_view
from crossgate.models.baselines.context import Context
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views

WIDENING = 4
"""Inner width of the feed-forward block over `hidden`. Published: 1024 over 256."""


class MultiAttnLayer(nn.Module):
    """One modality asks the others, one after the other, and thinks it over: norm(x + block(x)) throughout.

    Args:
        settings: hidden, heads and dropout are read.
        others: number of modalities it asks.
    """

    def __init__(self, settings: ModelSettings, others: int) -> None:
        super().__init__()
        hidden = settings.hidden
        # Published: a query, a key and a value matrix a head, side by side here. Attention weights have no
        # dropout, as published.
        self.attentions = nn.ModuleList(
            nn.MultiheadAttention(hidden, settings.heads, batch_first=True) for _ in range(others)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(hidden) for _ in range(others + 1))
        self.inner = nn.Linear(hidden, WIDENING * hidden)
        self.outer = nn.Linear(WIDENING * hidden, hidden)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, x: Tensor, others: Sequence[Tensor], padding: Tensor) -> Tensor:
        """Read `x` in the light of the others.

        Args:
            x: (batch, turn, feature).
            others: each (batch, turn, feature).
            padding: (batch, turn) bool, True where there is no turn.

        Returns:
            (batch, turn, feature).
        """
        # Of norms there is one more, for the feed-forward block.
        for attention, norm, other in zip(self.attentions, self.norms, others, strict=False):
            # Published: no mask, so that a conversation's answer depends on what it is padded to.
            attended, _ = attention(x, other, other, key_padding_mask=padding, need_weights=False)
            x = norm(x + self.dropout(attended))
        # Published: dropped out twice on its way, at a rate of 0. Once here, where the rate is a setting.
        thought = self.outer(torch.relu(self.inner(x)))
        refined: Tensor = self.norms[-1](x + self.dropout(thought))
        return refined


class MultiAttn(nn.Module):
    """Layers of one modality, one upon the other; arguments as of `MultiAttnLayer`."""

    def __init__(self, settings: ModelSettings, others: int) -> None:
        super().__init__()
        # Published: 6 layers. As many as `settings.layers` here, so that all rivals are tuned alike.
        self.layers = nn.ModuleList(MultiAttnLayer(settings, others) for _ in range(settings.layers))

    def forward(self, x: Tensor, others: Sequence[Tensor], padding: Tensor) -> Tensor:
        """As of `MultiAttnLayer`; every layer asks the same: what context encoders say of the others."""
        for layer in self.layers:
            x = layer(x, others, padding)
        return x


class MultiEMO(Network):
    """Context, a stack of MultiAttn layers a modality, concatenation, a head of two layers; see `Network`."""

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        hidden, others = settings.hidden, len(self.modalities) - 1
        # Published: a DialogueRNN for each modality, but on MELD none for text, whose features have seen
        # their context. It is a rival of its own here; context comes from the encoder that TelME and early
        # fusion have, speakers included.
        self.contexts = nn.ModuleDict({m: Context(settings, dimensions[m]) for m in self.modalities})
        self.stacks = nn.ModuleDict({m: MultiAttn(settings, others) for m in self.modalities})
        self.join = nn.Linear(len(self.modalities) * hidden, hidden)
        # Published: as wide inside as outside on IEMOCAP, twice as wide on MELD; and dropout, at a rate of 0,
        # on the logits themselves. Before the last matrix here, where the rate is a setting.
        self.head = nn.Sequential(
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(settings.dropout), nn.Linear(hidden, emotions)
        )

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`."""
        encoded = {
            m: self.contexts[m](values[m] * present[k, ..., None], speakers, turns)
            for k, m in enumerate(self.modalities)
        }
        fused = [
            self.stacks[m](encoded[m], [encoded[n] for n in self.modalities if n != m], ~turns)
            for m in self.modalities
        ]
        features = self.join(torch.cat(fused, dim=-1))
        return single_view(self.views, features, self.head(features), present, turns)
