"""Who may attend to whom, and attention that is defined even where nobody may."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(slot, batch, turn, feature) -> (slot, batch, head, turn, feature of the head)."""
    slots, batch, turns, features = x.shape
    return x.view(slots, batch, turns, heads, features // heads).transpose(2, 3)


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
    """
    slots, batch, turns, features = query.shape
    reachable = allowed.any(dim=-1, keepdim=True)
    # A query without a key attends to everything and is zeroed below: a softmax over nothing would be NaN.
    mask = (allowed | ~reachable)[:, :, None]
    scores = torch.zeros((), dtype=query.dtype, device=query.device) if bias is None else bias[None]
    weights = torch.where(mask, scores, torch.finfo(query.dtype).min)
    shape = (slots * batch, heads, turns, features // heads)
    context = nn.functional.scaled_dot_product_attention(
        split_heads(query, heads).reshape(shape),
        split_heads(key, heads).reshape(shape),
        split_heads(value, heads).reshape(shape),
        attn_mask=weights.expand(slots, batch, -1, -1, -1).reshape(
            slots * batch, weights.shape[2], turns, turns
        ),
    )
    joined = context.transpose(1, 2).reshape(slots, batch, turns, features)
    return joined * reachable.to(joined.dtype)


class Relations(nn.Module):
    """A learned attention bias from how far apart two turns are and whether one speaker says both."""

    def __init__(self, heads: int, reach: int = 10) -> None:
        super().__init__()
        self.reach = reach
        # Heads start out different, as in ALiBi (Press et al. 2022): a quarter sees all turns alike, the others
        # prefer near ones, own ones or the others' ones. From zeros the bias hardly moved in training.
        slope = torch.tensor([0.0, 0.25, 0.5, 1.0]).repeat(heads // 4 + 1)[:heads]
        same = torch.tensor([0.0, 1.0, -1.0, 0.0]).repeat(heads // 4 + 1)[:heads]
        steps = torch.arange(-reach, reach + 1).abs()
        self.distance = nn.Parameter(-steps[:, None] * slope)
        self.same_speaker = nn.Parameter(same)

    def forward(self, speakers: Tensor) -> Tensor:
        """Speaker indices (batch, turn) -> bias (batch, head, query turn, key turn)."""
        turns = torch.arange(speakers.shape[1], device=speakers.device)
        steps = (turns[None, :] - turns[:, None]).clamp(-self.reach, self.reach) + self.reach
        same = (speakers[:, :, None] == speakers[:, None, :]).to(self.distance.dtype)
        bias = self.distance[steps][None] + same[..., None] * self.same_speaker
        return bias.permute(0, 3, 1, 2)


def sinusoids(turns: int, features: int, device: torch.device) -> Tensor:
    """Sinusoidal positions (turn, feature), Vaswani et al. 2017, section 3.5."""
    position = torch.arange(turns, device=device, dtype=torch.float32)[:, None]
    rate = torch.exp(
        torch.arange(0, features, 2, device=device, dtype=torch.float32)
        * (-torch.log(torch.tensor(10000.0)) / features)
    )
    table = torch.zeros(turns, features, device=device)
    table[:, 0::2] = torch.sin(position * rate)
    table[:, 1::2] = torch.cos(position * rate)[:, : features // 2]
    return table
