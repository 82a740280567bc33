"""How often the intervals and turning points of summaries are right, on simulated calibrated predictions.

    python benchmarks/summaries.py

Distributions of turns are drawn from a Dirichlet distribution about MELD's frequencies of emotions; a
turn's label is then drawn from its distribution, so that the probabilities are calibrated by construction.
`sharpness` is the sum of the Dirichlet's parameters: 0.5 is a model that is nearly always sure, 5 one that
seldom is. `lasting` is the chance that a turn has the distribution of the turn before. Prints the tables of
docs/summaries.md.
"""

from __future__ import annotations

import numpy as np

from crossgate.report.summary.changes import SHUFFLES, change_points
from crossgate.report.summary.intervals import counted_interval, inertia, speaker_interval
from crossgate.report.summary.shares import share
from crossgate.report.summary.trends import emotion_trend

FREQUENCIES = np.array([0.47, 0.12, 0.03, 0.07, 0.17, 0.03, 0.11])
FREQUENCIES /= FREQUENCIES.sum()
ROUNDS = 300


def drawn(
    random: np.random.Generator, turns: int, sharpness: float, lasting: float, mean: np.ndarray = FREQUENCIES
) -> np.ndarray:
    """Distributions (turn, emotion)."""
    weights = random.standard_gamma(np.broadcast_to(mean * sharpness, (turns, len(mean)))) + 1e-300
    values = weights / weights.sum(axis=1, keepdims=True)
    for place in range(1, turns):
        if random.random() < lasting:
            values[place] = values[place - 1]
    return values


def coverage(turns: int, sharpness: float, lasting: float, rounds: int = ROUNDS) -> tuple[float, float]:
    """Share of intervals, over emotions, that hold the speaker's share; and the share of labels drawn."""
    random = np.random.default_rng(0)
    speaker, counted = [], []
    for _ in range(rounds):
        values = drawn(random, turns, sharpness, lasting)
        labels = np.array([random.multinomial(1, row) for row in values]).mean(axis=0)
        widened = inertia(values - values.mean(axis=0))
        for place, frequency in enumerate(FREQUENCIES):
            one, other = speaker_interval(values[:, place], widened), counted_interval(values[:, place])
            speaker.append(one.low <= frequency <= one.high)
            counted.append(other.low - 1e-9 <= labels[place] <= other.high + 1e-9)
    return float(np.mean(speaker)), float(np.mean(counted))


def false_alarms(turns: int, lasting: float, rounds: int = ROUNDS) -> float:
    """Share of speakers without any change of whom a turning point is reported."""
    random = np.random.default_rng(0)
    return float(
        np.mean(
            [
                bool(change_points(drawn(random, turns, 1.5, lasting), np.random.default_rng(0)))
                for _ in range(rounds)
            ]
        )
    )


def found_changes(turns: int, more: float, rounds: int = 100) -> float:
    """Share of speakers of whom a change in mid-recording is found, where anger gains `more` from neutral."""
    random = np.random.default_rng(0)
    after = FREQUENCIES + more * (np.eye(7)[6] - np.eye(7)[0])
    hits = 0
    for _ in range(rounds):
        values = np.concatenate(
            [drawn(random, turns // 2, 1.5, 0), drawn(random, turns - turns // 2, 1.5, 0, after)]
        )
        hits += bool(change_points(values, np.random.default_rng(0)))
    return hits / rounds


def trend_coverage(recordings: int, days: float, rounds: int = ROUNDS) -> float:
    """Share of slope intervals that hold 0 where nothing changes but by chance from day to day.

    `days` is the sum of the Dirichlet's parameters that each recording's frequencies are drawn from; 0 for
    none.
    """
    random = np.random.default_rng(0)
    held = []
    for _ in range(rounds):
        shares = []
        for _ in range(recordings):
            mean = random.dirichlet(FREQUENCIES * days) + 1e-9 if days else FREQUENCIES
            values = drawn(random, 30, 1.5, 0, mean)
            widened = inertia(values - values.mean(axis=0))
            shares.append([share("", values[:, place], None, widened) for place in range(7)])
        for place in range(7):
            one = emotion_trend(tuple(row[place] for row in shares), [30] * recordings)
            held.append(one.interval.low <= 0 <= one.interval.high)
    return float(np.mean(held))


def main() -> None:
    """Print the tables."""
    print("| turns | sharpness | lasting | of the speaker | in these turns |\n|---|---|---|---|---|")
    for lasting in (0.0, 0.3):
        for sharpness in (0.5, 1.5, 5.0):
            for turns in (5, 10, 20, 40, 100):
                one, other = coverage(turns, sharpness, lasting)
                print(f"| {turns} | {sharpness} | {lasting} | {100 * one:.1f} | {100 * other:.1f} |")
    print(f"\nturning points reported without a change, {SHUFFLES} shuffles")
    for lasting in (0.0, 0.3):
        rates = [f"{turns} turns {100 * false_alarms(turns, lasting):.1f} %" for turns in (20, 60, 200)]
        print(f"lasting {lasting}: {', '.join(rates)}")
    for more in (0.2, 0.4):
        rates = [f"{turns} turns {100 * found_changes(turns, more):.0f} %" for turns in (20, 60, 200)]
        print(f"found where anger gains {100 * more:.0f} points: {', '.join(rates)}")
    print("\nslopes whose interval holds 0 where nothing changes")
    for days in (0.0, 20.0):
        rates = [f"{count} recordings {100 * trend_coverage(count, days):.1f} %" for count in (2, 3, 5, 8)]
        print(f"days {days:.0f}: {', '.join(rates)}")


if __name__ == "__main__":
    main()
