"""Shifts from one turn to the next, turning points of a recording, and the state it ends in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossgate.report.result import Turn
from crossgate.report.summary.intervals import FEWEST, inertia
from crossgate.report.summary.parts import Matrix, Quote, matrix, quote, speaker_turns

SHUFFLES = 499
ACCIDENTS = 0.01
"""P-value up to which a cut is kept: of 100 speakers without a change one is said to have one."""

NAMED = 0.05
"""Emotions whose share changes by less are not named beside a turning point."""


@dataclass(frozen=True)
class Shift:
    """A speaker's next turn expresses another emotion than the one before.

    Compared are the likeliest emotions of two turns that follow each other among the speaker's own, neither
    of them abstained. It rests on two single predictions and is wrong where either is; it does not say what
    brought the change about.

    Attributes:
        speaker: whose.
        was: emotion of the turn before.
        becomes: emotion of this one.
        before: the turn before.
        after: this turn.
        follows: who speaks just before this turn, if it is somebody else.
    """

    speaker: str
    was: str
    becomes: str
    before: Quote
    after: Quote
    follows: str | None


@dataclass(frozen=True)
class Shifts:
    """Every shift of a recording.

    Attributes:
        pairs: pairs of a speaker's successive turns.
        compared: those of them where neither turn is abstained.
        found: the shifts among these, in the order of speaking.
    """

    pairs: int
    compared: int
    found: tuple[Shift, ...]


def shifts(turns: Sequence[Turn], *, after_others: bool = False, speaker: str | None = None) -> Shifts:
    """The shifts of a recording.

    Args:
        turns: of the whole recording.
        after_others: look at turns only that come right after somebody else's.
        speaker: look at the turns of this one only.
    """
    last: dict[str, Turn] = {}
    pairs, compared, found = 0, 0, []
    for place, turn in enumerate(turns):
        before, last[turn.speaker] = last.get(turn.speaker), turn
        follows = turns[place - 1].speaker if place and turns[place - 1].speaker != turn.speaker else None
        if before is None or (after_others and follows is None) or speaker not in (None, turn.speaker):
            continue
        pairs += 1
        if before.abstained or turn.abstained:
            continue
        compared += 1
        if before.emotion != turn.emotion:
            one = Shift(turn.speaker, before.emotion, turn.emotion, quote(before), quote(turn), follows)
            found.append(one)
    return Shifts(pairs, compared, tuple(found))


@dataclass(frozen=True)
class TurningPoint:
    """From this turn on a speaker's turns express other emotions than before.

    Found by binary segmentation (Scott & Knott, Biometrics 1974): the cut that lowers the squared distance of
    the probability vectors to their segment's mean the most, kept if it is beyond chance, then the same on
    either side. Beyond chance means (as in Matteson & James, JASA 2014): of 499 shuffles of the segment's
    turns at most 1 in 100 has as large a gain, where the shuffles' gains are first widened by lasting moods
    (`inertia`). At least 5 turns lie on each side. The place is an estimate and can lie some turns off. It
    does not say why, and a change of topic looks like one of mood.

    Attributes:
        speaker: whose.
        turn: the first after the change.
        turns_before: of the speaker, since the turning point before or the start.
        turns_after: of the speaker, up to the next turning point or the end.
        before: emotion -> mean probability over the turns before.
        after: the same over the turns after.
        p_value: share of shuffles with as large a gain, the recording's own order counted among them.
        in_words: which emotions become more, which less.
    """

    speaker: str
    turn: Quote
    turns_before: int
    turns_after: int
    before: dict[str, float]
    after: dict[str, float]
    p_value: float
    in_words: str


def turning_points(turns: Sequence[Turn], labels: Sequence[str], seed: int = 0) -> tuple[TurningPoint, ...]:
    """The turning points of every speaker, in the order of speaking; the same seed finds the same ones."""
    order = {turn.id: place for place, turn in enumerate(turns)}
    found = []
    for speaker, own in speaker_turns(turns).items():
        values = matrix(own, labels)
        cuts = change_points(values, np.random.default_rng(seed))
        edges = [0, *sorted(cuts), len(own)]
        for left, cut, right in zip(edges, edges[1:-1], edges[2:], strict=False):
            before, after = values[left:cut].mean(axis=0), values[cut:right].mean(axis=0)
            found.append(
                TurningPoint(
                    speaker,
                    quote(own[cut]),
                    cut - left,
                    right - cut,
                    dict(zip(labels, before.tolist(), strict=True)),
                    dict(zip(labels, after.tolist(), strict=True)),
                    cuts[cut],
                    _in_words(labels, after - before),
                )
            )
    return tuple(sorted(found, key=lambda point: order[point.turn.id]))


def gains(values: Matrix) -> Matrix:
    """By how much each cut lowers the sum of squared distances to the mean.

    Args:
        values: (..., turn, emotion).

    Returns (..., cut): cuts before turn 5, 6, ... up to 5 turns before the end.
    """
    turns = values.shape[-2]
    left = np.arange(FEWEST, turns - FEWEST + 1)
    sums = values.cumsum(axis=-2)
    total = sums[..., -1:, :]
    gap = sums[..., left - 1, :] / left[:, None] - (total - sums[..., left - 1, :]) / (turns - left)[:, None]
    found: Matrix = (gap**2).sum(axis=-1) * left * (turns - left) / turns
    return found


def change_points(values: Matrix, random: np.random.Generator, offset: int = 0) -> dict[int, float]:
    """Where a series of distributions changes; the method is described at `TurningPoint`.

    Args:
        values: (turn, emotion) distributions of one speaker's turns.
        random: draws the shuffles.
        offset: place of the first of these turns among the speaker's.

    Returns place of the first turn after each change -> p-value.
    """
    turns = len(values)
    if turns < 2 * FEWEST:
        return {}
    gained = gains(values)
    cut = FEWEST + int(gained.argmax())
    best = float(gained.max())
    if best < 1e-9:
        return {}
    residuals = np.concatenate([part - part.mean(axis=0) for part in (values[:cut], values[cut:])])
    p_value = _chance(values, best / inertia(residuals), random)
    if p_value > ACCIDENTS:
        return {}
    found = {offset + cut: p_value}
    found.update(change_points(values[:cut], random, offset))
    found.update(change_points(values[cut:], random, offset + cut))
    return found


def _chance(values: Matrix, best: float, random: np.random.Generator) -> float:
    """Share of shuffles whose best gain reaches `best`; counting stops where they are too many anyway."""
    reached, done = 1, 1
    at_once = max(1, min(50, 200_000 // values.size))
    while done <= SHUFFLES and reached <= ACCIDENTS * (SHUFFLES + 1):
        count = min(at_once, SHUFFLES + 1 - done)
        order = random.permuted(np.tile(np.arange(len(values)), (count, 1)), axis=1)
        reached += int((gains(values[order]).max(axis=-1) >= best * (1 - 1e-9)).sum())
        done += count
    return reached / done


def _in_words(labels: Sequence[str], change: Matrix) -> str:
    """Such as `joy +31 points, neutral -25 points`: the largest three, the largest first."""
    largest = sorted(range(len(labels)), key=lambda place: -abs(change[place]))[:3]
    named = [place for place in largest if abs(change[place]) >= NAMED] or largest[:1]
    return ", ".join(f"{labels[place]} {100 * change[place]:+.0f} points" for place in named)


@dataclass(frozen=True)
class LastState:
    """What a speaker's last turn expresses.

    The distribution of one turn as it stands. It does not say that the state lasts.

    Attributes:
        speaker: who.
        turn: the last one.
        abstained: the model does not commit itself there.
        probabilities: emotion -> calibrated probability.
    """

    speaker: str
    turn: Quote
    abstained: bool
    probabilities: dict[str, float]


def last_states(turns: Sequence[Turn]) -> tuple[LastState, ...]:
    """The last state of every speaker, in the order of their first turns."""
    return tuple(
        LastState(speaker, quote(own[-1]), own[-1].abstained, dict(own[-1].probabilities))
        for speaker, own in speaker_turns(turns).items()
    )
