"""SDT: nine small transformers, two levels of gates, and a fused answer that teaches the single modalities.

Ma, Wang, Lin, Zhang, Zhang, Xu, "A transformer-based model with self-distillation for multimodal emotion
recognition in conversations", IEEE Transactions on Multimedia 26 (2024). Formulas as in the authors' public
code, github.com/butterfliesss/SDT, `model.py` and `train.py`; where we leave it, a comment at the line says
so.

The self-distillation is our objective's, for SDT answers a view for every modality and one for all. Its loss,

    CE(full) + sum over m of CE(m) + sum over m of KL(full || m), softened by tau, not times tau squared,

with an error that flows into the teacher too, is exactly that of these `ObjectiveSettings`, where M
modalities are always there (our terms are means over the singles, and times tau squared):

    hard_full=1, hard_pairs=0, hard_singles=M, soft_pairs=0, soft_singles=M / tau**2, temperature=tau,
    hierarchy=False, detach_teacher=False, consistency=0, redundancy=0, label_smoothing=0

Published: tau = 1 and class weights of inverse frequency on IEMOCAP, tau = 8 and none on MELD. Where a
modality is missing we leave its view out of the loss; theirs knows of none.

With two modalities, two intra- and two inter-modal transformers remain; with one, a single transformer and
its gate, and nothing to distil.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from crossgate.conversation import INITIALS, Modality
from crossgate.models.attention import sinusoids
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views


class Attention(nn.Module):
    """Multi-head attention from one sequence to another, with separate projections."""

    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, asking: Tensor, asked: Tensor, padding: Tensor) -> Tensor:
        """Attend.

        Args:
            asking: what queries are made of, (batch, turn, feature).
            asked: what keys and values are made of, (batch, turn, feature).
            padding: (batch, turn) bool, True where there is no turn.

        Returns:
            (batch, turn, feature).
        """

        def by_head(x: Tensor) -> Tensor:
            return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

        query, key, value = (
            by_head(self.query(asking)),
            by_head(self.key(asked)),
            by_head(self.value(asked)),
        )
        scores = (query / math.sqrt(query.shape[-1])) @ key.transpose(-1, -2)
        weights = torch.softmax(scores.masked_fill(padding[:, None, None], -1e10), dim=-1)
        context = (self.dropout(weights) @ value).transpose(1, 2).flatten(-2)
        attended: Tensor = self.output(context)
        return attended


class FeedForward(nn.Module):
    """x + W2 gelu(W1 norm(x)); as wide inside as outside, as published."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden, eps=1e-6)
        self.inner = nn.Linear(hidden, hidden)
        self.outer = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, turn, feature) -> the same shape."""
        # Published: the tanh formula spelled out in eight operations. The same values from one.
        inner = nn.functional.gelu(self.inner(self.norm(x)), approximate="tanh")
        refined: Tensor = x + self.dropout(self.outer(self.dropout(inner)))
        return refined


class TransformerLayer(nn.Module):
    """Attention and feed-forward, each added to what it reads.

    Args:
        settings: hidden, heads and dropout are read.
        first: whether it is the first of its transformer, which does not normalise its input.
    """

    def __init__(self, settings: ModelSettings, first: bool) -> None:
        super().__init__()
        self.first = first
        self.attention = Attention(settings.hidden, settings.heads, settings.dropout)
        self.norm = nn.LayerNorm(settings.hidden, eps=1e-6)
        if first:
            # Published, but never called: it stays, to be counted as they count, and is frozen, for nothing
            # would reach it.
            self.norm.requires_grad_(False)
        self.feed_forward = FeedForward(settings.hidden, settings.dropout)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, own: Tensor, other: Tensor | None, padding: Tensor) -> Tensor:
        """Read `own` in the light of `other`, or of itself where that is None; arguments as of `Branch`."""
        asking = own if self.first else self.norm(own)
        asked = asking if other is None else other
        x = asking + self.dropout(self.attention(asking, asked, padding))
        refined: Tensor = self.feed_forward(x)
        return refined


class UnimodalGate(nn.Module):
    """sigmoid(W x) * x."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        # Published: learned on IEMOCAP, frozen at the identity on MELD. Learned here, on every corpus.
        self.weigh = nn.Linear(hidden, hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, turn, feature) -> the same shape."""
        return torch.sigmoid(self.weigh(x)) * x


class Branch(nn.Module):
    """A transformer and the gate behind it: one modality read in the light of another, or of itself."""

    def __init__(self, settings: ModelSettings) -> None:
        super().__init__()
        # Published: one layer. `settings.layers` stacks more in the way the public code is written for.
        self.layers = nn.ModuleList(TransformerLayer(settings, k == 0) for k in range(settings.layers))
        self.gate = UnimodalGate(settings.hidden)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, own: Tensor, other: Tensor | None, where: Tensor, padding: Tensor) -> Tensor:
        """Read `own` in the light of `other`, or of itself where that is None.

        Args:
            own: (batch, turn, feature).
            other: (batch, turn, feature) or None.
            where: position and speaker, (batch, turn, feature).
            padding: (batch, turn) bool.

        Returns:
            (batch, turn, feature).
        """
        x = self.dropout(own + where)
        # Published: compares the two inputs value by value to find this out. We are told.
        asked = None if other is None else self.dropout(other + where)
        for layer in self.layers:
            x = layer(x, asked, padding)
        gated: Tensor = self.gate(x)
        return gated


class HierarchicalGate(nn.Module):
    """A mixture of modalities: for every feature, softmax over modalities of W x, one W for all."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.weigh = nn.Linear(hidden, hidden, bias=False)

    def forward(self, single: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Mix.

        Args:
            single: a modality each, (batch, turn, feature).

        Returns:
            the mixture (batch, turn, feature) and its weights (modality, batch, turn, feature).
        """
        weights = torch.softmax(torch.stack([self.weigh(x) for x in single]), dim=0)
        return (weights * torch.stack(single)).sum(dim=0), weights


class SDT(Network):
    """Intra- and inter-modal branches, two levels of gates, a head a modality and one for all; see `Network`.

    Attributes:
        views: the single modalities and the full view; of a single modality, the full view alone.
    """

    def __init__(self, settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__(settings, dimensions, emotions)
        hidden, modalities = settings.hidden, self.modalities
        alone = len(modalities) == 1
        self.views = (*(() if alone else (INITIALS[m] for m in modalities)), *self.views)
        # Published: a convolution over time of width 1, which is this matrix product.
        self.project = nn.ModuleDict({m: nn.Linear(dimensions[m], hidden, bias=False) for m in modalities})
        # One more row stands for padding, as published. Published: who speaks, the same in every conversation
        # (MELD's nine roles, IEMOCAP's two sexes). Here: in which order they first speak.
        self.speaker = nn.Embedding(settings.speakers + 1, hidden, padding_idx=settings.speakers)
        self.branches = nn.ModuleDict({f"{n}_{m}": Branch(settings) for m in modalities for n in modalities})
        self.reduce = nn.ModuleDict({m: nn.Linear(len(modalities) * hidden, hidden) for m in modalities})
        self.mix = HierarchicalGate(hidden)
        self.heads = nn.ModuleDict(
            {
                m: nn.Sequential(nn.ReLU(), nn.Dropout(settings.dropout), nn.Linear(hidden, emotions))
                for m in (() if alone else modalities)
            }
        )
        self.full_head = nn.Linear(hidden, emotions)

    def forward(
        self, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
    ) -> Views:
        """See `Network.forward`; shares are the hierarchical gate's weights, averaged over features."""
        there = present & turns
        seen = {m: values[m] * present[k, ..., None] for k, m in enumerate(self.modalities)}
        # More speakers than there are rows share the last: a conversation may have any number.
        single, fused, weights = self.read(seen, speakers.clamp(max=self.settings.speakers - 1), turns)
        logits = [head(x) for head, x in zip(self.heads.values(), single, strict=False)]
        full = there.any(dim=0, keepdim=True)
        shares = (weights.mean(dim=-1) * full).movedim(0, -1)
        return Views(
            self.views,
            torch.stack([*logits, self.full_head(fused)]),
            torch.stack([*single[: len(logits)], fused]),
            torch.cat((there[: len(logits)], full)),
            None if self.training else shares,
        )

    def read(
        self, values: Mapping[Modality, Tensor], speakers: Tensor, turns: Tensor
    ) -> tuple[list[Tensor], Tensor, Tensor]:
        """Everything below the heads.

        Args:
            values: per modality (batch, turn, feature), zeros where it is missing.
            speakers: (batch, turn) int, less than `settings.speakers`.
            turns: (batch, turn) bool; False is padding.

        Returns:
            a representation of every modality (batch, turn, feature), their mixture (batch, turn, feature)
            and its weights (modality, batch, turn, feature).
        """
        padding = ~turns
        who = self.speaker(speakers.masked_fill(padding, self.settings.speakers))
        # Published: a table of 512 positions. Worked out here, for conversations may be longer.
        where = who + sinusoids(turns.shape[1], who.shape[-1], who.device).to(who.dtype)
        projected = {m: self.project[m](values[m]) for m in self.modalities}
        single = []
        for m in self.modalities:
            # Published: the modality itself first, then the others. A fixed order here: the same sum.
            branches = [
                self.branches[f"{n}_{m}"](projected[m], None if n == m else projected[n], where, padding)
                for n in self.modalities
            ]
            single.append(self.reduce[m](torch.cat(branches, dim=-1)))
        return single, *self.mix(single)
