"""Layers that treat several modalities (or pairs, or views) at once, each with weights of its own.

A `slot` is one of them. Working on all slots in one matrix product is what makes the network fast: the
conversations of these corpora are short, and many small operations cost more than a few larger ones.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class StackedLinear(nn.Module):
    """One affine map a slot: (slot, batch, turn, in) -> (slot, batch, turn, out)."""

    def __init__(self, slots: int, inputs: int, outputs: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(inputs)  # torch.nn.Linear's own initialisation
        self.weight = nn.Parameter(torch.empty(slots, inputs, outputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(slots, 1, outputs).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """Map every slot by its own weights."""
        slots, batch, turns, _ = x.shape
        flat = torch.baddbmm(self.bias, x.reshape(slots, batch * turns, -1), self.weight)
        return flat.view(slots, batch, turns, -1)


class StackedLayerNorm(nn.Module):
    """Layer normalisation with a scale and shift a slot: (slot, batch, turn, feature) unchanged in shape."""

    def __init__(self, slots: int, features: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(slots, 1, 1, features))
        self.shift = nn.Parameter(torch.zeros(slots, 1, 1, features))

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last axis."""
        return torch.addcmul(self.shift, nn.functional.layer_norm(x, x.shape[-1:]), self.scale)


class GuidedGate(nn.Module):
    """sigmoid(W [x_1 ; x_2 ; ...]) with W factorised through a bottleneck, one gate a slot.

    A full matrix would be the plain reading. We factorise it (inputs -> rank -> features): the gates are then
    an eighth of the weights and of the work.
    """

    def __init__(self, slots: int, inputs: int, features: int, rank: int) -> None:
        super().__init__()
        self.narrow = StackedLinear(slots, inputs, rank)
        self.widen = StackedLinear(slots, rank, features)

    def forward(self, *parts: Tensor) -> Tensor:
        """Gate values in (0, 1), (slot, batch, turn, feature), from parts that are concatenated."""
        return torch.sigmoid(self.widen(torch.tanh(self.narrow(torch.cat(parts, dim=-1)))))
