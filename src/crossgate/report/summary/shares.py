"""How large a share of a speaker's turns expresses each emotion; of the whole recording, or of its thirds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossgate.emotions import KNOWN
from crossgate.report.result import Result, Turn
from crossgate.report.summary.intervals import (
    FEWEST,
    Interval,
    counted_interval,
    inertia,
    share_variance,
    speaker_interval,
)
from crossgate.report.summary.parts import Matrix, matrix, seconds_of, speaker_turns

NEGATIVE = ("fear", "sadness", "disgust", "anger", "sad", "angry", "frustrated")
"""Emotions counted as negative.

Fear, sadness, disgust and anger are so in MELD's own sentiments (Poria et al., ACL 2019; surprise is either,
and stays out); IEMOCAP's sad, angry and frustrated by analogy, which is ours.
"""


@dataclass(frozen=True)
class Share:
    """The share of a speaker's turns that expresses an emotion.

    estimate = (1/n) Σ p_i: the mean of the calibrated probabilities, not a count of the likeliest emotions;
    a turn of which the model is half sure counts half, an abstained one too. It rests on the calibration.
    It does not say what the speaker feels, nor anything about how strongly an emotion is expressed.

    Attributes:
        emotion: its name.
        estimate: 0 to 1; those of a speaker sum to 1.
        interval: of the speaker's share over many such turns; see `intervals.py`.
        in_these_turns: of the share that labelling these very turns would give.
        by_time: the same mean weighted by the turns' seconds; None without times. Beside the other, for an
            emotion of long turns; it has no interval of its own.
        variance: of the estimate as one of the speaker's share.
    """

    emotion: str
    estimate: float
    interval: Interval
    in_these_turns: Interval
    by_time: float | None
    variance: float


@dataclass(frozen=True)
class SpeakerShares:
    """The shares of one speaker.

    Attributes:
        speaker: name as in the result.
        turns: how many.
        seconds: of speech; None without times.
        abstained: turns where the model does not commit itself; they count in the shares with their
            probabilities.
        effective_turns: what the turns are worth after lasting moods are allowed for.
        too_few: fewer than 5 turns; the intervals are then as wide as labels alone would make them, and the
            shares should not be compared.
        shares: of every emotion, in the order of the labels.
    """

    speaker: str
    turns: int
    seconds: float | None
    abstained: int
    effective_turns: float
    too_few: bool
    shares: tuple[Share, ...]


@dataclass(frozen=True)
class Third:
    """A third of the recording.

    Attributes:
        number: 1, 2 or 3.
        start: seconds; None where the recording is cut by the number of turns, for want of times.
        end: seconds, or None.
        speakers: who speaks in it, in the order of their first turns in the recording.
    """

    number: int
    start: float | None
    end: float | None
    speakers: tuple[SpeakerShares, ...]


def share(
    emotion: str, values: npt.NDArray[np.float64], seconds: Sequence[float] | None, widened: float
) -> Share:
    """The share of one emotion, or of several together.

    Args:
        emotion: its name.
        values: (turn,) probability in every turn.
        seconds: length of every turn, or None.
        widened: the variance by lasting moods, see `inertia`.
    """
    timed = seconds is not None and sum(seconds) > 0
    return Share(
        emotion,
        float(values.mean()),
        speaker_interval(values, widened),
        counted_interval(values),
        float(np.average(values, weights=seconds)) if timed else None,
        share_variance(values, widened),
    )


def shares_of(speaker: str, turns: Sequence[Turn], names: Sequence[str], columns: Matrix) -> SpeakerShares:
    """The shares of some turns of one speaker.

    Args:
        speaker: name.
        turns: one at least.
        names: of the shares.
        columns: (turn, name) probabilities.
    """
    seconds = seconds_of(turns)
    widened = inertia(columns - columns.mean(axis=0))
    return SpeakerShares(
        speaker,
        len(turns),
        None if seconds is None else sum(seconds),
        sum(turn.abstained for turn in turns),
        len(turns) / widened,
        len(turns) < FEWEST,
        tuple(share(name, columns[:, place], seconds, widened) for place, name in enumerate(names)),
    )


def speaker_shares(turns: Sequence[Turn], labels: Sequence[str]) -> tuple[SpeakerShares, ...]:
    """The shares of every speaker, in the order of their first turns."""
    return tuple(
        shares_of(speaker, own, labels, matrix(own, labels)) for speaker, own in speaker_turns(turns).items()
    )


def negative_labels(labels: Sequence[str]) -> tuple[str, ...] | None:
    """Those of `labels` that count as negative; None where one of them is of no label set known here."""
    known = {label for labels_known in KNOWN for label in labels_known.labels}
    return tuple(label for label in labels if label in NEGATIVE) if set(labels) <= known else None


def negative_shares(
    turns: Sequence[Turn], labels: Sequence[str], negative: Sequence[str]
) -> tuple[SpeakerShares, ...]:
    """For every speaker one share: that of the negative emotions together, p_i = Σ over them."""
    places = [labels.index(label) for label in negative]
    return tuple(
        shares_of(
            speaker, own, ["negative"], matrix(own, labels)[:, places].sum(axis=1, keepdims=True).clip(0, 1)
        )
        for speaker, own in speaker_turns(turns).items()
    )


def thirds(result: Result) -> dict[int, tuple[float | None, float | None, tuple[Turn, ...]]]:
    """The turns of each third: number -> start, end, turns.

    A turn belongs to the third that its middle lies in. Without times for every turn the thirds hold as many
    turns each, as nearly as can be.
    """
    turns = result.utterances
    lengths = seconds_of(turns)
    if lengths is None or not turns:
        cuts = [round(len(turns) * part / 3) for part in range(4)]
        return {part + 1: (None, None, turns[cuts[part] : cuts[part + 1]]) for part in range(3)}
    middles = [float(turn.start or 0) + length / 2 for turn, length in zip(turns, lengths, strict=True)]
    end = max(result.media.duration or 0.0, *(float(turn.end or 0) for turn in turns))
    numbers = [min(2, max(0, int(3 * middle / end))) if end > 0 else 0 for middle in middles]
    return {
        part + 1: (
            end * part / 3,
            end * (part + 1) / 3,
            tuple(turn for turn, number in zip(turns, numbers, strict=True) if number == part),
        )
        for part in range(3)
    }


def shares_by_thirds(result: Result, negative: Sequence[str] | None = None) -> tuple[Third, ...]:
    """The shares of every speaker in each third, of all emotions or of the negative ones together."""
    order: Mapping[str, int] = {name: place for place, name in enumerate(speaker_turns(result.utterances))}
    found = []
    for number, (start, end, turns) in thirds(result).items():
        if negative is None:
            shares = speaker_shares(turns, result.labels)
        else:
            shares = negative_shares(turns, result.labels, negative)
        found.append(Third(number, start, end, tuple(sorted(shares, key=lambda one: order[one.speaker]))))
    return tuple(found)
