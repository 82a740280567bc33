"""Cases made of valid files: a little damage, the tokens of other files, numbers and lengths beyond all bounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random

LARGEST = 1 << 16
"""Bytes of a case."""

NUMBERS = (
    *(b"0 -1 1 2 65536 2147483647 2147483648 -2147483649 4294967296 9223372036854775808 1e308 1e999".split()),
    *(
        b"-0 -0.0 1e-320 0.1 NaN Infinity -Infinity nan inf 0x10 1_000 1,5 .5 5. +3 00 1e400 " + b"9" * 5000
    ).split(),
)
TEXTS = (
    b"", b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\r", b"\r\n", b"\n\n", b"\t",
    b'"', b"'", b"\\", b"\\ud800", b"\\u0000", b"<", b">", b"&", b"&#0;", b"-->", b"{", b"}", b"[", b"]", b":", b",",
    b";", b"\xe2\x80\xa8", b"\xf0\x9f\x98\x80", b"null", b"true", b"[]", b"{}", b'""', b"../../x", b"/etc/passwd",
    b"file:///etc/passwd", b"!!python/object/apply:os.system [true]", b"&a [*a]", b"<<: *a", b"%s%n", b"${HOME}",
    b"A" * 300, b"[" * 2000, b"{\"a\":" * 1200, b"(" * 500, b"<a>" * 200,
)  # fmt: skip

_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_TOKEN = re.compile(rb"\w+|\s+|[^\w\s]")


class Mutator:
    """Makes cases, the same for the same seed.

    Args:
        seeds: valid files.
        words: what the format knows besides.
        random: what is drawn from.
    """

    def __init__(self, seeds: Sequence[bytes], words: Sequence[bytes], random: Random) -> None:
        self.seeds, self.random = list(seeds), random
        self.words = [
            *words,
            *dict.fromkeys(token for seed in seeds for token in _TOKEN.findall(seed[:4000])),
        ]
        self._ways: list[Callable[[bytes], bytes]] = [
            *(self._flip, self._insert, self._delete, self._repeat, self._number, self._token, self._token),
            *(self._line, self._splice, self._cut, self._text, self._text, self._end),
        ]

    def case(self) -> bytes:
        """A seed with one to eight changes."""
        made = self.random.choice(self.seeds)
        for _ in range(min(8, 1 + int(self.random.expovariate(0.7)))):
            made = self.change(made)
        return made

    def change(self, made: bytes) -> bytes:
        """One change."""
        return self.random.choice(self._ways)(made)[:LARGEST]

    def _slice(self, made: bytes, longest: int) -> tuple[int, int]:
        start = self.random.randint(0, len(made))
        return start, min(len(made), start + self.random.randint(0, longest))

    def _flip(self, made: bytes) -> bytes:
        changed = bytearray(made)
        for _ in range(self.random.choice((1, 1, 2, 8))):
            if changed:
                place = self.random.randrange(len(changed))
                how = self.random.random()
                changed[place] = (
                    changed[place] ^ (1 << self.random.randrange(8)) if how < 0.5 else self._byte()
                )
        return bytes(changed)

    def _byte(self) -> int:
        return self.random.choice((0, 1, 0x7F, 0x80, 0xFF, self.random.randrange(256)))

    def _insert(self, made: bytes) -> bytes:
        start, _ = self._slice(made, 0)
        return made[:start] + bytes(self._byte() for _ in range(self.random.randint(1, 8))) + made[start:]

    def _delete(self, made: bytes) -> bytes:
        start, end = self._slice(made, self.random.choice((1, 4, 40)))
        return made[:start] + made[end:]

    def _repeat(self, made: bytes) -> bytes:
        start, end = self._slice(made, self.random.choice((1, 4, 40, 400)))
        return made[:end] + made[start:end] * self.random.choice((1, 1, 2, 30, 300)) + made[end:]

    def _number(self, made: bytes) -> bytes:
        found = [match.span() for match in _NUMBER.finditer(made)]
        if not found:
            return self._text(made)
        start, end = self.random.choice(found)
        return made[:start] + self.random.choice(NUMBERS) + made[end:]

    def _token(self, made: bytes) -> bytes:
        """Another word of the format in the place of one that is there."""
        found = [match.span() for match in _TOKEN.finditer(made)]
        if not found or not self.words:
            return self._insert(made)
        start, end = self.random.choice(found)
        return made[:start] + self.random.choice(self.words) + made[end:]

    def _text(self, made: bytes) -> bytes:
        start, end = self._slice(made, self.random.choice((0, 0, 3)))
        return made[:start] + self.random.choice(TEXTS) + made[end:]

    def _line(self, made: bytes) -> bytes:
        """Lines left out, twice, or in another order."""
        lines = made.split(b"\n")
        at, to = self.random.randrange(len(lines)), self.random.randrange(len(lines))
        line = lines.pop(at) if self.random.random() < 0.6 else lines[at]
        if self.random.random() < 0.7:
            lines.insert(to, line)
        return b"\n".join(lines)

    def _splice(self, made: bytes) -> bytes:
        other = self.random.choice(self.seeds)
        return made[: self.random.randint(0, len(made))] + other[self.random.randint(0, len(other)) :]

    def _cut(self, made: bytes) -> bytes:
        return made[: self.random.randint(0, len(made))]

    def _end(self, made: bytes) -> bytes:
        """The same text as other programs would save it."""
        text = made.decode("utf-8", "replace")
        way = self.random.randrange(6)
        if way == 0:
            return made.replace(b"\n", b"\r\n")
        if way < 4:
            return text.encode(("utf-16", "utf-8-sig", "utf-32")[way - 1])
        return text.encode("cp1252", "replace") if way == 4 else made + made
