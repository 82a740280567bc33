"""Layers that treat several modalities (or pairs, or views) at once, each with weights of its own.

A `slot` is one of them. Working on all slots in one matrix product is what makes the network fast: the
conversations of these corpora are short, and many small operations cost more than a few larger ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

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


class SharedDropout(nn.Module):
    """Dropout with one mask for all slots: (slot, batch, turn, feature) unchanged in shape.

    The features of two modalities have nothing to do with each other, so a mask of one's own for each would
    only cost more: drawing masks was a seventh of a training step. For the views it is even to the point that
    teacher and student differ by what they know and not by luck.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        """Drop features in training, nothing in evaluation."""
        if not self.training or not self.probability:
            return x
        return x * nn.functional.dropout(torch.ones_like(x[0]), self.probability)


def normalized(x: Tensor) -> Tensor:
    """Layer normalisation without scale and shift: what follows is linear and has its own."""
    return nn.functional.layer_norm(x, x.shape[-1:])


def pick(x: Tensor, slots: Sequence[int]) -> Tensor:
    """Slots of (slot, ...) in any order and number.

    Taken apart and stacked: the gradient of an index, a list or a single one, fills and adds a tensor as
    large as `x` for every slot taken.
    """
    parts = x.unbind(0)
    return torch.stack([parts[slot] for slot in slots])
