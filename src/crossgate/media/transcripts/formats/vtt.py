"""WebVTT (`.vtt`) -> cues -> segments, with the voices as speakers.

W3C, "WebVTT: The Web Video Text Tracks Format", https://www.w3.org/TR/webvtt1/.
"""

from __future__ import annotations

import re

from crossgate.errors import InputError
from crossgate.media.transcripts.formats.cues import Cue, blocks, cues_of, has_times
from crossgate.media.transcripts.formats.voices import segments_of
from crossgate.media.transcripts.found import Found, Notes

_NO_CUE = re.compile(r"(?:NOTE|STYLE|REGION)(?:\s|$)")


def read(text: str, where: str, notes: Notes) -> list[Found]:
    """The segments of a WebVTT file. Raises InputError where the header is missing or times are wrong."""
    if not re.match(r"\s*WEBVTT(?:\s|\Z)", text):
        raise InputError(
            "a WebVTT file begins with the line WEBVTT",
            where=f"{where}, line 1",
            fix="add the line, or name the file by its format",
        )
    cues: list[Cue] = []
    for number, block in enumerate(blocks(text)):
        if number == 0:
            block = _below_the_header(block, notes)
        elif _NO_CUE.match(block[0][1]) and not any("-->" in line for _, line in block):
            continue
        if not has_times(block, where):
            stray = block
        else:
            stray, more = cues_of(block, where)
            if number == 0 and more[0].id is not None and ":" in more[0].id:
                more[0].id = None  # a line of the header, such as `Kind: captions`
            cues += more
        if stray and number and not _NO_CUE.match(stray[0][1]):
            notes.add("lines that belong to no cue were left out", f"line {stray[0][0]}")
    return segments_of(cues, notes, every_tag=True)


def _below_the_header(block: list[tuple[int, str]], notes: Notes) -> list[tuple[int, str]]:
    for line, text in block:
        if text.startswith("X-TIMESTAMP-MAP"):
            notes.add("the shift X-TIMESTAMP-MAP of a broadcast is not applied to the times", f"line {line}")
    return block[1:]
