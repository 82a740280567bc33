"""Rare emotions may count for more."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from crossgate.emotions import UNLABELLED
from crossgate.features.dataset import Example


def class_weights(train: Sequence[Example], emotions: int, power: float) -> Tensor | None:
    """(1 / frequency) ** power of each emotion among the training labels, mean 1 over labels; None for 0.

    An emotion that never occurs gets weight 0: it has no utterance to weigh.
    """
    if power == 0:
        return None
    labels = torch.cat([example.labels for example in train])
    counts = torch.bincount(labels[labels != UNLABELLED], minlength=emotions).float()
    weights = torch.where(counts > 0, (counts.sum() / counts.clamp(min=1)) ** power, 0.0)
    return weights * counts.sum() / (weights * counts).sum().clamp(min=1e-8)
