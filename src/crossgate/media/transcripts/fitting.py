"""A transcript fitted to its recording, and to a second file that knows the speakers."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import replace
from itertools import accumulate

from crossgate.errors import InputError
from crossgate.media.transcripts.found import Notes
from crossgate.media.transcripts.segments import Segment, Transcript
from crossgate.media.transcripts.times import spoken

SLACK = 0.5
"""Seconds that a segment may run past the end of the recording without a note: our choice."""


def place_in(transcript: Transcript, duration: float) -> Transcript:
    """Fit a transcript to a recording of `duration` seconds.

    Segments that start at the end or later are left out, those that run past it are cut, each with a note. A
    transcript without times is returned as it is.

    Raises:
        InputError: where more than half of the segments start after the end, or `duration` is no length.
    """
    if not (math.isfinite(duration) and duration > 0):
        raise InputError(f"the recording lasts {duration} s, expected more than 0", where=transcript.source)
    if not transcript.timed:
        return transcript
    notes = Notes()
    kept = []
    for segment in transcript.segments:
        start, end = _times(segment)
        at = spoken(start)
        if start >= duration:
            notes.add("a segment that starts after the end of the recording was left out", at)
        elif end > duration:
            if end > duration + SLACK:
                notes.add("a segment that runs past the end of the recording was cut there", at)
            kept.append(replace(segment, end=duration))
        else:
            kept.append(segment)
    if len(kept) * 2 < len(transcript.segments):
        last = max(_times(segment)[1] for segment in transcript.segments)
        raise InputError(
            f"the transcript runs to {spoken(last)}, the recording ends at {spoken(duration)}: "
            "is it another recording's?",
            where=transcript.source,
            fix="give the transcript of this recording, with times from its start",
        )
    return replace(transcript, segments=tuple(kept), notes=transcript.notes + notes.written())


def assign_speakers(transcript: Transcript, turns: Transcript) -> Transcript:
    """Words from one file, speakers from another.

    Each segment without a speaker gets the one whose turns overlap it longest, the first to speak where two
    do so equally long, and none where nobody speaks; both are noted. Speakers that the transcript names stay.

    Args:
        transcript: with times.
        turns: with times and speakers, for example of an RTTM file.

    Raises:
        InputError: where one of the two has no times, or `turns` no speaker.
    """
    for one in (transcript, turns):
        if not one.timed:
            raise InputError(
                "speakers can be assigned by times alone, and the file has none",
                where=one.source,
                fix="give a file with times",
            )
    # Turns by start, and the latest end up to each of them: both rise, so the ones in reach are a slice.
    named = sorted((*_times(turn), turn.speaker) for turn in turns.segments if turn.speaker is not None)
    if not named:
        raise InputError("the file names no speakers", where=turns.source)
    starts = [start for start, _, _ in named]
    latest = list(accumulate((end for _, end, _ in named), max))
    notes = Notes()
    segments = []
    for segment in transcript.segments:
        if segment.speaker is not None:
            notes.add("a segment keeps the speaker that the transcript names", spoken(_times(segment)[0]))
            segments.append(segment)
            continue
        start, end = _times(segment)
        seconds: dict[str, float] = {}
        for other_start, other_end, speaker in named[bisect_left(latest, start) : bisect_right(starts, end)]:
            overlap = min(end, other_end) - max(start, other_start)
            if overlap > 0:
                seconds[speaker] = seconds.get(speaker, 0.0) + overlap
        if not seconds:
            notes.add("no turn overlaps a segment: its speaker is unknown", spoken(start))
        segments.append(replace(segment, speaker=max(seconds, key=lambda name: seconds[name], default=None)))
    return replace(
        transcript, segments=tuple(segments), notes=transcript.notes + turns.notes + notes.written()
    )


def _times(segment: Segment) -> tuple[float, float]:
    assert segment.start is not None
    assert segment.end is not None
    return segment.start, segment.end
