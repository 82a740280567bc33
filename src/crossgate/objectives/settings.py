"""Weights of the objective; no torch here."""

from __future__ import annotations

from dataclasses import dataclass, fields

from crossgate.errors import InputError


@dataclass(frozen=True)
class ObjectiveSettings:
    """What is learned from, and how much it counts; a weight of 0 switches its term off."""

    hard_full: float = 1.0
    """Cross-entropy of the full view."""
    hard_pairs: float = 0.3
    """Cross-entropy of the pair views, averaged."""
    hard_singles: float = 0.3
    """Cross-entropy of the single-modality views, averaged."""
    soft_pairs: float = 0.3
    """Distillation of the full view into the pairs."""
    soft_singles: float = 0.3
    """Distillation of the full view, and of the pairs where `hierarchy` is on, into the singles."""
    hierarchy: bool = True
    """Let the pairs teach their single modalities too, beside the full view."""
    temperature: float = 2.0
    """Softening of teacher and student distributions; the term is multiplied by its square."""
    detach_teacher: bool = True
    """Keep the student's error from the teacher in distillation (Hinton et al. 2015); SDT does not. In
    `consistency`, it always is kept."""
    consistency: float = 0.1
    """Distance between the features of a student view and of its teacher."""
    redundancy: float = 0.01
    """Cross-correlation between different features of two modalities of a pair. The default moves nothing
    that could be measured, and stays what the first figures were made with; 10 to 30 halve what modalities
    have in common, at a few tenths of a point at most (docs/findings.md)."""
    label_smoothing: float = 0.0
    """Share of the hard target's probability that is spread evenly over all emotions."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, bool) and not 0 <= value < float("inf"):
                raise InputError(f"objective.{field.name} is {value}, expected 0 or more")
        if self.temperature == 0:
            raise InputError("objective.temperature is 0, expected more than 0")
        if self.label_smoothing >= 1:
            raise InputError(f"objective.label_smoothing is {self.label_smoothing}, expected less than 1")
