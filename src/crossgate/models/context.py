"""Step 1: every modality in the light of its own conversation."""

from __future__ import annotations

from torch import Tensor, nn

from crossgate.models.attention import attend
from crossgate.models.stacked import StackedLayerNorm, StackedLinear


class ContextLayer(nn.Module):
    """A pre-norm transformer layer, all modalities at once, each with weights of its own."""

    def __init__(self, slots: int, hidden: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = StackedLayerNorm(slots, hidden)
        self.query_key_value = StackedLinear(slots, hidden, 3 * hidden)
        self.output = StackedLinear(slots, hidden, hidden)
        self.inner_norm = StackedLayerNorm(slots, hidden)
        self.inner = StackedLinear(slots, hidden, inner)
        self.outer = StackedLinear(slots, inner, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, allowed: Tensor, bias: Tensor | None) -> Tensor:
        """(modality, batch, turn, feature) -> the same shape.

        Args:
            x: representations.
            allowed: (modality, batch, query turn, key turn) bool.
            bias: (batch, head, query turn, key turn) or None.
        """
        query, key, value = self.query_key_value(self.norm(x)).chunk(3, dim=-1)
        x = x + self.dropout(self.output(attend(query, key, value, allowed, bias, self.heads)))
        widened = nn.functional.gelu(self.inner(self.inner_norm(x)))
        refined: Tensor = x + self.dropout(self.outer(self.dropout(widened)))
        return refined


class ContextEncoder(nn.Module):
    """Self-attention over the conversation, one stack a modality."""

    def __init__(self, slots: int, hidden: int, heads: int, layers: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.ModuleList(ContextLayer(slots, hidden, heads, inner, dropout) for _ in range(layers))
        self.norm = StackedLayerNorm(slots, hidden)

    def forward(self, x: Tensor, allowed: Tensor, bias: Tensor | None) -> Tensor:
        """Arguments and result as `ContextLayer`."""
        for layer in self.layers:
            x = layer(x, allowed, bias)
        encoded: Tensor = self.norm(x)
        return encoded
