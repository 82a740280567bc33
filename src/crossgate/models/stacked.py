"""Layers that treat several modalities (or pairs, or views) at once, each with weights of its own.

A `slot` is one of them. Working on all slots in one matrix product is what makes the network fast: the
conversations of these corpora are short, and many small operations cost more than a few larger ones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

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


class DropMasks(NamedTuple):
    """Dropout masks of one pass, of 0 and 1 / (1 - probability); the first axis has a place for every use."""

    features: Tensor
    """(place, batch, turn, feature)"""
    weights: Tensor
    """Of attention, (place, batch, head, query turn, key turn); no place where none are dropped."""
    inner: Tensor
    """Inside the feed-forward blocks, (place, batch, turn, inner); no place where none are dropped."""

    def padded(self, batch: int, turns: int) -> DropMasks:
        """With so many conversations and turns more, which are all dropped."""
        flat = (0, 0, 0, turns, 0, batch)
        square = (0, turns, 0, turns, 0, 0, 0, batch)
        pad = nn.functional.pad
        return DropMasks(pad(self.features, flat), pad(self.weights, square), pad(self.inner, flat))


def dropout_masks(shape: Sequence[int], probability: float, device: torch.device) -> Tensor:
    """Dropout masks of 0 and 1 / (1 - probability), all that a pass needs at once.

    Four numbers of 16 bits come from each random word of 64, which takes a tenth of the time of drawing every
    element by itself; the probability is rounded to 1/65536, and the scale with it.
    """
    count = math.prod(shape)
    words = torch.randint(-(2**63), 2**63 - 1, (-(-count // 4),), dtype=torch.int64, device=device)
    dropped = min(round(probability * 2**16), 2**16 - 1)
    kept = words.view(torch.int16)[:count] >= dropped - 2**15
    return kept.float().mul_(2**16 / (2**16 - dropped)).view(*shape)


class Drop:
    """Multiplies by one mask after the other, each for all slots; without masks it changes nothing.

    The features of two modalities have nothing to do with each other, so a mask of one's own for each would
    only cost more. For the views it is even to the point that teacher and student differ by what they know
    and not by luck.
    """

    def __init__(self, masks: DropMasks | None = None) -> None:
        # None where there is no place at all; one place too few is an error.
        self._features, self._weights, self._inner = (
            iter(kind) if len(kind) else None for kind in masks or ((), (), ())
        )

    def __call__(self, x: Tensor) -> Tensor:
        """Features, (slot, batch, turn, feature)."""
        return x if self._features is None else x * next(self._features).to(x.dtype)

    def inside(self, x: Tensor) -> Tensor:
        """The middle of a feed-forward block, (slot, batch, turn, inner)."""
        return x if self._inner is None else x * next(self._inner).to(x.dtype)

    def weights(self) -> Tensor | None:
        """What to multiply attention's weights by, (batch, head, query turn, key turn), or None."""
        return None if self._weights is None else next(self._weights)


UNCHANGED = Drop()
"""Nothing is dropped in evaluation."""


def normalized(x: Tensor) -> Tensor:
    """Layer normalisation without scale and shift: what follows is linear and has its own."""
    return nn.functional.layer_norm(x, (int(x.shape[-1]),))  # a number also where shapes are traced


def pick(x: Tensor, slots: Sequence[int]) -> Tensor:
    """Slots of (slot, ...) in any order and number.

    Taken apart and stacked: the gradient of an index, a list or a single one, fills and adds a tensor as
    large as `x` for every slot taken.
    """
    parts = x.unbind(0)
    return torch.stack([parts[slot] for slot in slots])
