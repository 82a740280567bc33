"""How many live conversations there are, and the threads that answer them."""

from __future__ import annotations

import asyncio
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
        self._count = 0

    @property
    def count(self) -> int:
        """Live conversations that are open now, in this process."""
        return self._count

    @contextmanager
    def one_more(self, most: int) -> Iterator[bool]:
        """Count one while the block lasts; False, and not counted, where there are `most` already."""
        with self._lock:
            taken = self._count < most
            self._count += taken
        try:
            yield taken
        finally:
            with self._lock:
                self._count -= taken


open_sessions = OpenSessions()
"""Of this process, whatever number of applications it serves."""


class Threads:
    """Runs work apart from the event loop, at most `THREADS` at a time."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="live")

    async def run(self, work: Callable[..., Found], *arguments: object) -> Found:
        """The outcome of some work."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
