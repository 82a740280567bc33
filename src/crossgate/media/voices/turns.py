"""Utterances where no transcript tells them: speech between pauses."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from crossgate.errors import InputError
from crossgate.media.clips import Span

LONGEST = 15.0
"""Seconds. 99 of 100 utterances of MELD last 11.8 s or less."""

PAUSE = 0.5
"""Seconds. Within a sentence pauses are shorter; but so are many between one speaker and the next."""


def utterances_from_speech(
    spans: Sequence[Span], longest: float = LONGEST, pause: float = PAUSE
) -> list[Span]:
    """Join spans of speech across short pauses, and cut what is too long at its longest pause.

    Args:
        spans: of speech, in order and apart from each other.
        longest: seconds an utterance may last. One without a pause inside stays longer.
        pause: seconds between two spans that end an utterance.

    Every span lies in one utterance whole, no utterance overlaps another, and none begins or ends outside
    speech. Two speakers who follow each other faster than `pause` share an utterance.

    Raises InputError where a limit is not positive, or the spans are out of order.
    """
    if not (longest > 0 and pause > 0):
        raise InputError(f"longest={longest} and pause={pause}, expected seconds above 0", where="utterances")
    for before, after in pairwise(spans):
        if after.start < before.end:
            raise InputError(
                f"speech from {after.start:g} s overlaps or precedes speech until {before.end:g} s",
                where="utterances",
            )
    groups: list[list[Span]] = []
    for span in spans:
        if groups and span.start - groups[-1][-1].end < pause:
            groups[-1].append(span)
        else:
            groups.append([span])
    utterances = []
    # A stack, not recursion: an hour of speech with short pauses is one group of thousands of spans.
    waiting = groups[::-1]
    while waiting:
        group = waiting.pop()
        if len(group) == 1 or group[-1].end - group[0].start <= longest:
            utterances.append(Span(group[0].start, group[-1].end))
            continue
        at = _longest_pause(group)
        waiting += [group[at:], group[:at]]
    return utterances


def _longest_pause(group: Sequence[Span]) -> int:
    """Place of the span after it; of pauses equal to the millisecond, the one nearest the middle."""
    middle = (group[0].start + group[-1].end) / 2
    pauses = [
        (round(after.start - before.end, 3), -abs(middle - (before.end + after.start) / 2))
        for before, after in pairwise(group)
    ]
    return pauses.index(max(pauses)) + 1
