"""Praat TextGrid, long and short -> segments: interval tiers are speakers.

By Praat's own rule ("TextGrid file formats" of its manual) only free-standing numbers, texts in double quotes
and flags such as `<exists>` count, in both layouts the same; words such as `xmin =` and `intervals [1]:` are
for the human reader, and `!` begins a comment. Read here, and not by `praatio`, since that drops the sign of
negative times and stops without a word where a short file is cut off; the tests read what it writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from crossgate.errors import InputError
from crossgate.media.transcripts.found import Found, Notes, shown

_TOKEN = re.compile(r'"((?:[^"]|"")*+)"|(")|![^\n]*|\S+')
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_FLAG = re.compile(r"<(?:exists|absent)>")


def read(text: str, where: str, notes: Notes) -> list[Found]:
    """The intervals with a text, tier by tier. Raises InputError where the file is no TextGrid or cut off."""
    tokens = _Tokens(text, where)
    if not tokens.text("the file type").startswith("ooTextFile") or tokens.text("the class") != "TextGrid":
        raise InputError("not a Praat TextGrid", where=where, fix="save it from Praat as a text file")
    tokens.number("the start of the file")
    tokens.number("the end of the file")
    if tokens.flag() == "<absent>":
        return []
    found: list[Found] = []
    for number in range(1, tokens.count("the number of tiers") + 1):
        kind, name = tokens.text(f"the class of tier {number}"), tokens.text(f"the name of tier {number}")
        tier = f"tier {shown(name)}"
        tokens.number(f"the start of {tier}")
        tokens.number(f"the end of {tier}")
        size = tokens.count(f"the size of {tier}")
        if kind == "IntervalTier":
            found += _intervals(tokens, tier, name, size)
        elif kind == "TextTier":
            for _ in range(size):
                tokens.number(f"a point of {tier}")
                tokens.text(f"a point of {tier}")
            notes.add("point tiers were left out", tier)
        else:
            raise InputError(f"{tier} is a {shown(kind)}, expected IntervalTier or TextTier", where=where)
    return found


def _intervals(tokens: _Tokens, tier: str, name: str, size: int) -> Iterator[Found]:
    for number in range(1, size + 1):
        place = f"{tier}, interval {number}"
        start, end, words = tokens.number(place), tokens.number(place), tokens.text(place)
        if words.strip():  # an empty interval is a pause
            yield Found(place, start, end, name, words)


class _Tokens:
    """The numbers, texts and flags of a file, one after the other."""

    def __init__(self, text: str, where: str) -> None:
        self._text = text
        self._where = where
        self._matches = _TOKEN.finditer(text)

    def text(self, what: str) -> str:
        """The next text, its doubled quotes made single."""
        match = self._next(what)
        if match[1] is None:
            raise self._error(f"expected {what}, a text in double quotes; found {shown(match[0])}", match)
        return match[1].replace('""', '"')

    def number(self, what: str) -> float:
        """The next number."""
        match = self._next(what)
        if match[1] is not None or not _NUMBER.fullmatch(match[0]):
            raise self._error(f"expected {what}, a number; found {shown(match[0])}", match)
        return float(match[0])

    def count(self, what: str) -> int:
        """The next number, a whole one."""
        number = self.number(what)
        if not (0 <= number <= len(self._text) and number == int(number)):
            raise InputError(f"{what} is {number:g}", where=self._where)
        return int(number)

    def flag(self) -> str:
        """The next flag: whether there are tiers."""
        match = self._next("whether there are tiers")
        if not _FLAG.fullmatch(match[0]):
            raise self._error(f"expected <exists>, found {shown(match[0])}", match)
        return match[0]

    def _next(self, what: str) -> re.Match[str]:
        for match in self._matches:
            if match[2] is not None:
                raise self._error("a text begins here and does not end", match)
            if match[1] is not None or _NUMBER.fullmatch(match[0]) or _FLAG.fullmatch(match[0]):
                return match
        raise InputError(
            f"the file ends where {what} was expected",
            where=self._where,
            fix="save the file again; this one is cut off",
        )

    def _error(self, what: str, match: re.Match[str]) -> InputError:
        line = self._text.count("\n", 0, match.start()) + 1
        return InputError(what, where=f"{self._where}, line {line}")
