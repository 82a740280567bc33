"""The rules that hold for a transcript of every format."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from crossgate.errors import InputError
from crossgate.media.transcripts.found import Found, Notes, shown
from crossgate.media.transcripts.segments import Segment, Transcript

SAME = 0.001
"""Seconds: what one speaker's segments may overlap unnoticed; formats round to a millisecond."""

# Control characters, halves of surrogate pairs and non-characters: no writer of text or XML takes them.
_NO_TEXT = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")

BY_SPEAKER = ("eaf", "textgrid", "rttm")
"""Formats that list one speaker after the other: that their times go back is no fault."""

_MIX_FIX = "give every segment a start and an end, or none of them"


def checked(found: Sequence[Found], format: str, source: str, notes: Notes) -> Transcript:
    """Clean and check what a reader found.

    White space is collapsed; segments without words are left out (those of RTTM, without a speaker);
    segments are sorted by start; ids that stand twice are replaced by running numbers. What is mended or
    left out is noted.

    Raises:
        InputError: where no segment is left, one ends before it starts, starts before 0, has a time that is
            no finite number, or only some have times.
    """
    kept = [one for one in (_clean(one, notes) for one in found) if _says_something(one, format, notes)]
    if not kept:
        raise InputError(
            "the transcript is empty", where=source, fix="give one with at least one segment of speech"
        )
    kept = _with_times(kept, source, notes)
    if kept[0].start is not None:
        kept = _in_order(kept, None if format in BY_SPEAKER else notes)
        _note_overlaps(kept, notes)
    segments = tuple(Segment(one.start, one.end, one.speaker, one.text, one.id) for one in kept)
    return Transcript(_with_own_ids(segments, notes), format, source, notes.written())


def _clean(one: Found, notes: Notes) -> Found:
    def words(text: str | None) -> str | None:
        if text is None:
            return None
        if _NO_TEXT.search(text):
            notes.add("characters that are no text were taken out", one.place)
        return " ".join(_NO_TEXT.sub(" ", text).split()) or None

    # Rounded to a microsecond; adding 0 makes 0 of -0.
    start, end = (None if time is None else round(time, 6) + 0.0 for time in (one.start, one.end))
    return Found(one.place, start, end, words(one.speaker), words(one.text), words(one.id))


def _says_something(one: Found, format: str, notes: Notes) -> bool:
    if format == "rttm":
        if one.speaker is None:
            notes.add("a turn without a speaker was left out", one.place)
        return one.speaker is not None
    if one.text is None:
        notes.add("a segment without words was left out", one.place)
    return one.text is not None


def _with_times(found: list[Found], source: str, notes: Notes) -> list[Found]:
    """All with checked times, or all without."""
    ends = sum(one.end is not None for one in found)
    starts = sum(one.start is not None for one in found)
    if starts + ends and not (starts and ends):
        known, unknown = ("starts", "ends") if starts else ("ends", "starts")
        notes.add(f"the transcript has {known} and no {unknown}: only the order of the segments is used")
        return [replace(one, start=None, end=None) for one in found]
    if not starts:
        return found
    for one in found:
        if one.start is None or one.end is None:
            missing = " and no ".join(name for name in ("start", "end") if getattr(one, name) is None)
            raise InputError(
                f"this segment has no {missing}, others have", where=f"{source}, {one.place}", fix=_MIX_FIX
            )
        _check_times(one.start, one.end, f"{source}, {one.place}")
    return found


def _check_times(start: float, end: float, where: str) -> None:
    if not (math.isfinite(start) and math.isfinite(end)):
        raise InputError(f"the times {start} to {end} are not finite seconds", where=where)
    if start < 0:
        raise InputError(
            f"the segment starts before the recording, at {start:g} s", where=where, fix="correct its start"
        )
    if end < start:
        raise InputError(
            f"the segment ends at {end:g} s, before its start at {start:g} s",
            where=where,
            fix="correct its times",
        )


def _in_order(found: list[Found], notes: Notes | None) -> list[Found]:
    latest = -1.0
    for one in found:
        assert one.start is not None
        if notes is not None and one.start < latest:
            notes.add("segments stood out of order and were sorted by their starts", one.place)
        latest = max(latest, one.start)
    return sorted(found, key=lambda one: one.start or 0.0)


def _note_overlaps(found: list[Found], notes: Notes) -> None:
    ends: dict[str, float] = {}
    for one in found:
        assert one.start is not None
        assert one.end is not None
        if one.start == one.end:
            notes.add("a segment has no length", one.place)
        if one.speaker is None:
            continue
        if one.start < ends.get(one.speaker, 0.0) - SAME:
            notes.add("a speaker's segment begins before his last one has ended", one.place)
        ends[one.speaker] = max(one.end, ends.get(one.speaker, 0.0))


def _with_own_ids(segments: tuple[Segment, ...], notes: Notes) -> tuple[Segment, ...]:
    seen: set[str] = set()
    for segment in segments:
        if segment.id is not None and segment.id in seen:
            notes.add(f"the id {shown(segment.id)} stands twice: all ids were replaced by running numbers")
            return tuple(replace(one, id=str(number)) for number, one in enumerate(segments, start=1))
        if segment.id is not None:
            seen.add(segment.id)
    return segments
