"""SDT, the plain nine-transformer network this project is measured against in time and memory.

The network is the rival of `crossgate.models.baselines.sdt`: every branch is a module of its own and
attention is two matrix products around a softmax, as its authors have it. Here no modality is missing, and
the loss is spelled out term by term, as its authors do.

Where we differ, a comment at the line says so; no difference makes SDT slower or larger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from crossgate.conversation import MODALITIES, Modality
from crossgate.models.baselines import sdt
from crossgate.models.settings import ModelSettings


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


class SDT(nn.Module):
    """The rival, on corpora where every modality is always there.

    Args:
        settings: sizes and switches.
        dimensions: length of the feature vector of each modality.
        emotions: size of the label set.
    """

    def __init__(self, settings: SDTSettings, dimensions: Mapping[Modality, int], emotions: int) -> None:
        super().__init__()
        sizes = ModelSettings(
            kind="sdt",
            hidden=settings.hidden,
            heads=settings.heads,
            dropout=settings.dropout,
            speakers=settings.speakers,
        )
        self.network = sdt.SDT(sizes, dimensions, emotions)
        # Published: norms that are never called count as trained.
        self.network.requires_grad_(True)
        for branch in self.network.branches.values() if settings.freeze_gates else ():
            nn.init.eye_(branch.gate.weigh.weight)
            branch.gate.weigh.weight.requires_grad_(False)

    def forward(self, values: Mapping[Modality, Tensor], speakers: Tensor, turns: Tensor) -> Logits:
        """Read conversations.

        Args:
            values: per modality (batch, turn, feature).
            speakers: (batch, turn) int.
            turns: (batch, turn) bool; False is padding.

        Returns:
            logits; what stands at padding means nothing.
        """
        network = self.network
        single, fused, _ = network.read(values, speakers, turns)
        heads = {m: network.heads[m](x) for m, x in zip(MODALITIES, single, strict=True)}
        return Logits(network.full_head(fused), heads)


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
