"""Steps 2 and 3: the cross-modal guided gate in its two duties.

A gate is sigmoid(W [x_1 ; x_2 ; ...]). Two things about W are ours. It is factorised through a bottleneck
with a tanh (`gate_rank`): a sixth of the weights at the default sizes. And W [x_1 ; x_2] is computed as
W_1 x_1 + W_2 x_2, which is the same and spares the copies of a concatenation.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from crossgate.models.attention import attend
from crossgate.models.stacked import UNCHANGED, Drop, StackedLinear, normalized, pick

SHUT = 1e4
"""Added to what goes into a sigmoid it makes it exactly 1, subtracted exactly 0."""


class UnimodalGuide(nn.Module):
    """First duty: every other modality strengthens each single one.

    For every other modality n:  c_{m<-n} = Attention(Q = h_m, K = V = h_n)
                                 g_{m<-n} = sigmoid(W [h_m ; c_{m<-n}])
                                 u_m = LayerNorm(h_m + sum_n g_{m<-n} * c_{m<-n})

    Without `normalize` the LayerNorm is left out, here and in `GuidedPairs`.
    """

    def __init__(self, modalities: int, hidden: int, heads: int, rank: int, normalize: bool = True) -> None:
        super().__init__()
        self.normalize = normalize
        self.heads = heads
        self.others = modalities - 1
        # Ordered pairs (strengthened m, guide n), all guides of one modality together: the order of weights.
        self.strengthened = [m for m in range(modalities) for n in range(modalities) if m != n]
        self.guides = [n for m in range(modalities) for n in range(modalities) if m != n]
        # The same with all that ask one guide together: its keys and values are then read once.
        self.by_guide = sorted(range(len(self.guides)), key=lambda place: self.guides[place])
        self.query_key = StackedLinear(modalities, hidden, 2 * hidden)
        self.narrow_own = StackedLinear(modalities, hidden, self.others * rank)
        self.narrow_context = StackedLinear(len(self.guides), hidden, rank)
        self.widen = StackedLinear(len(self.guides), rank, hidden)

    def forward(self, h: Tensor, allowed: Tensor, bias: Tensor | None, drop: Drop = UNCHANGED) -> Tensor:
        """Strengthen each modality.

        Args:
            h: (modality, batch, turn, feature).
            allowed: (modality, batch, query turn, key turn) bool: the keys that are there, per guide.
            bias: (batch, head, query turn, key turn) or None.
            drop: dropout, called once, and once for attention.

        Returns:
            u, (modality, batch, turn, feature).
        """
        query, key = self.query_key(h).chunk(2, dim=-1)
        asked = pick(query, [self.strengthened[place] for place in self.by_guide])
        allowed = allowed.expand(h.shape[0], -1, -1, -1)
        context = attend(asked, key, h, allowed, bias, self.heads, self.others, drop.weights())
        context = pick(context, [self.by_guide.index(place) for place in range(len(self.guides))])
        own: Tensor = self.narrow_own(h)
        own = torch.unflatten(own, -1, (self.others, -1)).movedim(3, 1).flatten(0, 1)
        gate = torch.sigmoid(self.widen(torch.tanh(own + self.narrow_context(context))))
        guided = torch.unflatten(gate * context, 0, (-1, self.others)).sum(dim=1)
        u = h + drop(guided)
        return normalized(u) if self.normalize else u


class GuidedPairs(nn.Module):
    """Second duty: a third modality k steers the fusion of the pair (m, n).

    g = sigmoid(W [u_m ; u_n ; u_k]),  b_mn = LayerNorm(g * u_m + (1 - g) * u_n + MLP [u_m ; u_n]).
    The guide enters only through the gate; a missing one is a learned null vector there.
    """

    def __init__(
        self,
        pairs: list[tuple[int, int]],
        hidden: int,
        rank: int,
        third_guide: bool,
        normalize: bool = True,
    ) -> None:
        super().__init__()
        self.normalize = normalize
        self.first, self.second = (list(side) for side in zip(*pairs, strict=True))
        modalities = max(self.second) + 1
        # Three modalities have one guide for every pair; two have none.
        self.third = [3 - m - n for m, n in pairs] if modalities == 3 and third_guide else None
        self.pairs, self.rank, self.inner = len(pairs), rank, hidden // 2
        self.narrow = StackedLinear(modalities, hidden, self.pairs * rank)
        self.null_guide = nn.Parameter(torch.randn(self.pairs, 1, 1, rank) * 0.02)
        self.widen = StackedLinear(self.pairs, rank, hidden)
        # Every modality speaks to each pair's MLP it is a member of.
        self.membership = [[p for p, pair in enumerate(pairs) if m in pair] for m in range(modalities)]
        self.joint_inner = StackedLinear(modalities, hidden, len(self.membership[0]) * self.inner)
        self.joint_outer = StackedLinear(self.pairs, self.inner, hidden)

    def forward(self, u: Tensor, present: Tensor, drop: Drop = UNCHANGED) -> tuple[Tensor, Tensor]:
        """Fuse every pair.

        Args:
            u: (modality, batch, turn, feature).
            present: (modality, batch, turn) bool.
            drop: dropout, called once.

        Returns:
            b, (pair, batch, turn, feature), and the gate g of the same shape: the share of the pair's first
            modality, 1 or 0 where only one of the two is present.
        """
        there = present[..., None].to(u.dtype)
        known = u * there
        gate = self._gate(known, there)
        first, second = pick(known, self.first), pick(known, self.second)
        mixed = torch.lerp(second, first, gate)
        b = mixed + drop(self._joint(known))
        return normalized(b) if self.normalize else b, gate

    def _gate(self, known: Tensor, there: Tensor) -> Tensor:
        """g, (pair, batch, turn, feature)."""
        # said[modality][pair], (batch, turn, rank): what each modality has to say to each pair's gate.
        said = [part.split(self.rank, dim=-1) for part in self.narrow(known).unbind(0)]
        null = self.null_guide.expand(-1, *known.shape[1:3], -1).unbind(0)
        heard = []
        for pair in range(self.pairs):
            inside = said[self.first[pair]][pair] + said[self.second[pair]][pair]
            if self.third is None:
                guide = null[pair]
            else:
                k = self.third[pair]
                guide = torch.where(there[k] > 0, said[k][pair], null[pair])
            heard.append(inside + guide)
        lonely = SHUT * (pick(there, self.first) - pick(there, self.second))
        return torch.sigmoid(self.widen(torch.tanh(torch.stack(heard))) + lonely)

    def _joint(self, known: Tensor) -> Tensor:
        """MLP [u_m ; u_n], (pair, batch, turn, feature)."""
        # said[modality][n], (batch, turn, inner): what it has to say to the MLP of the n-th pair it is in.
        said = [part.split(self.inner, dim=-1) for part in self.joint_inner(known).unbind(0)]
        inner = [
            said[m][self.membership[m].index(pair)] + said[n][self.membership[n].index(pair)]
            for pair, (m, n) in enumerate(zip(self.first, self.second, strict=True))
        ]
        joint: Tensor = self.joint_outer(nn.functional.gelu(torch.stack(inner)))
        return joint
