"""Everything the network is trained for, in one sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from crossgate.models.stacked import pick
from crossgate.models.views import Views
from crossgate.objectives.distillation import (
    feature_distances,
    plan,
    shared_utterances,
    soft_divergences,
)
from crossgate.objectives.redundancy import redundancy
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.objectives.supervision import cross_entropy


@dataclass(frozen=True)
class Loss:
    """The sum to descend, and each term before its weight, for the record."""

    total: Tensor
    terms: dict[str, Tensor]


def unshared(count: Tensor) -> Tensor:
    """What a mean divides by where one process holds the whole batch: the count itself."""
    return count


def objective(
    views: Views,
    labels: Tensor,
    settings: ObjectiveSettings,
    class_weights: Tensor | None = None,
    total: Callable[[Tensor], Tensor] = unshared,
) -> Loss:
    """Hard and soft supervision, consistency and redundancy of a batch.

    Args:
        views: of the network; `views.valid` masks padding and missing modalities.
        labels: (batch, turn) int, `UNLABELLED` where there is none; distillation uses those turns too.
        settings: weights and switches.
        class_weights: (emotion,) for the hard terms, or None.
        total: turns this process's count of what is averaged into the one to divide by, where the batch is
            spread over processes. The redundancy term stays one of each process's own utterances.
    """
    terms: dict[str, Tensor] = {}
    weighted: list[Tensor] = []
    # In full precision also where the network ran in half: sums over utterances, and small beside it.
    logits, features = views.logits.float(), views.features.float()

    def add(name: str, weight: float, value: Tensor) -> None:
        terms[name] = value.detach()
        weighted.append(weight * value)

    def mean(sums: Tensor, taught: Tensor) -> Tensor:
        average: Tensor = (sums * taught).sum() / total((shared * taught).sum()).clamp(min=1e-8)
        return average

    sums, counts = cross_entropy(logits, labels, views.valid, class_weights, settings.label_smoothing)
    hard = (sums / total(counts).clamp(min=1e-8)).unbind()
    full = len(views.names) - 1
    add("hard_full", settings.hard_full, hard[full])
    for name, weight, size in (
        ("hard_pairs", settings.hard_pairs, 2),
        ("hard_singles", settings.hard_singles, 1),
    ):
        taught = [
            loss for loss, view in zip(hard[:full], views.names[:full], strict=True) if len(view) == size
        ]
        if weight and taught:
            add(name, weight, torch.stack(taught).mean())

    hierarchy, device = settings.hierarchy, logits.device
    shared = shared_utterances(views.valid)
    if full and (settings.soft_pairs or settings.soft_singles):
        divergences = soft_divergences(logits, views.valid, settings.temperature, settings.detach_teacher)
        if settings.soft_pairs and any(len(view) == 2 for view in views.names[:full]):
            add(
                "soft_pairs",
                settings.soft_pairs,
                mean(divergences, plan(views.names, hierarchy, True, device)),
            )
        if settings.soft_singles:
            singles_only = plan(views.names, hierarchy, False, device)
            add("soft_singles", settings.soft_singles, mean(divergences, singles_only))
    if full and settings.consistency:
        distances = feature_distances(features, views.valid)
        add("consistency", settings.consistency, mean(distances, plan(views.names, hierarchy, None, device)))
    singles = [index for index, view in enumerate(views.names) if len(view) == 1]
    if settings.redundancy and len(singles) > 1:
        first, second = zip(*combinations(singles, 2), strict=True)
        said, there = features.flatten(1, 2), views.valid.flatten(1, 2)
        both = pick(there, first) & pick(there, second)
        add("redundancy", settings.redundancy, redundancy(pick(said, first), pick(said, second), both).mean())
    return Loss(torch.stack(weighted).sum(), terms)
