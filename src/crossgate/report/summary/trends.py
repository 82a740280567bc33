"""Several recordings of one person: how the shares of the expressed emotions change."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

from crossgate.errors import InputError
from crossgate.report.result import BY_SPEAKERS_FILE, BY_TRANSCRIPT, Result, Turn
from crossgate.report.summary.intervals import LEVEL, Interval
from crossgate.report.summary.parts import counted, plain
from crossgate.report.summary.shares import (
    Share,
    SpeakerShares,
    negative_labels,
    negative_shares,
    speaker_shares,
)

NO_CHANGE = "no clear change"


@dataclass(frozen=True)
class EmotionTrend:
    """The share of one emotion from recording to recording.

    The slope is that of ordinary least squares over the places 0, 1, 2, ... in the order given. Two intervals
    are made and the wider is given: one from the variance of each share (few turns, doubts of the model;
    Student's t with one degree less than the fewest turns), one from the scatter of the recordings about
    the line (days differ; Student's t with recordings - 2 degrees, the usual interval of a regression
    slope). With two recordings there is only the first. A bootstrap over three to eight recordings would be
    far too narrow. It does not say why a share changes; other company or another topic do it as well. At
    seven emotions one in four to one in three series without any change show one somewhere.

    Attributes:
        emotion: its name; `negative` for the negative ones together.
        shares: one a recording.
        slope: change of the share from one recording to the next.
        interval: of the slope, 95 %.
        verdict: `rises`, `falls`, or `no clear change` where the interval holds 0.
    """

    emotion: str
    shares: tuple[Share, ...]
    slope: float
    interval: Interval
    verdict: str


@dataclass(frozen=True)
class SpeakerTrend:
    """The trends of one speaker.

    Attributes:
        speaker: the name, the same in every recording.
        recordings: the speaker's figures in each.
        too_few: in one of the recordings are fewer than 5 turns of this speaker.
        emotions: in the order of the labels.
        negative: of the negative emotions together; None where the label set is not known.
    """

    speaker: str
    recordings: tuple[SpeakerShares, ...]
    too_few: bool
    emotions: tuple[EmotionTrend, ...]
    negative: EmotionTrend | None


@dataclass(frozen=True)
class Trend:
    """What changes over several recordings.

    Attributes:
        recordings: names of the files, in the order given.
        labels: the emotions.
        speakers: those in every recording, or the one asked for.
        left_out: speakers who are not in every recording.
        notes: what weakens the comparison, in words.
    """

    recordings: tuple[str, ...]
    labels: tuple[str, ...]
    speakers: tuple[SpeakerTrend, ...]
    left_out: tuple[str, ...]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        found: dict[str, Any] = plain(self)
        return found


def trend(results: Sequence[Result], speaker: str | None = None) -> Trend:
    """The trend over results, in the order given, which should be that of time.

    Args:
        results: two at least, with the same label set.
        speaker: the person; without, everybody whose name is in every recording.

    Raises InputError for fewer than two results, label sets that differ, a speaker who is missing
    somewhere, and where no name is in every recording.
    """
    if len(results) < 2:
        raise InputError(f"a trend needs two recordings at least, got {len(results)}")
    labels = _common_labels(results)
    guessed = [result.settings.get("speakers") not in (BY_TRANSCRIPT, BY_SPEAKERS_FILE) for result in results]
    results = [counted(result) for result in results]
    names = _speakers(results, speaker)
    everybody = dict.fromkeys(turn.speaker for result in results for turn in result.utterances)
    return Trend(
        tuple(result.media.name for result in results),
        labels,
        tuple(_speaker_trend(results, labels, name) for name in names),
        tuple(name for name in everybody if name not in names) if speaker is None else (),
        (*_guessed(guessed), *_notes(results)),
    )


def _guessed(guessed: Sequence[bool]) -> tuple[str, ...]:
    if not any(guessed):
        return ()
    return (
        f"In {sum(guessed)} of these recordings nobody named the speakers: the same name need not be the "
        "same person. Give transcripts that name them.",
    )


def _common_labels(results: Sequence[Result]) -> tuple[str, ...]:
    labels = results[0].labels
    for number, result in enumerate(results[1:], 2):
        if set(result.labels) != set(labels):
            raise InputError(
                f"has the emotions {', '.join(result.labels)}; the first has {', '.join(labels)}",
                where=f"recording {number}, {result.media.name}",
                fix="analyse all recordings with the same model",
            )
    return labels


def _speakers(results: Sequence[Result], speaker: str | None) -> list[str]:
    present = [dict.fromkeys(turn.speaker for turn in result.utterances) for result in results]
    said = [
        f"recording {number}, {result.media.name}: {', '.join(names) or 'nobody'}"
        for number, (result, names) in enumerate(zip(results, present, strict=True), 1)
    ]
    if speaker is not None:
        without = [line for line, names in zip(said, present, strict=True) if speaker not in names]
        if without:
            raise InputError(
                f"the speaker {speaker!r} is not in every recording; {'; '.join(without)}",
                fix="name a speaker who is, or give the person the same name in every transcript",
            )
        return [speaker]
    common = [name for name in present[0] if all(name in names for names in present)]
    if not common:
        raise InputError(
            f"no speaker is in every recording; {'; '.join(said)}",
            fix="give the person the same name in every transcript",
        )
    return common


def _own(result: Result, speaker: str) -> list[Turn]:
    return [turn for turn in result.utterances if turn.speaker == speaker]


def _speaker_trend(results: Sequence[Result], labels: tuple[str, ...], speaker: str) -> SpeakerTrend:
    figures = tuple(speaker_shares(_own(result, speaker), labels)[0] for result in results)
    turns = [one.turns for one in figures]
    emotions = tuple(
        emotion_trend(tuple(one.shares[place] for one in figures), turns) for place in range(len(labels))
    )
    bad = negative_labels(labels)
    together = None
    if bad is not None:
        shares = [negative_shares(_own(result, speaker), labels, bad)[0].shares[0] for result in results]
        together = emotion_trend(tuple(shares), turns)
    return SpeakerTrend(speaker, figures, any(one.too_few for one in figures), emotions, together)


def emotion_trend(shares: tuple[Share, ...], turns: Sequence[int]) -> EmotionTrend:
    """The trend of one emotion.

    Args:
        shares: one a recording, two at least, in the order of time.
        turns: of the speaker in each recording.
    """
    count = len(shares)
    places = np.arange(count) - (count - 1) / 2
    values = np.array([one.estimate for one in shares])
    spread = float((places**2).sum())
    slope = float((places * values).sum()) / spread
    within = float((places**2 * np.array([one.variance for one in shares])).sum()) / spread**2
    reach = _reach(max(1, min(turns) - 1), within)
    if count > 2:
        residuals = values - values.mean() - slope * places
        scatter = float((residuals**2).sum()) / (count - 2) / spread
        reach = max(reach, _reach(count - 2, scatter))
    interval = Interval(slope - reach, slope + reach)
    verdict = "rises" if interval.low > 0 else "falls" if interval.high < 0 else NO_CHANGE
    return EmotionTrend(shares[0].emotion, shares, slope, interval, verdict)


def _reach(freedom: int, variance: float) -> float:
    return float(stdtrit(freedom, (1 + LEVEL) / 2)) * math.sqrt(variance)


def _notes(results: Sequence[Result]) -> tuple[str, ...]:
    notes = []
    if len(results) == 2:
        notes.append(
            "Two recordings: their difference, not a trend; how much recordings differ anyhow cannot be seen."
        )
    elif len(results) < 5:
        notes.append(f"{len(results)} recordings: only a change on an all but straight line can be clear.")
    if len({result.media.sha256 for result in results}) < len(results):
        notes.append("The same recording stands here more than once.")
    if len({result.model.sha256 for result in results}) > 1:
        notes.append("The recordings were read by different models: a change may be theirs.")
    if len({result.policy for result in results}) > 1:
        notes.append("The recordings were read under different usage policies: a change may come of that.")
    modalities = {
        frozenset(
            name for turn in result.utterances for name, use in turn.modalities.items() if use.share > 0
        )
        for result in results
    }
    if len(modalities) > 1:
        notes.append("The recordings do not have the same modalities: a change may come of that.")
    return tuple(notes)
