"""Who may attend to whom, and attention that is defined even where nobody may."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from crossgate.models.past import GivenPast, past_in_use

BLOCK = 64
"""Query turns at once where nothing is learned: the scores of an hour's talk would fill gigabytes."""


def attend(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    allowed: Tensor,
    bias: Tensor | None,
    heads: int,
    group: int = 1,
    kept: Tensor | None = None,
) -> Tensor:
    """Scaled dot-product attention over turns.

    Args:
        query: (slot * group, batch, turn, feature): `group` of them one after the other ask the same keys.
        key: (slot, batch, turn, feature).
        value: (slot, batch, turn, feature).
        allowed: (slot, batch, query turn, key turn) bool.
        bias: (batch, head, query turn, key turn) added to the scores, or None.
        heads: number of heads.
        group: queries a slot.
        kept: dropout's factors of the weights, (batch, head, query turn, key turn), in training alone.

    Returns:
        (slot * group, batch, turn, feature); zero for a query that may attend to nothing.

    Where a single turn is read after a past (`past.py`), its keys are kept there and it attends to all of
    them; `bias` is then (batch, head, 1, key turn).
    """
    past = past_in_use()
    key, value = _split(key, heads), _split(value, heads)
    if past is not None:
        allowed = allowed.expand(query.shape[0] // group, query.shape[1], -1, -1)
        if isinstance(past, GivenPast):
            return _beside(past, query, key, value, allowed, bias, heads, group)
        keys, values = past.with_new(key), past.with_new(value)
        there = past.with_new(allowed).transpose(2, 3)
        return _weighted(query, keys, values, there, bias, heads, group)
    turns = query.shape[2]
    if turns <= BLOCK or torch.is_grad_enabled():
        return _weighted(query, key, value, allowed, bias, heads, group, kept)
    blocks = [slice(first, first + BLOCK) for first in range(0, turns, BLOCK)]
    return torch.cat(
        [
            _weighted(
                query[:, :, rows],
                key,
                value,
                allowed[:, :, rows],
                None if bias is None else bias[:, :, rows],
                heads,
                group,
            )
            for rows in blocks
        ],
        dim=2,
    )


def _weighted(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    allowed: Tensor,
    bias: Tensor | None,
    heads: int,
    group: int,
    kept: Tensor | None = None,
) -> Tensor:
    """`attend` in one piece, key and value as `_split` gives them; the query may have fewer turns."""
    _, batch, turns, features = query.shape
    slots = query.shape[0] // group
    reachable = allowed.any(dim=-1, keepdim=True)
    # A query without a key attends to everything and is zeroed below: a softmax over nothing would be NaN.
    hidden = ~(allowed | ~reachable)
    scores = torch.where(hidden, torch.finfo(query.dtype).min / 2, 0.0).to(query.dtype)[:, :, None]
    scores = scores.expand(-1, -1, heads, -1, -1) if bias is None else scores + bias
    scores = scores[:, :, :, None].expand(-1, -1, -1, group, -1, -1)
    # Plain products: PyTorch's fused kernel is made for long sequences; masked, on a CPU, it was slower at
    # the ten to a hundred turns of a conversation.
    weights = torch.softmax(
        torch.baddbmm(
            scores.reshape(slots * batch * heads, group * turns, key.shape[1]),
            _split(query, heads, group),
            key.transpose(1, 2),
            alpha=1 / math.sqrt(features // heads),
        ),
        dim=-1,
    )
    if kept is not None:
        weights = _dropped(weights, kept, group)
    return _joined(torch.bmm(weights, value), reachable, query.shape, heads, group)


def _dropped(weights: Tensor, kept: Tensor, group: int) -> Tensor:
    """(slot * batch * head, group * turn, key turn) times factors that slots and groups have in common."""
    batch, heads, turns, keys = kept.shape
    apart = weights.view(-1, batch, heads, group, turns, keys)
    return (apart * kept[:, :, None].to(weights.dtype)).view_as(weights)


def _beside(
    past: GivenPast,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    allowed: Tensor,
    bias: Tensor | None,
    heads: int,
    group: int,
) -> Tensor:
    """`_weighted` of one new turn, the keys and values before it left where they are.

    Args:
        query: (slot * group, batch, 1, feature).
        key: (slot * batch * head, 1, feature of the head), as `value`.
        allowed: (slot, batch, 1, 1) bool.
        bias: (batch, head, 1, room + 1) or None.
    """
    slots, batch = allowed.shape[:2]
    kept_keys, kept_values = past.before(key), past.before(value)
    there = torch.cat((past.before(allowed), allowed), dim=2).transpose(2, 3)
    reachable = there.any(dim=-1, keepdim=True)
    asked = _split(query, heads, group) / math.sqrt(query.shape[3] // heads)
    across = asked.transpose(1, 2)  # the queries are turned about and not the keys, of which there are many
    scores = torch.cat((kept_keys @ across, key @ across), dim=1).transpose(1, 2)
    scores = scores.reshape(slots, batch, heads, group, -1)
    if bias is not None:
        scores = scores + bias
    scores = scores.masked_fill(~(there | ~reachable)[:, :, None], torch.finfo(query.dtype).min / 2)
    weights = torch.softmax(scores, dim=-1).flatten(0, 2)
    context = weights[..., :-1] @ kept_values + weights[..., -1:] * value
    return _joined(context, reachable, query.shape, heads, group)


def _split(x: Tensor, heads: int, group: int = 1) -> Tensor:
    """(slot * group, batch, turn, feature) -> (slot * batch * head, group * turn, feature of the head)."""
    slots, batch, turns, _ = x.shape
    parts = x.view(slots // group, group, batch, turns, heads, -1).permute(0, 2, 4, 1, 3, 5)
    return parts.reshape(slots // group * batch * heads, group * turns, -1)


def _joined(context: Tensor, reachable: Tensor, shape: Sequence[int], heads: int, group: int) -> Tensor:
    """What `_split` had taken apart, in one; zero where `reachable`, (slot, batch, turn, 1), is False."""
    slots, batch, turns, _ = shape
    parts = (
        context.view(slots // group, batch, heads, group, turns, -1)
        * reachable.to(context.dtype)[:, :, None, None]
    )
    return parts.permute(0, 3, 1, 4, 2, 5).reshape(*shape)


class Relations(nn.Module):
    """A learned attention bias from how far apart two turns are and whether one speaker says both."""

    def __init__(self, heads: int, reach: int = 10) -> None:
        super().__init__()
        self.reach = reach
        # Heads start out different, as in ALiBi (Press et al. 2022): a quarter sees all turns alike, the rest
        # prefer near ones, own ones or the others' ones. From zeros the bias hardly moved in training.
        slope = torch.tensor([0.0, 0.25, 0.5, 1.0]).repeat(heads // 4 + 1)[:heads]
        same = torch.tensor([0.0, 1.0, -1.0, 0.0]).repeat(heads // 4 + 1)[:heads]
        steps = torch.arange(-reach, reach + 1).abs()
        self.distance = nn.Parameter(-steps[:, None] * slope)
        self.same_speaker = nn.Parameter(same)

    def forward(self, speakers: Tensor) -> Tensor:
        """Speaker indices (batch, turn) -> bias (batch, head, query turn, key turn)."""
        past = past_in_use()
        if isinstance(past, GivenPast):
            before = past.before(speakers[:, :, None])[..., 0]
            back = torch.arange(before.shape[1], device=speakers.device) - past.turns
            back = torch.cat((back.clamp(max=-1), back.new_zeros(1)))  # what lies beyond the turns is hidden
            return self._of_newest(torch.cat((before, speakers), dim=1), back)
        if past is not None:
            known = past.with_new(speakers[:, :, None])[..., 0]
            return self._of_newest(known, torch.arange(1 - known.shape[1], 1, device=speakers.device))
        turns = torch.arange(speakers.shape[1], device=speakers.device)
        steps = (turns[None, :] - turns[:, None]).clamp_(-self.reach, self.reach).add_(self.reach)
        if not torch.is_grad_enabled() and len(turns) > BLOCK:  # head by head, which needs half the memory
            found = self.distance.new_empty(len(speakers), len(self.same_speaker), *steps.shape)
            alike = (speakers[:, :, None] == speakers[:, None, :]).to(found.dtype)
            for head, (same, distances) in enumerate(zip(self.same_speaker, self.distance.T, strict=True)):
                torch.mul(alike, same, out=found[:, head]).add_(distances[steps])
            return found
        distance = nn.functional.embedding(steps, self.distance)
        same = (speakers[:, :, None] == speakers[:, None, :]).to(distance.dtype)
        bias = distance[None] + same[..., None] * self.same_speaker
        return bias.permute(0, 3, 1, 2)

    def _of_newest(self, speakers: Tensor, back: Tensor) -> Tensor:
        """The bias of the last turn as the query alone, (batch, head, 1, key turn); `back` as distances."""
        distance = self.distance[back.clamp(min=-self.reach) + self.reach]
        same = (speakers == speakers[:, -1:]).to(distance.dtype)
        return (distance + same[..., None] * self.same_speaker).transpose(1, 2)[:, :, None]


def sinusoids(turns: int, features: int, device: torch.device) -> Tensor:
    """Sinusoidal positions (turn, feature), Vaswani et al. 2017, section 3.5; they go on after a `Past`."""
    past = past_in_use()
    first = 0 if past is None else past.turns
    position = (torch.arange(turns, device=device, dtype=torch.float32) + first)[:, None]
    exponent = torch.arange(0, features, 2, device=device, dtype=torch.float32) / features
    rate = torch.exp(-math.log(10000.0) * exponent)
    table = torch.zeros(turns, features, device=device)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)[:, : features // 2]
    return table
