"""What one speaker expresses in the turn after another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from crossgate.report.result import Turn
from crossgate.report.summary.intervals import FEWEST
from crossgate.report.summary.parts import Matrix, matrix

ENOUGH = 30
"""Pairs of turns from which on lift is given at all."""


@dataclass(frozen=True)
class ReactionRow:
    """What follows one emotion of the first speaker.

    Attributes:
        emotion: of the first speaker's turn.
        pairs: expected number of pairs that begin with it.
        too_few: fewer than 5 of them.
        counts: emotion of the second speaker -> expected number of pairs.
        probabilities: the counts divided by `pairs`; None where no pair begins with this emotion.
        lift: emotion -> count over that expected were the two turns independent; None for a cell where that
            is below 5, and for all where there are fewer than 30 pairs.
    """

    emotion: str
    pairs: float
    too_few: bool
    counts: dict[str, float]
    probabilities: dict[str, float] | None
    lift: dict[str, float | None]


@dataclass(frozen=True)
class Reaction:
    """What B expresses in the turn right after A's.

    counts = Σ over pairs of the outer product of the two turns' probabilities. They rest on the
    calibration, and treat the model's doubts about the two turns as independent; where the model is unsure,
    rows look more alike than they are and lift lies too near 1. Who follows whom in time is all it says,
    not that A's turn is the cause.

    Attributes:
        first: speaker A.
        then: speaker B.
        pairs: how often a turn of B follows one of A at once.
        too_few: fewer than 5 pairs.
        rows: one an emotion of A, in the order of the labels.
    """

    first: str
    then: str
    pairs: int
    too_few: bool
    rows: tuple[ReactionRow, ...]


def reactions(turns: Sequence[Turn], labels: Sequence[str]) -> tuple[Reaction, ...]:
    """Of every ordered pair of speakers of whom one follows the other, in the order of speaking."""
    values = matrix(turns, labels)
    places: dict[tuple[str, str], list[int]] = {}
    for place, (first, then) in enumerate(pairwise(turns)):
        if first.speaker != then.speaker:
            places.setdefault((first.speaker, then.speaker), []).append(place)
    return tuple(
        _reaction(first, then, values[at], values[np.array(at) + 1], labels)
        for (first, then), at in places.items()
    )


def _reaction(first: str, then: str, before: Matrix, after: Matrix, labels: Sequence[str]) -> Reaction:
    counts = before.T @ after  # (emotion of first, emotion of then)
    pairs, starts, ends = len(before), counts.sum(axis=1), counts.sum(axis=0)
    rows = []
    for emotion, row, start in zip(labels, counts, starts.tolist(), strict=True):
        independent = start * ends / pairs
        # Cochran's rule of thumb for tables of counts: expected counts below 5 say little.
        lift: list[float | None] = [
            float(count / expected) if pairs >= ENOUGH and expected >= FEWEST else None
            for count, expected in zip(row, independent, strict=True)
        ]
        shares = dict(zip(labels, (row / start).tolist(), strict=True)) if start > 0 else None
        rows.append(
            ReactionRow(
                emotion,
                start,
                start < FEWEST,
                dict(zip(labels, row.tolist(), strict=True)),
                shares,
                dict(zip(labels, lift, strict=True)),
            )
        )
    return Reaction(first, then, pairs, pairs < FEWEST, tuple(rows))
