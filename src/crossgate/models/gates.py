"""Steps 2 and 3: the cross-modal guided gate in its two duties."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from crossgate.models.attention import attend
from crossgate.models.stacked import GuidedGate, StackedLayerNorm, StackedLinear


class UnimodalGuide(nn.Module):
    """First duty: every other modality strengthens each single one.

    For every other modality n:  c_{m<-n} = Attention(Q = h_m, K = V = h_n)
                                 g_{m<-n} = sigmoid(W [h_m ; c_{m<-n}])
                                 u_m = LayerNorm(h_m + sum_n g_{m<-n} * c_{m<-n})
    """

    def __init__(self, modalities: int, hidden: int, heads: int, rank: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        # Ordered pairs (strengthened m, guide n).
        self.pairs = [(m, n) for m in range(modalities) for n in range(modalities) if m != n]
        self.query_key_value = StackedLinear(modalities, hidden, 3 * hidden)
        self.gate = GuidedGate(len(self.pairs), 2 * hidden, hidden, rank)
        self.norm = StackedLayerNorm(modalities, hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, h: Tensor, present: Tensor, allowed: Tensor, bias: Tensor | None) -> Tensor:
        """Strengthen each modality.

        Args:
            h: (modality, batch, turn, feature).
            present: (modality, batch, turn) bool.
            allowed: (modality, batch, query turn, key turn) bool: the keys that are there, per guide.
            bias: (batch, head, query turn, key turn) or None.

        Returns:
            u, (modality, batch, turn, feature).
        """
        strengthened, guides = (list(side) for side in zip(*self.pairs, strict=True))
        query, key, value = self.query_key_value(h).chunk(3, dim=-1)
        context = attend(query[strengthened], key[guides], value[guides], allowed[guides], bias, self.heads)
        gated = self.gate(h[strengthened], context) * self.dropout(context)
        index = torch.tensor(strengthened, device=h.device)
        strong: Tensor = self.norm(h.index_add(0, index, gated.to(h.dtype)))
        return strong


class GuidedPairs(nn.Module):
    """Second duty: a third modality k steers the fusion of the pair (m, n).

    g = sigmoid(W [u_m ; u_n ; u_k]),  b_mn = LayerNorm(g * u_m + (1 - g) * u_n + MLP [u_m ; u_n]).
    The guide enters only through the gate; a missing guide is a learned null vector.
    """

    def __init__(
        self, pairs: list[tuple[int, int]], hidden: int, rank: int, dropout: float, third_guide: bool
    ) -> None:
        super().__init__()
        self.pairs = pairs
        self.third_guide = third_guide
        self.null_guide = nn.Parameter(torch.randn(len(pairs), 1, 1, hidden) * 0.02)
        self.gate = GuidedGate(len(pairs), 3 * hidden, hidden, rank)
        self.joint_inner = StackedLinear(len(pairs), 2 * hidden, hidden // 2)
        self.joint_outer = StackedLinear(len(pairs), hidden // 2, hidden)
        self.norm = StackedLayerNorm(len(pairs), hidden)
        self.dropout = nn.Dropout(dropout)

    def forward(self, u: Tensor, present: Tensor) -> tuple[Tensor, Tensor]:
        """Fuse every pair.

        Args:
            u: (modality, batch, turn, feature).
            present: (modality, batch, turn) bool.

        Returns:
            b, (pair, batch, turn, feature), and the gate g of the same shape: the share of the pair's first
            modality, 1 or 0 where only one of the two is present.
        """
        first, second = (list(side) for side in zip(*self.pairs, strict=True))
        there = present[..., None]
        known = u * there.to(u.dtype)
        gate = self.gate(known[first], known[second], self._guides(u, there))
        gate = torch.where(there[second], torch.where(there[first], gate, 0.0), 1.0)
        joint = self.joint_inner(torch.cat((known[first], known[second]), dim=-1))
        joint = self.joint_outer(self.dropout(nn.functional.gelu(joint)))
        mixed = gate * known[first] + (1 - gate) * known[second]
        return self.norm(mixed + self.dropout(joint)), gate

    def _guides(self, u: Tensor, there: Tensor) -> Tensor:
        """The guide of every pair, or its null vector where the guide is missing or switched off."""
        null = self.null_guide.to(u.dtype).expand(-1, u.shape[1], u.shape[2], -1)
        if not self.third_guide or u.shape[0] < 3:
            return null
        third = [3 - m - n for m, n in self.pairs]
        return torch.where(there[third], u[third], null)
