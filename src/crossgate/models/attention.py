"""Who may attend to whom, and attention that is defined even where nobody may."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from crossgate.models.past import past_in_use

BLOCK = 64
"""Query turns at once where nothing is learned: the scores of an hour's talk would fill gigabytes."""


def attend(
    query: Tensor, key: Tensor, value: Tensor, allowed: Tensor, bias: Tensor | None, heads: int
) -> Tensor:
    """Scaled dot-product attention over turns.

    Args:
        query: (slot, batch, turn, feature).
        key: (slot, batch, turn, feature).
        value: (slot, batch, turn, feature).
        allowed: (slot, batch, query turn, key turn) bool.
        bias: (batch, head, query turn, key turn) added to the scores, or None.
        heads: number of heads.

    Returns:
        (slot, batch, turn, feature); zero for a query that may attend to nothing.

    Where a single turn is read after a `Past`, its keys are kept there and it attends to all of them; `bias`
    is then (batch, head, 1, key turn).
    """
    past = past_in_use()
    if past is not None:
        keys, values = past.with_new(_split(key, heads)), past.with_new(_split(value, heads))
        there = past.with_new(allowed.expand(query.shape[0], query.shape[1], -1, -1)).transpose(2, 3)
        return _weighted(query, keys, values, there, bias, heads)
    turns = query.shape[2]
    if turns <= BLOCK or torch.is_grad_enabled():
        return _attend(query, key, value, allowed, bias, heads)
    blocks = [slice(first, first + BLOCK) for first in range(0, turns, BLOCK)]
    return torch.cat(
        [
            _attend(
                query[:, :, rows],
                key,
                value,
                allowed[:, :, rows],
                None if bias is None else bias[:, :, rows],
                heads,
            )
            for rows in blocks
        ],
        dim=2,
    )


def _attend(
    query: Tensor, key: Tensor, value: Tensor, allowed: Tensor, bias: Tensor | None, heads: int
) -> Tensor:
    """`attend` in one piece; the query may have fewer turns than the key."""
    return _weighted(query, _split(key, heads), _split(value, heads), allowed, bias, heads)


def _weighted(
    query: Tensor, key: Tensor, value: Tensor, allowed: Tensor, bias: Tensor | None, heads: int
) -> Tensor:
    """`_attend` with key and value as `_split` gives them."""
    slots, batch, turns, features = query.shape
    reachable = allowed.any(dim=-1, keepdim=True)
    # A query without a key attends to everything and is zeroed below: a softmax over nothing would be NaN.
    hidden = ~(allowed | ~reachable)
    scores = torch.where(hidden, torch.finfo(query.dtype).min / 2, 0.0).to(query.dtype)[:, :, None]
    scores = scores.expand(-1, -1, heads, -1, -1) if bias is None else scores + bias
    flat = (slots * batch * heads, turns, key.shape[1])
    # Plain products: PyTorch's fused kernel is made for long sequences; masked, on a CPU, it was slower at
    # the ten to a hundred turns of a conversation.
    weights = torch.softmax(
        torch.baddbmm(
            scores.reshape(flat),
            _split(query, heads),
            key.transpose(1, 2),
            alpha=1 / math.sqrt(features // heads),
        ),
        dim=-1,
    )
    context = torch.bmm(weights, value)
    joined = context.view(slots, batch, heads, turns, -1).transpose(2, 3).reshape(query.shape)
    return joined * reachable.to(joined.dtype)


def _split(x: Tensor, heads: int) -> Tensor:
    """(slot, batch, turn, feature) -> (slot * batch * head, turn, feature of the head)."""
    slots, batch, turns, _ = x.shape
    return x.view(slots, batch, turns, heads, -1).transpose(2, 3).reshape(slots * batch * heads, turns, -1)


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
        if past is not None:
            return self._of_newest(past.with_new(speakers[:, :, None])[..., 0])
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

    def _of_newest(self, speakers: Tensor) -> Tensor:
        """The bias of the last turn as the query alone, (batch, head, 1, key turn)."""
        back = torch.arange(1 - speakers.shape[1], 1, device=speakers.device)
        distance = self.distance[back.clamp_(min=-self.reach).add_(self.reach)]
        same = (speakers == speakers[:, -1:]).to(distance.dtype)
        return (distance + same[..., None] * self.same_speaker).transpose(1, 2)[:, :, None]


def sinusoids(turns: int, features: int, device: torch.device) -> Tensor:
    """Sinusoidal positions (turn, feature), Vaswani et al. 2017, section 3.5; they go on after a `Past`."""
    past = past_in_use()
    first = 0 if past is None else past.turns
    position = torch.arange(first, first + turns, device=device, dtype=torch.float32)[:, None]
    exponent = torch.arange(0, features, 2, device=device, dtype=torch.float32) / features
    rate = torch.exp(-math.log(10000.0) * exponent)
    table = torch.zeros(turns, features, device=device)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)[:, : features // 2]
    return table
