"""RTTM -> who speaks when, without words.

NIST, "The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan", appendix A: fields type,
file, channel, start, duration, orthography, subtype, speaker, confidence.
"""

from __future__ import annotations

import math

from crossgate.errors import InputError
from crossgate.media.transcripts.found import Found, Notes, shown
from crossgate.media.transcripts.times import seconds_of_number

ABSENT = "<NA>"


def read(text: str, where: str, notes: Notes) -> list[Found]:
    """The turns of an RTTM file.

    Raises:
        InputError: where a SPEAKER line is not as it should be, or the lines belong to several recordings.
    """
    found: list[Found] = []
    recordings: dict[str, int] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        fields = line.split()
        if not fields or line.lstrip().startswith(";;"):
            continue
        if fields[0] != "SPEAKER":
            notes.add("lines of other types than SPEAKER were left out", f"line {number}")
            continue
        place = f"line {number}"
        found.append(_turn(fields, place, f"{where}, {place}"))
        recordings.setdefault(fields[1], number)
    if len(recordings) > 1:
        first, second = list(recordings)[:2]
        raise InputError(
            f"holds turns of several recordings: {shown(first)} and {shown(second)}",
            where=f"{where}, line {recordings[second]}",
            fix="keep the lines of the one that is meant",
        )
    return found


def _turn(fields: list[str], place: str, where: str) -> Found:
    if len(fields) < 8:
        raise InputError(
            f"a SPEAKER line has at least 8 fields, this one {len(fields)}",
            where=where,
            fix="write SPEAKER <file> 1 <start> <duration> <NA> <NA> <speaker> <NA> <NA>",
        )
    try:
        start, duration = (seconds_of_number(field) for field in fields[3:5])
    except ValueError as error:
        raise InputError(str(error), where=where, fix="correct the time") from error
    end = start + duration
    if not math.isfinite(end):
        raise InputError(f"the times {fields[3]} and {fields[4]} are not finite seconds", where=where)
    return Found(place, start, end, None if fields[7] == ABSENT else fields[7])
