"""Step 4: one representation of the utterance, mixed per feature from the pairs and singles at hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GatedMixture(nn.Module):
    """f = sum_s a_s * z_s with a = softmax over the sources s of (W z_s), per feature.

    The gate is that of SDT (Ma et al. 2024, hierarchical gated fusion), there over three modalities and with
    a full matrix W; ours is factorised like the guided gates. Sources that are not at hand get no weight;
    where none is, f is a learned vector.
    """

    def __init__(self, hidden: int, rank: int) -> None:
        super().__init__()
        self.narrow = nn.Linear(hidden, rank)
        self.widen = nn.Linear(rank, hidden, bias=False)  # the softmax over sources would cancel it
        self.nothing = nn.Parameter(torch.randn(hidden) * 0.02)

    def forward(self, sources: Tensor, usable: Tensor) -> tuple[Tensor, Tensor]:
        """Mix.

        Args:
            sources: z, (source, batch, turn, feature).
            usable: (source, batch, turn) bool.

        Returns:
            f, (batch, turn, feature), and the weights a, (source, batch, turn, feature).
        """
        scores = self.widen(torch.tanh(self.narrow(sources)))
        shut = torch.where(usable, 0.0, torch.finfo(scores.dtype).min / 2).to(scores.dtype)
        weights = torch.softmax(scores + shut[..., None], dim=0)
        some = usable.any(dim=0)[..., None]
        mixed = torch.where(some, (weights * sources).sum(dim=0), self.nothing.to(sources.dtype))
        return mixed, weights * some.to(weights.dtype)
