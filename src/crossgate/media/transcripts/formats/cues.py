"""Cues, which SubRip and WebVTT share: a number or name, a line of times, lines of text.

Written here, and not read by `webvtt-py`, since that leaves out cues it cannot read without a word, knows no
line numbers, and tells the first voice of a cue alone; the tests hold the two against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from crossgate.errors import InputError
from crossgate.media.transcripts.found import shown
from crossgate.media.transcripts.times import CLOCK, seconds_of_clock

_TIMES = re.compile(rf"\s*({CLOCK})\s*-->\s*({CLOCK})(?:\s.*)?")
# What was meant for a line of times, right or wrong: a digit at the beginning or after the arrow.
_MEANT = re.compile(r"\s*-?[0-9][0-9:.,\s]*-->|.*-->\s*-?[0-9]+:")

Line = tuple[int, str]
"""Number of the line, from 1, and its text."""


@dataclass
class Cue:
    """One cue.

    Attributes:
        line: number of the line of its times, from 1.
        start: seconds.
        end: seconds.
        id: number or name that stands above the times, or None.
        lines: its text, with tags.
    """

    line: int
    start: float
    end: float
    id: str | None = None
    lines: list[str] = field(default_factory=list)

    @property
    def place(self) -> str:
        """For messages."""
        return f"line {self.line}"


def blocks(text: str) -> Iterator[list[Line]]:
    """Runs of lines that are not empty."""
    block: list[Line] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            block.append((number, line))
        elif block:
            yield block
            block = []
    if block:
        yield block


def has_times(block: list[Line], where: str) -> bool:
    """Whether a block holds a line of times. Raises InputError where one was meant and is wrong."""
    there = False
    for number, line in block:
        if "-->" not in line:
            continue
        if _TIMES.fullmatch(line):
            there = True
        elif _MEANT.match(line):
            raise InputError(
                f"{shown(line.strip(), 60)} is not a line of times such as 00:00:01.000 --> 00:00:02.500",
                where=f"{where}, line {number}",
                fix="correct the times",
            )
    return there


def cues_of(block: list[Line], where: str) -> tuple[list[Line], list[Cue]]:
    """The cues of a block with times, several where the empty lines between them are missing.

    Returns what stands before the first cue's name or times, and the cues.
    """
    before: list[Line] = []
    cues: list[Cue] = []
    for number, line in block:
        match = _TIMES.fullmatch(line) if "-->" in line else None
        if match is None:
            before.append((number, line)) if not cues else cues[-1].lines.append(line)
            continue
        name: str | None = None
        if not cues and before:
            name = before.pop()[1].strip()
        elif cues and cues[-1].lines and re.fullmatch(r"\s*[0-9]{1,9}\s*", cues[-1].lines[-1]):
            # Without an empty line between, only a number is the next cue's name and not this one's text.
            name = cues[-1].lines.pop().strip()
        try:
            start, end = (seconds_of_clock(time) for time in match.groups())
        except ValueError as error:
            raise InputError(str(error), where=f"{where}, line {number}", fix="correct the times") from error
        cues.append(Cue(number, start, end, name))
    return before, cues
