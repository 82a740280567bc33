"""How many live conversations there are, and the threads that answer them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TypeVar

Found = TypeVar("Found")

THREADS = 2
"""Turns that are answered at once; the others wait. A network takes all cores there are for each of them."""


class OpenSessions:
    """Counts live conversations; read by the service's metrics."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._open: Counter[str] = Counter()

    @property
    def count(self) -> int:
        """Live conversations that are open now, in this process."""
        return self._open.total()

    @contextmanager
    def one_more(self, most: int, project: str) -> Iterator[bool]:
        """Count one while the block lasts; False, and not counted, where there are `most` already.

        A project may have three quarters of them, so that others find room.
        """
        with self._lock:
            taken = self._open.total() < most and self._open[project] < most - most // 4
            self._open[project] += taken
        try:
            yield taken
        finally:
            with self._lock:
                self._open[project] -= taken
                self._open += Counter()  # forgets those that are at 0


open_sessions = OpenSessions()
"""Of this process, whatever number of applications it serves."""


class Threads:
    """Runs work apart from the event loop, at most `THREADS` at a time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="live")

    async def run(self, work: Callable[..., Found], *arguments: object) -> Found:
        """The outcome of some work."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
