"""SubRip (`.srt`) -> cues -> segments."""

from __future__ import annotations

from crossgate.errors import InputError
from crossgate.media.transcripts.formats.cues import Cue, Line, blocks, cues_of, has_times
from crossgate.media.transcripts.formats.voices import segments_of
from crossgate.media.transcripts.found import Found, Notes


def read(text: str, where: str, notes: Notes) -> list[Found]:
    """The segments of a SubRip file. Raises InputError where a line of times is wrong or text has no cue."""
    cues: list[Cue] = []
    number: Line | None = None  # a cue's number that an empty line parts from its times
    for block in blocks(text):
        if not has_times(block, where):
            if number is not None:
                _join([number], cues, where, notes)
            number = block[0] if len(block) == 1 and block[0][1].strip().isdecimal() else None
            if number is None:
                _join(block, cues, where, notes)
            continue
        before, more = cues_of(block, where)
        if number is not None and more[0].id is None:
            more[0].id, number = number[1].strip(), None
        _join([*([number] if number else []), *before], cues, where, notes)
        number = None
        cues += more
    if number is not None:
        _join([number], cues, where, notes)
    return segments_of(cues, notes, every_tag=False)


def _join(lines: list[Line], cues: list[Cue], where: str, notes: Notes) -> None:
    """Text that stands after an empty line belongs to the cue before."""
    if not lines:
        return
    if not cues:
        raise InputError(
            "expected a cue's number and its times, such as 00:00:01,000 --> 00:00:02,500",
            where=f"{where}, line {lines[0][0]}",
            fix="remove what stands before the first cue, or name the file by its format",
        )
    if cues[-1].lines:
        notes.add("text after an empty line was joined to the cue before it", f"line {lines[0][0]}")
    cues[-1].lines += [line for _, line in lines]
