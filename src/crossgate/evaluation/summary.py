"""Several seeds in a few numbers, and a title that admits when they are too few."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from crossgate.errors import InputError

ENOUGH_SEEDS = 5
"""Below this many seeds a title says so. The spread over seeds on MELD is about as large as the gaps between
published systems, and the standard deviation of three values is itself known only within a factor of two."""


@dataclass(frozen=True)
class SeedSummary:
    """One score over several seeds.

    Attributes:
        n: number of seeds.
        mean: mean score.
        standard_deviation: of the sample (n - 1 in the denominator); None for a single seed.
        min: worst seed.
        max: best seed.
    """

    n: int
    mean: float
    standard_deviation: float | None
    min: float
    max: float

    def __str__(self) -> str:
        if self.standard_deviation is None:
            return f"{100 * self.mean:.2f} (one seed)"
        return f"{100 * self.mean:.2f} ± {100 * self.standard_deviation:.2f} (n = {self.n})"

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)


def summarise(scores: Sequence[float]) -> SeedSummary:
    """Summarise the scores of one system, one a seed. Raises InputError for none, and for NaN or infinity."""
    values = [float(score) for score in scores]
    if not values:
        raise InputError("no scores to summarise", fix="give one score a seed")
    for position, value in enumerate(values):
        if not math.isfinite(value):
            raise InputError(f"the score is {value}, expected a number", where=f"seed number {position + 1}")
    return SeedSummary(
        n=len(values),
        mean=statistics.fmean(values),
        standard_deviation=statistics.stdev(values) if len(values) > 1 else None,
        min=min(values),
        max=max(values),
    )


def honest_title(title: str, seeds: int) -> str:
    """The title, with a remark where fewer than five seeds stand behind it. Raises InputError for none."""
    if seeds < 1:
        raise InputError(f"a report of {seeds} seeds has nothing to report")
    if seeds >= ENOUGH_SEEDS:
        return title
    count = "one seed" if seeds == 1 else f"{seeds} seeds"
    return f"{title} ({count}: fewer than five, so no more than a first look)"
