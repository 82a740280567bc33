"""How sure a share is: of these very turns, and of the speaker beyond them.

Two questions, two intervals, both at 95 %:

**In these turns**: were every turn labelled by hand, how large would the share be? Turn i would get the
emotion with probability p_i, so the count is Poisson-binomial; its distribution is computed exactly, and
the interval is the fewest neighbouring counts that together hold 95 %.

**Of the speaker**: how large would the share be over many more turns of the same kind? The turns at hand
are a sample. The interval is Jeffreys' for a binomial share (Brown, Cai & DasGupta, Interval estimation for
a binomial proportion, Statistical Science 2001) with an effective number of turns in place of their number,
as Korn & Graubard (Survey Methodology 1998) do for survey samples:

    share  m = mean p_i
    spread s² = (1 - w) var(p_i) + w m (1 - m),   w = 6 / (5 + n), 1 for fewer than 5 turns
    moods that last: f = (1 + r) / (1 - r), r the lag-one autocorrelation of the turns' distributions
    effective turns e = m (1 - m) n / (s² f)
    interval = 2.5 and 97.5 % points of Beta(e m + 1/2, e (1 - m) + 1/2)

Why w: m (1 - m) = var(p) + mean p (1 - p) is the spread of labels, that of the turns plus the model's doubt
about each. Calibrated probabilities make the first part enough in the long run, but a few turns often hold
no example of a rare emotion; their own spread is then close to 0, and an interval by it (a bootstrap over
turns as well) covers as little as 60 % instead of 95 % at five turns. The doubt therefore counts like six
turns' evidence. Why f: the emotion of a turn resembles that of the speaker's turn before, so n turns tell
less than n independent ones (Bartlett, JRSS B 1946; r corrected for its bias in short series by (1 + 3 r) /
n, Kendall, Biometrika 1954, and kept within 0 and 0.8). Why 6: chosen by simulation, see docs/summaries.md
for the coverage measured.

Both rest on calibrated probabilities: where the model is systematically wrong about a person, no interval
here shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from crossgate.report.summary.parts import Matrix

LEVEL = 0.95

FEWEST = 5
"""Turns (or pairs of turns) below which a figure says that they are too few."""

DOUBT = 6.0
"""How many turns' evidence the model's own doubt counts for, by simulation."""

STRONGEST = 0.8
"""Autocorrelation is not believed beyond this: a short series cannot show it."""


@dataclass(frozen=True)
class Interval:
    """An interval that holds the quantity in 95 of 100 cases.

    Attributes:
        low: lower end.
        high: upper end.
        level: 0.95.
    """

    low: float
    high: float
    level: float = LEVEL


def inertia(residuals: Matrix) -> float:
    """By how much lasting moods widen the variance of a mean: (1 + r) / (1 - r), at least 1.

    Args:
        residuals: (turn, emotion) distributions of successive turns, less their mean.
    """
    turns, total = len(residuals), float((residuals**2).sum())
    if turns < FEWEST or total < 1e-12:
        return 1.0
    r = float((residuals[1:] * residuals[:-1]).sum()) / total
    r = min(max(r + (1 + 3 * r) / turns, 0.0), STRONGEST)
    return (1 + r) / (1 - r)


def share_variance(values: npt.NDArray[np.float64], widened: float) -> float:
    """Variance of a share as an estimate of the speaker's: s² f / n of the module's formula.

    Args:
        values: (turn,) probability of the emotion in every turn, one turn at least.
        widened: by lasting moods, see `inertia`.
    """
    turns, mean = len(values), float(values.mean())
    weight = 1.0 if turns < FEWEST else DOUBT / (DOUBT - 1 + turns)
    own = float(values.var(ddof=1)) if turns > 1 else 0.0
    return ((1 - weight) * own + weight * mean * (1 - mean)) * widened / turns


def speaker_interval(values: npt.NDArray[np.float64], widened: float) -> Interval:
    """Of the speaker's share over many such turns; arguments as of `share_variance`."""
    turns, mean = len(values), float(np.clip(values.mean(), 0, 1))
    variance = share_variance(values, widened)
    effective = mean * (1 - mean) / variance if variance > 1e-12 else turns / widened
    hits, misses = effective * mean + 0.5, effective * (1 - mean) + 0.5
    low, high = (float(betaincinv(hits, misses, p)) for p in ((1 - LEVEL) / 2, (1 + LEVEL) / 2))
    return Interval(min(low, mean), max(high, mean))  # Jeffreys' own amendment at shares of 0 and 1


def counted_interval(values: npt.NDArray[np.float64]) -> Interval:
    """Of the share in these very turns: exact, from the Poisson-binomial distribution of the count.

    Args:
        values: (turn,) probability of the emotion in every turn, one turn at least.
    """
    chances = np.zeros(len(values) + 1)
    chances[0] = 1.0
    for place, p in enumerate(np.clip(values, 0, 1), 1):
        chances[1 : place + 1] = chances[1 : place + 1] * (1 - p) + chances[:place] * p
        chances[0] *= 1 - p
    # The distribution has one peak, so the likeliest counts are neighbours, from `low` to `high`.
    low = high = int(chances.argmax())
    held = chances[low]
    while held < LEVEL:
        below = chances[low - 1] if low > 0 else -1.0
        above = chances[high + 1] if high < len(values) else -1.0
        if max(below, above) <= 0:  # what is left is lost to rounding
            break
        low, high = (low - 1, high) if below > above else (low, high + 1)
        held += max(below, above)
    return Interval(low / len(values), high / len(values))
