"""Turns with times, as the formats need them that are laid out along a clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from crossgate.errors import InputError
from crossgate.report.result import Result, Turn


class Timed(NamedTuple):
    """A turn and when it was, in whole milliseconds from the start of the recording."""

    start: int
    end: int
    turn: Turn


def is_timed(result: Result) -> bool:
    """Whether every turn has times."""
    return all(turn.start is not None and turn.end is not None for turn in result.utterances)


def refuse_untimed(result: Result) -> None:
    """Raises InputError where a turn has no times."""
    if not is_timed(result):
        raise InputError(
            "the turns have no times: csv, parquet, json, html and png are possible",
            where=result.media.name,
            fix="leave the other formats out, or give a transcript with times",
        )


def by_time(result: Result) -> list[Timed]:
    """The turns by their starts, each at least a millisecond long: captions and tiers know no shorter ones.

    Raises InputError where a turn has no times.
    """
    refuse_untimed(result)
    timed = []
    for turn in result.utterances:
        assert turn.start is not None  # refused above
        assert turn.end is not None
        start = round(1000 * turn.start)
        timed.append(Timed(start, max(round(1000 * turn.end), start + 1), turn))
    return sorted(timed, key=lambda one: one.start)


def length(result: Result) -> int:
    """Milliseconds of the recording: until the end of the file or of the last turn, 1 at least."""
    duration = result.media.duration or 0.0
    return max(round(1000 * duration), *(one.end for one in by_time(result)), 1)


def without_overlaps(turns: Iterable[Timed]) -> list[list[Timed]]:
    """The turns on as few tiers as they need for none to overlap another; order and times stay.

    Args:
        turns: of one speaker, by their starts.
    """
    tiers: list[list[Timed]] = []
    for one in turns:
        free = next((tier for tier in tiers if tier[-1].end <= one.start), None)
        if free is None:
            tiers.append([one])
        else:
            free.append(one)
    return tiers


class Tier(NamedTuple):
    """Turns of one speaker that do not overlap.

    Attributes:
        name: the speaker's; `Ann (2)`, ... where his turns overlap and need more tiers. Unique.
        emotions: name of the tier with the emotions, `Ann emotion`. Unique too.
        speaker: as in the turns.
        turns: by their starts.
    """

    name: str
    emotions: str
    speaker: str
    turns: list[Timed]


def tiers(result: Result) -> Iterator[Tier]:
    """The tiers of every speaker, in the order of their first turns, their names safe in any text file.

    Raises InputError where a turn has no times.
    """
    taken: set[str] = set()
    timed = by_time(result)
    for speaker in result.speakers:
        own = without_overlaps(one for one in timed if one.turn.speaker == speaker.name)
        for number, turns in enumerate(own, start=1):
            wanted = plain(speaker.name) or "speaker"
            wanted = wanted if number == 1 else f"{wanted} ({number})"
            name = unique(wanted, taken)
            yield Tier(name, unique(f"{name} emotion", taken), speaker.name, turns)


def unique(name: str, taken: set[str], mark: str = " #") -> str:
    """The name, with ` #2`, ... (after the `mark`) where it is taken already; then it is taken too."""
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}{mark}{number}"
    taken.add(found)
    return found


def plain(text: str | None) -> str:
    """A text in one line without control characters: white space, line breaks too, is one space each time."""
    return " ".join("".join(c for c in text or "" if is_written(c)).split())


def is_written(character: str) -> bool:
    """Whether XML 1.0 may hold the character (section 2.2, `Char`); other formats have no use for it."""
    code = ord(character)
    return code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


NOT_MEASURED = "not measured"
"""In the place of an emotion where nothing of a turn could be measured."""


def label(turn: Turn) -> str:
    """The emotion, with a `?` where the model does not commit itself; `not measured` where it had nothing."""
    if not turn.measured:
        return NOT_MEASURED
    return f"{turn.emotion}?" if turn.abstained else turn.emotion
