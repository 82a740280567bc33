"""SDT, the plain nine-transformer network this project is measured against in time and memory.

Ma et al.: A transformer-based model with self-distillation for multimodal emotion recognition in
conversations, IEEE Transactions on Multimedia 2024. Written anew for the benchmark from the published
structure: every branch is a module of its own and attention is two matrix products around a softmax, as its
authors have it.

Where we differ, a comment at the line says so; no difference makes SDT slower or larger.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from crossgate.conversation import MODALITIES, Modality


@dataclass(frozen=True)
class SDTSettings:
    """Sizes and switches; the defaults are the published MELD recipe but for `hidden` and `freeze_gates`."""

    hidden: int = 256
    """Width of every representation. Published: 1024."""
    heads: int = 8
    """Attention heads."""
    dropout: float = 0.5
    """Dropout everywhere, attention weights included."""
    speakers: int = 9
    """Speakers with an embedding; one more row stands for padding."""
    freeze_gates: bool = False
    """Keep the nine gate matrices at the identity, as the published code does for MELD, not for IEMOCAP."""
    temperature: float = 8.0
    """Softening of teacher and student distributions."""


@dataclass(frozen=True)
class Logits:
    """What SDT says of every utterance.

    Attributes:
        fused: (batch, turn, emotion).
        single: per modality (batch, turn, emotion).
    """

    fused: Tensor
    single: dict[Modality, Tensor]


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
    """Pre-norm feed-forward block with its residual."""

    def __init__(self, hidden: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden, eps=1e-6)
        self.inner = nn.Linear(hidden, hidden)
        self.outer = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, turn, feature) -> the same shape."""
        # Published: the tanh formula spelled out in eight operations. One operation here, to SDT's advantage.
        inner = nn.functional.gelu(self.inner(self.norm(x)), approximate="tanh")
        refined: Tensor = x + self.dropout(self.outer(self.dropout(inner)))
        return refined


class Branch(nn.Module):
    """One transformer of a single layer and the gate behind it: one modality read in the light of another."""

    def __init__(self, settings: SDTSettings) -> None:
        super().__init__()
        hidden, dropout = settings.hidden, settings.dropout
        self.attention = Attention(hidden, settings.heads, dropout)
        # Published, but never called in a first layer: it counts as parameters and costs nothing.
        self.norm = nn.LayerNorm(hidden, eps=1e-6)
        self.feed_forward = FeedForward(hidden, dropout)
        self.gate = nn.Linear(hidden, hidden, bias=False)
        if settings.freeze_gates:
            nn.init.eye_(self.gate.weight)
            self.gate.weight.requires_grad_(False)
        self.dropout = nn.Dropout(dropout)

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
        asking = self.dropout(own + where)
        # Published: compares the two inputs value by value to find this out. We are told, to SDT's advantage.
        asked = asking if other is None else self.dropout(other + where)
        x = asking + self.dropout(self.attention(asking, asked, padding))
        x = self.feed_forward(x)
        gated: Tensor = torch.sigmoid(self.gate(x)) * x
        return gated


class SDT(nn.Module):
    """Three intra-modal and six inter-modal branches, two levels of gates, a head a modality and one for all.

    Args:
        settings: sizes and switches.
        dimensions: length of the feature vector of each modality.
        emotions: size of the label set.
    """

    positions: Tensor

    def __init__(self, settings: SDTSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__()
        hidden = settings.hidden
        self.settings = settings
        # Published: a convolution over time of width 1, which is this matrix product.
        self.project = nn.ModuleDict({m: nn.Linear(dimensions[m], hidden, bias=False) for m in MODALITIES})
        self.speaker = nn.Embedding(settings.speakers + 1, hidden, padding_idx=settings.speakers)
        self.register_buffer("positions", _positions(512, hidden))
        self.branches = nn.ModuleDict({f"{n}_{m}": Branch(settings) for m in MODALITIES for n in MODALITIES})
        self.reduce = nn.ModuleDict({m: nn.Linear(3 * hidden, hidden) for m in MODALITIES})
        self.weigh = nn.Linear(hidden, hidden, bias=False)
        self.heads = nn.ModuleDict(
            {
                m: nn.Sequential(nn.ReLU(), nn.Dropout(settings.dropout), nn.Linear(hidden, emotions))
                for m in MODALITIES
            }
        )
        self.fused_head = nn.Linear(hidden, emotions)

    def forward(self, values: Mapping[Modality, Tensor], speakers: Tensor, turns: Tensor) -> Logits:
        """Read conversations.

        Args:
            values: per modality (batch, turn, feature).
            speakers: (batch, turn) int.
            turns: (batch, turn) bool; False is padding.

        Returns:
            logits; what stands at padding means nothing.
        """
        padding = ~turns
        speaker = self.speaker(speakers.masked_fill(padding, self.settings.speakers))
        where = self.positions[: turns.shape[1]] + speaker
        projected = {m: self.project[m](values[m]) for m in MODALITIES}
        single: dict[Modality, Tensor] = {}
        for m in MODALITIES:
            branches = [
                self.branches[f"{n}_{m}"](projected[m], None if n == m else projected[n], where, padding)
                for n in MODALITIES
            ]
            single[m] = self.reduce[m](torch.cat(branches, dim=-1))
        sources = torch.stack([single[m] for m in MODALITIES])
        weights = torch.softmax(torch.stack([self.weigh(single[m]) for m in MODALITIES]), dim=0)
        fused = self.fused_head((weights * sources).sum(dim=0))
        return Logits(fused, {m: self.heads[m](single[m]) for m in MODALITIES})


def sdt_loss(logits: Logits, labels: Tensor, turns: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of the fused and of each single output, and the divergence of each from the fused.

    Args:
        logits: of the network.
        labels: (batch, turn) int, `UNLABELLED` at padding.
        turns: (batch, turn) bool; False is padding.
        temperature: softening of the divergence; not multiplied by its square, as published.
    """
    outputs = [logits.fused, *logits.single.values()]
    loss = torch.stack(
        [nn.functional.cross_entropy(output.flatten(0, 1), labels.flatten()) for output in outputs]
    ).sum()
    # Published: the teacher is not detached and padding enters as products with 0, which is NaN on current
    # torch. Detached and masked here: the work is the same or less.
    teacher = torch.softmax(logits.fused.detach() / temperature, dim=-1)
    there = turns[..., None]
    for output in logits.single.values():
        student = torch.log_softmax(output / temperature, dim=-1)
        divergence = nn.functional.kl_div(student, teacher, reduction="none")
        loss = loss + divergence.masked_fill(~there, 0.0).sum() / turns.sum()
    return loss


def _positions(turns: int, features: int) -> Tensor:
    """Sinusoidal positions (turn, feature), Vaswani et al. 2017, section 3.5."""
    rate = torch.exp(torch.arange(0, features, 2) * (-math.log(10000.0) / features))
    angle = torch.arange(turns)[:, None] * rate
    return torch.stack((angle.sin(), angle.cos()), dim=-1).flatten(-2)
