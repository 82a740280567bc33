"""Cross-modal distillation: views of more modalities teach views of fewer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Lesson:
    """One teacher and one student, as positions in the list of views, and whether the student is a pair."""

    teacher: int
    student: int
    to_pair: bool


def lessons(views: tuple[str, ...], hierarchy: bool) -> list[Lesson]:
    """Who teaches whom: the full view all others; with `hierarchy`, pairs their own single modalities."""
    full = len(views) - 1
    plan = [Lesson(full, student, len(views[student]) == 2) for student in range(full)]
    if hierarchy:
        plan += [
            Lesson(teacher, student, False)
            for teacher in range(full)
            for student in range(full)
            if len(views[teacher]) == 2 and len(views[student]) == 1 and views[student] in views[teacher]
        ]
    return plan


def soft_divergence(teacher: Tensor, student: Tensor, temperature: float, detach: bool = True) -> Tensor:
    """KL(teacher || student) of softened distributions times the temperature squared (Hinton et al. 2015).

    With `detach` the teacher learns nothing from it: a student must not drag it down. Logits (lesson, batch,
    turn, emotion) -> (lesson, batch, turn).
    """
    teacher = teacher.detach() if detach else teacher
    target = torch.log_softmax(teacher / temperature, dim=-1)
    answer = torch.log_softmax(student / temperature, dim=-1)
    return (target.exp() * (target - answer)).sum(dim=-1) * temperature**2


def feature_distances(features: Tensor) -> Tensor:
    """1 - cosine of every view's features as teacher, detached, and every view's as student.

    The cosine, not the squared difference: the size of a representation is each view's own affair. All
    pairs of views come from one product, which costs less than picking the lessons first.

    Args:
        features: (view, batch, turn, feature).

    Returns:
        (teacher view, student view, batch, turn).
    """
    views, batch, turns, _ = features.shape
    directions = nn.functional.normalize(features, dim=-1).flatten(1, 2).transpose(0, 1)
    cosines = torch.bmm(directions.detach(), directions.transpose(1, 2))
    return 1 - cosines.permute(1, 2, 0).view(views, views, batch, turns)
