"""Step 1: every modality in the light of its own conversation."""

from __future__ import annotations

from torch import Tensor, nn

from crossgate.models.attention import attend
from crossgate.models.stacked import UNCHANGED, Drop, StackedLinear, normalized


class ContextLayer(nn.Module):
    """A pre-norm transformer layer, all modalities at once, each with weights of its own."""

    DROPS = 2

    def __init__(self, slots: int, hidden: int, heads: int, inner: int) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = StackedLinear(slots, hidden, 3 * hidden)
        self.output = StackedLinear(slots, hidden, hidden)
        self.inner = StackedLinear(slots, hidden, inner)
        self.outer = StackedLinear(slots, inner, hidden)

    def forward(self, x: Tensor, allowed: Tensor, bias: Tensor | None, drop: Drop = UNCHANGED) -> Tensor:
        """(modality, batch, turn, feature) -> the same shape.

        Args:
            x: representations.
            allowed: (modality, batch, query turn, key turn) bool.
            bias: (batch, head, query turn, key turn) or None.
            drop: dropout, called `DROPS` times, and once each for attention and the feed-forward block.
        """
        query, key, value = self.query_key_value(normalized(x)).chunk(3, dim=-1)
        heard = attend(query, key, value, allowed, bias, self.heads, kept=drop.weights())
        x = x + drop(self.output(heard))
        inner = drop.inside(nn.functional.gelu(self.inner(normalized(x))))
        refined: Tensor = x + drop(self.outer(inner))
        return refined


class ContextEncoder(nn.Module):
    """Self-attention over the conversation, one stack of layers a modality; `normalize` its result or not."""

    def __init__(
        self, slots: int, hidden: int, heads: int, layers: int, inner: int, normalize: bool = True
    ) -> None:
        super().__init__()
        self.normalize = normalize
        self.layers = nn.ModuleList(ContextLayer(slots, hidden, heads, inner) for _ in range(layers))

    def forward(self, x: Tensor, allowed: Tensor, bias: Tensor | None, drop: Drop = UNCHANGED) -> Tensor:
        """Arguments and result as `ContextLayer`."""
        for layer in self.layers:
            x = layer(x, allowed, bias, drop)
        return normalized(x) if self.normalize else x
