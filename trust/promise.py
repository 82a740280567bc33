"""What a check of a promise is given, and what it has to say afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Effort:
    """How hard a check tries.

    Attributes:
        work: an empty folder of its own.
        share: of the cases and seconds that the whole of it takes.
        seed: of everything drawn.
    """

    work: Path
    share: float = 1.0
    seed: int = 0

    def cases(self, whole: int, at_least: int = 1) -> int:
        """How many of the `whole` cases to try."""
        return max(at_least, round(self.share * whole))

    def until(self, whole: float) -> Iterator[float]:
        """Seconds gone by, again and again, until the share of `whole` seconds is over."""
        start = time.monotonic()
        while (gone := time.monotonic() - start) < self.share * whole:
            yield gone


@dataclass
class Outcome:
    """What came of a check.

    Attributes:
        tried: cases.
        survived: faults among them that were met as promised; equals `tried` where every case is a fault.
        lost: one line for each case in which the promise was broken.
        said: further figures, in words.
        skipped: why nothing could be tried here, or empty.
    """

    tried: int = 0
    survived: int = 0
    lost: list[str] = field(default_factory=list)
    said: str = ""
    skipped: str = ""

    def met(self) -> None:
        """Count a case that went as promised."""
        self.tried += 1
        self.survived += 1

    def broken(self, how: str) -> None:
        """Count a case that did not."""
        self.tried += 1
        self.lost.append(how)
