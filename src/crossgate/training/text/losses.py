"""Terms beside the cross-entropy: turns of one emotion close together, two readings alike."""

from __future__ import annotations

import torch
from torch import Tensor

TEMPERATURE = 0.1
"""Of the contrastive term; Khosla et al. use 0.07 to 0.1."""


def contrastive(vectors: Tensor, labels: Tensor) -> Tensor:
    """Supervised contrastive loss of every turn, (turn,): Khosla et al. 2020, equation 2.

    Args:
        vectors: (turn, feature).
        labels: (turn,) int. A turn whose label no other has gives 0.
    """
    unit = torch.nn.functional.normalize(vectors, dim=-1)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    similar = (unit @ unit.T / TEMPERATURE).masked_fill(itself, -torch.inf)
    alike = (labels[:, None] == labels[None, :]) & ~itself
    log_share = similar.log_softmax(dim=-1).masked_fill(~alike, 0.0)
    return -log_share.sum(dim=-1) / alike.sum(dim=-1).clamp(min=1)


def divergence(first: Tensor, second: Tensor) -> Tensor:
    """Mean of both Kullback-Leibler divergences of two readings' (turn, label) logits, (turn,)."""
    p, q = first.log_softmax(dim=-1), second.log_softmax(dim=-1)
    return 0.5 * ((p.exp() - q.exp()) * (p - q)).sum(dim=-1)
