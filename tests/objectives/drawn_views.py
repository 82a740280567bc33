"""Random views, as a network would give them, and labels to go with them."""

from __future__ import annotations

from itertools import combinations

import torch
from torch import Tensor

from crossgate.emotions import UNLABELLED
from crossgate.models.views import Views
from crossgate.objectives.objective import Loss, objective
from crossgate.objectives.settings import ObjectiveSettings

NAMES = ("t", "a", "v", "ta", "tv", "av", "tav")
EMOTIONS = 5

torch.set_num_threads(1)


def draw(
    batch: int = 3,
    turns: int = 6,
    missing: float = 0.3,
    unlabelled: float = 0.3,
    seed: int = 0,
    names: tuple[str, ...] = NAMES,
) -> tuple[Views, Tensor]:
    """Views whose tensors take gradients, and labels (batch, turn)."""
    random = torch.Generator().manual_seed(seed)
    letters = names[-1]
    present = torch.rand(len(letters), batch, turns, generator=random) >= missing
    valid = [present[[letters.index(letter) for letter in name]].all(dim=0) for name in names[:-1]]
    labels = torch.randint(0, EMOTIONS, (batch, turns), generator=random)
    labels[torch.rand(batch, turns, generator=random) < unlabelled] = UNLABELLED
    return Views(
        names,
        torch.randn(len(names), batch, turns, EMOTIONS, generator=random).requires_grad_(),
        torch.randn(len(names), batch, turns, 8, generator=random).requires_grad_(),
        torch.stack([*valid, present.any(dim=0)]),
        torch.zeros(batch, turns, len(letters)),
    ), labels


def part(views: Views, labels: Tensor, rows: slice) -> tuple[Views, Tensor]:
    """Some conversations of a batch; gradients flow back to the whole."""
    return Views(
        views.names, views.logits[:, rows], views.features[:, rows], views.valid[:, rows], views.shares[rows]
    ), labels[rows]


def only(**weights: float) -> ObjectiveSettings:
    """An objective of the terms named and no others."""
    names = (
        "hard_full", "hard_pairs", "hard_singles", "soft_pairs", "soft_singles", "consistency", "redundancy"
    )  # fmt: skip
    temperature = weights.pop("temperature", 2.0)
    smoothing = weights.pop("label_smoothing", 0.0)
    hierarchy = bool(weights.pop("hierarchy", True))
    return ObjectiveSettings(
        **dict.fromkeys(names, 0.0) | weights,
        temperature=temperature,
        label_smoothing=smoothing,
        hierarchy=hierarchy,
    )


def loss_of(views: Views, labels: Tensor, **weights: float) -> Loss:
    """The objective of the terms named."""
    return objective(views, labels, only(**weights))


def indices(size: int) -> list[int]:
    """Positions of the views of so many modalities."""
    return [NAMES.index("".join(subset)) for subset in combinations("tav", size)]
