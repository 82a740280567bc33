"""How many streams of progress may be open, and that they end when the service does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from threading import Lock

MOST = 200
"""Open streams of all together: each asks the database twice a second."""

MOST_OF_ONE = 50
"""Open streams of one token."""


class Streams:
    """The streams that are open.

    Args:
        tell: is told their number at every change.
    """

    def __init__(self, tell: Callable[[float], None] = lambda open: None) -> None:
        self._lock = Lock()
        self._open: Counter[str | None] = Counter()
        self._tell = tell
        self.closing = False

    @property
    def open(self) -> int:
        """How many."""
        return self._open.total()

    def take(self, whose: str | None) -> bool:
        """Open one more for a token; False where there are too many."""
        with self._lock:
            if self._open.total() >= MOST or self._open[whose] >= MOST_OF_ONE:
                return False
            self._open[whose] += 1
            self._tell(self._open.total())
            return True

    def give_back(self, whose: str | None) -> None:
        """Close one."""
        with self._lock:
            self._open[whose] -= 1
            self._open += Counter()  # forgets those that are at 0
            self._tell(self._open.total())

    def close(self) -> None:
        """Let all of them end soon: a server that stops waits for them."""
        self.closing = True
