"""Cross-modal distillation: views of more modalities teach views of fewer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor


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


@cache
def plan(views: tuple[str, ...], hierarchy: bool, to_pair: bool | None, device: torch.device) -> Tensor:
    """Who teaches whom as a matrix of ones and zeros, (teacher view, student view).

    Args:
        views: as `lessons`, and so `hierarchy`.
        to_pair: only lessons whose student is a pair, or only those whose is none; None for all.
        device: of the matrix.
    """
    taught = torch.zeros(len(views), len(views))
    for lesson in lessons(views, hierarchy):
        if to_pair is None or lesson.to_pair is to_pair:
            taught[lesson.teacher, lesson.student] = 1.0
    return taught.to(device)


def soft_divergences(logits: Tensor, valid: Tensor, temperature: float, detach: bool = True) -> Tensor:
    """KL(teacher || student) of softened distributions times the temperature squared (Hinton et al. 2015).

    Every view as teacher of every view, summed over the utterances where both are valid: one product for all
    lessons costs less than picking out each, whose gradients would be scattered sums.

    Args:
        logits: (view, batch, turn, emotion).
        valid: (view, batch, turn) bool.
        temperature: softens both distributions.
        detach: the teacher learns nothing from it: a student must not drag it down.

    Returns:
        (teacher view, student view).
    """
    answer = torch.log_softmax(logits / temperature, dim=-1)
    target = answer.detach() if detach else answer
    weight = valid.to(logits.dtype)
    chances = target.exp() * weight[..., None]
    certainty = (chances * target).sum(dim=-1).flatten(1) @ weight.flatten(1).T
    crossed = chances.flatten(1) @ (answer * weight[..., None]).flatten(1).T
    divergences: Tensor = (certainty - crossed) * temperature**2
    return divergences


def feature_distances(features: Tensor, valid: Tensor) -> Tensor:
    """1 - cosine of every view's features as teacher, detached, and every view's as student.

    Summed over the utterances where both are valid. The cosine, not the squared difference: the size of a
    representation is each view's own affair.

    Args:
        features: (view, batch, turn, feature).
        valid: (view, batch, turn) bool.

    Returns:
        (teacher view, student view).
    """
    length = torch.linalg.vector_norm(features, dim=-1).clamp(min=1e-12)
    directions = (features * (valid / length)[..., None]).flatten(1)
    cosines = directions.detach() @ directions.T
    distances: Tensor = shared_utterances(valid, features.dtype) - cosines
    return distances


def shared_utterances(valid: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """How many utterances two views are both valid at: (view, batch, turn) bool -> (view, view)."""
    weight = valid.flatten(1).to(dtype)
    return weight @ weight.T
