"""What a reader of one format hands over: segments with their places in the file, and notes for the user."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True)
class Found:
    """A segment as the file has it, before any check.

    Attributes:
        place: where it stands, in words: `line 12`, `tier Ann, interval 3`.
        start: seconds from the start of the recording, None where the file has none.
        end: seconds, None where the file has none.
        speaker: as the file names him.
        text: what was said, with the file's line breaks.
        id: the file's own.
    """

    place: str
    start: float | None
    end: float | None
    speaker: str | None = None
    text: str | None = None
    id: str | None = None


class Notes:
    """Notes for the user; those of one kind are folded to one, with their number and the first place."""

    def __init__(self) -> None:
        self._first: dict[str, str | None] = {}
        self._number: Counter[str] = Counter()

    def add(self, kind: str, place: str | None = None) -> None:
        """Note something that was mended or left out, and where."""
        self._first.setdefault(kind, place)
        self._number[kind] += 1

    def written(self) -> tuple[str, ...]:
        """One sentence a kind, in the order in which they were first met."""
        sentences = (_sentence(kind, place, self._number[kind]) for kind, place in self._first.items())
        # Names of the file stand in some; what would move a terminal's cursor is not printed.
        return tuple("".join(c if c.isprintable() else "?" for c in sentence) for sentence in sentences)


def _sentence(kind: str, first: str | None, number: int) -> str:
    if first is None:
        return kind if number == 1 else f"{kind} ({number} times)"
    return f"{kind} ({first})" if number == 1 else f"{kind} ({number} times, first at {first})"


def shown(value: object, longest: int = 40) -> str:
    """A value of the file, quoted and shortened for a message."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    text = value if isinstance(value, str) else str(value)
    return repr(text if len(text) <= longest else text[: longest - 3] + "...")
