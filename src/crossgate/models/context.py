"""Step 1: every modality in the light of its own conversation."""

from __future__ import annotations

from torch import Tensor, nn

from crossgate.models.attention import attend
from crossgate.models.stacked import SharedDropout, StackedLinear, normalized


class ContextLayer(nn.Module):
    """A pre-norm transformer layer, all modalities at once, each with weights of its own."""

    def __init__(self, slots: int, hidden: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = StackedLinear(slots, hidden, 3 * hidden)
        self.output = StackedLinear(slots, hidden, hidden)
        self.inner = StackedLinear(slots, hidden, inner)
        self.outer = StackedLinear(slots, inner, hidden)
        self.dropout = SharedDropout(dropout)

    def forward(self, x: Tensor, allowed: Tensor, bias: Tensor | None) -> Tensor:
        """(modality, batch, turn, feature) -> the same shape.

        Args:
            x: representations.
            allowed: (modality, batch, query turn, key turn) bool.
            bias: (batch, head, query turn, key turn) or None.
        """
        query, key, value = self.query_key_value(normalized(x)).chunk(3, dim=-1)
        x = x + self.dropout(self.output(attend(query, key, value, allowed, bias, self.heads)))
        refined: Tensor = x + self.dropout(self.outer(nn.functional.gelu(self.inner(normalized(x)))))
        return refined


class ContextEncoder(nn.Module):
    """Self-attention over the conversation, one stack of layers a modality."""

    def __init__(self, slots: int, hidden: int, heads: int, layers: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(ContextLayer(slots, hidden, heads, inner, dropout) for _ in range(layers))

    def forward(self, x: Tensor, allowed: Tensor, bias: Tensor | None) -> Tensor:
        """Arguments and result as `ContextLayer`; the result is normalised."""
        for layer in self.layers:
            x = layer(x, allowed, bias)
        return normalized(x)
