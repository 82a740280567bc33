"""What a causal network keeps of the turns it has read, so that the next one costs no more than itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

ROOM = 64
"""Turns there is room for at first; doubled whenever it is full."""


class Past:
    """Keys, values and speakers of the turns of one conversation that a causal network has read.

    Only three things in a network know of other turns: attention, its bias, and positions, all in
    `attention.py`. While a turn is being read they ask for the past and add to it; everything else is told
    of the new turn alone:

        past = Past()
        for one in turns:                              # (..., 1 turn, ...)
            with past.next_turn(), torch.inference_mode():
                views = network(one.values, one.present, one.speakers, one.turns)

    gives what the network says of the whole conversation at once. The network must be causal, the same every
    time, and called once a turn. A turn that ends in an error leaves the past as it was.

    Attributes:
        turns: how many have been read.
        kept: rows of them, in the order of asking, with room to spare.
    """

    def __init__(self) -> None:
        self.turns = 0
        self.kept: list[Tensor] = []
        self._asked = 0

    @contextmanager
    def next_turn(self) -> Iterator[None]:
        """Within the block, networks called in this thread read one turn after those so far."""
        self._asked = 0
        before = _PRESENT.set(self)
        try:
            yield
        finally:
            _PRESENT.reset(before)
        self.turns += 1

    def with_new(self, new: Tensor) -> Tensor:
        """Rows of the turns so far and a new one: (..., 1, feature) -> (..., turn, feature).

        Who asks is known by the order of asking, which is the same every turn.
        """
        if self._asked == len(self.kept):
            self.kept.append(new.new_empty(*new.shape[:-2], ROOM, new.shape[-1]))
        kept = self.kept[self._asked]
        if self.turns == kept.shape[-2]:
            kept = torch.cat((kept, torch.empty_like(kept)), dim=-2)
            self.kept[self._asked] = kept
        self._asked += 1
        kept[..., self.turns, :] = new[..., 0, :]
        return kept[..., : self.turns + 1, :]


class GivenPast:
    """A past whose rows are given and whose new rows are handed back, for a graph that keeps nothing itself.

    It takes part in `attention.py` as `Past` does, but never joins new rows to old ones: at a thousand turns
    the copy would cost more than the turn.

    Args:
        turns: () int64, how many have been read.
        rows: what the network kept, in the order of asking: (..., room, feature); from `turns` on they mean
            nothing, and are zero.

    Attributes:
        new: rows of the new turn, (..., 1, feature), in the same order.
    """

    def __init__(self, turns: Tensor, rows: Sequence[Tensor]) -> None:
        self.turns = turns
        self.new: list[Tensor] = []
        self._rows = rows

    @contextmanager
    def next_turn(self) -> Iterator[None]:
        """Within the block, networks called in this thread read one turn after those given."""
        before = _PRESENT.set(self)
        try:
            yield
        finally:
            _PRESENT.reset(before)

    def before(self, new: Tensor) -> Tensor:
        """Rows of the turns so far, (..., room, feature); the new one is noted."""
        self.new.append(new)
        return self._rows[len(self.new) - 1]


_PRESENT: ContextVar[Past | GivenPast | None] = ContextVar("past", default=None)


def past_in_use() -> Past | GivenPast | None:
    """The past of the turn that is being read; None where a network is given whole conversations."""
    return _PRESENT.get()
