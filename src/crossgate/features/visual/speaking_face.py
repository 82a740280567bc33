"""Whose face it is: among the faces seen during an utterance, the speaker's, and by what it was told.

A speaker's mouth moves while there is voice. Where that does not decide, the face that is largest and nearest
the middle stands for the speaker, as pictures are mostly taken of who speaks; that is a guess, and the note
says so. No face is recognised as a person's: the expression network's vectors are not made for that.

Measured on pairs of speakers of the GRID corpus side by side, one of them shown in his pauses only (54 pairs
of 2.9 s, five pictures a second, YuNet): with the voice's activity, mouth motion decided 43 pairs, all of
them rightly; without it 41, five of them wrongly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crossgate.errors import InputError

Voice = Callable[[float], float]
"""From a time in seconds to the probability, 0 to 1, that somebody is speaking."""


@dataclass(frozen=True)
class SpeakingSettings:
    """When mouth motion decides."""

    steps: int = 4
    """Least number of motions, each between two pictures in a row, of a face that is to be chosen by them."""
    motion: float = 0.04
    """Least motion of the face that is chosen by it. On a meeting of the GRID corpus, five pictures a second,
    it was 0.16 on average while people spoke and 0.07 in their pauses."""
    lead: float = 1.5
    """By how much it must exceed the next face's."""
    sure: float = 0.85
    """The detector's score from which one sighting is a face; else it takes two."""

    def __post_init__(self) -> None:
        if self.steps < 1 or self.motion <= 0 or self.lead < 1:
            raise InputError("speaking: steps is 1 or more, motion more than 0, lead 1 or more")


class Candidate(NamedTuple):
    """A face seen during an utterance.

    Attributes:
        track: its number.
        sightings: pictures of the utterance that it is in.
        seen: pictures so far that its track was in, those before the utterance included.
        score: the detector's highest.
        prominence: how large and central, summed over the pictures it is in.
        motions: (time in seconds, motion of the mouth) between pictures in a row.
    """

    track: int
    sightings: int
    seen: int
    score: float
    prominence: float
    motions: Sequence[tuple[float, float]]


class Choice(NamedTuple):
    """The face that was taken for the speaker's.

    Attributes:
        track: its number; None where there is none.
        note: how it was chosen, in words for the report.
    """

    track: int | None
    note: str


def choose_face(
    candidates: Sequence[Candidate],
    sampled: int,
    together: int,
    voice: Voice | None = None,
    settings: SpeakingSettings | None = None,
) -> Choice:
    """The speaker's face in an utterance.

    Args:
        candidates: the faces seen in it.
        sampled: number of its pictures that were looked at.
        together: the most of these faces in one picture.
        voice: probability of speech over time; without it all of the utterance counts as speech.
        settings: when mouth motion decides.
    """
    settings = settings or SpeakingSettings()
    lasting = [one for one in candidates if one.seen >= 2 or one.score >= settings.sure]
    if sampled == 0:
        return Choice(None, "no picture in this stretch")
    if not lasting:
        return Choice(None, f"no face found in {sampled} frame{'s' if sampled > 1 else ''}")
    if len(lasting) == 1:
        return Choice(lasting[0].track, "only face")
    moving = [
        (speaking_motion(one.motions, sampled, voice), one.track)
        for one in lasting
        if len(one.motions) >= settings.steps
    ]
    if moving:
        moving.sort(reverse=True)
        best, track = moving[0]
        second = moving[1][0] if len(moving) > 1 else 0.0
        if best >= settings.motion and best >= settings.lead * second:
            first, other = best / (best + second), second / (best + second)
            return Choice(track, f"mouth motion ({first:.1f} against {other:.1f})")
    largest = max(lasting, key=lambda one: one.prominence)
    if together < 2:
        return Choice(largest.track, f"most prominent of {len(lasting)} faces in turn")
    return Choice(largest.track, f"largest of {len(lasting)} faces")


def speaking_motion(motions: Sequence[tuple[float, float]], sampled: int, voice: Voice | None) -> float:
    """How much a mouth moves in step with the voice, per picture of the utterance; 0 or more.

    Motion counts for a face where there is voice and against it where there is none (weight 2 p - 1, with p
    the probability of speech): chewing through a pause is not speaking. A face out of sight does not move.
    """
    total = sum(motion if voice is None else (2 * voice(time) - 1) * motion for time, motion in motions)
    return max(0.0, total / max(1, sampled))
