"""Hard supervision: the annotated emotions teach every view."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from crossgate.emotions import UNLABELLED


def cross_entropy(
    logits: Tensor, labels: Tensor, valid: Tensor, class_weights: Tensor | None, smoothing: float
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of each view, summed over its labelled utterances.

    Args:
        logits: (view, batch, turn, emotion).
        labels: (batch, turn) int, `UNLABELLED` where there is none.
        valid: (view, batch, turn) bool.
        class_weights: (emotion,) or None.
        smoothing: share of the target given to the other emotions.

    Returns:
        sums (view,) and the weights they were summed with (view,): counts, or summed class weights.
    """
    targets = torch.where(valid, labels, UNLABELLED)
    losses = nn.functional.cross_entropy(
        logits.flatten(0, -2),
        targets.flatten(),
        weight=class_weights,
        ignore_index=UNLABELLED,
        label_smoothing=smoothing,
        reduction="none",
    ).view(targets.shape)
    counted = (targets != UNLABELLED).to(losses.dtype)
    if class_weights is not None:
        counted = counted * class_weights[targets.clamp(min=0)]
    return losses.sum(dim=(1, 2)), counted.sum(dim=(1, 2))
