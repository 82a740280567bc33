"""Everything the network is trained for, in one sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

from crossgate.models.views import Views
from crossgate.objectives.distillation import feature_distances, lessons, soft_divergence
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

    def mean(losses: Tensor, valid: Tensor) -> Tensor:
        weight = valid.to(losses.dtype)
        average: Tensor = (losses * weight).sum() / total(weight.sum()).clamp(min=1e-8)
        return average

    def add(name: str, weight: float, value: Tensor) -> None:
        terms[name] = value.detach()
        weighted.append(weight * value)

    sums, counts = cross_entropy(views.logits, labels, views.valid, class_weights, settings.label_smoothing)
    hard = sums / total(counts).clamp(min=1e-8)
    full = len(views.names) - 1
    add("hard_full", settings.hard_full, hard[full])
    for name, weight, size in (
        ("hard_pairs", settings.hard_pairs, 2),
        ("hard_singles", settings.hard_singles, 1),
    ):
        taught = [index for index, view in enumerate(views.names[:full]) if len(view) == size]
        if weight and taught:
            add(name, weight, hard[taught].mean())

    plan = lessons(views.names, settings.hierarchy)
    for name, weight, to_pair in (
        ("soft_pairs", settings.soft_pairs, True),
        ("soft_singles", settings.soft_singles, False),
    ):
        teachers = [lesson.teacher for lesson in plan if lesson.to_pair is to_pair]
        students = [lesson.student for lesson in plan if lesson.to_pair is to_pair]
        if weight and plan and teachers:
            valid = views.valid[teachers] & views.valid[students]
            divergence = soft_divergence(
                views.logits[teachers],
                views.logits[students],
                settings.temperature,
                settings.detach_teacher,
            )
            add(name, weight, mean(divergence, valid))
    if settings.consistency and plan:
        teachers = [lesson.teacher for lesson in plan]
        students = [lesson.student for lesson in plan]
        valid = views.valid[teachers] & views.valid[students]
        distances = feature_distances(views.features)[teachers, students]
        add("consistency", settings.consistency, mean(distances, valid))
    singles = [index for index, view in enumerate(views.names) if len(view) == 1]
    if settings.redundancy and len(singles) > 1:
        flat = views.features.flatten(1, 2)
        there = views.valid.flatten(1, 2)
        pairs = [redundancy(flat[m], flat[n], there[m] & there[n]) for m, n in combinations(singles, 2)]
        add("redundancy", settings.redundancy, torch.stack(pairs).mean())
    return Loss(torch.stack(weighted).sum(), terms)
