"""Two pieces of long work at a time, which both stop where one fails or the user interrupts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event, Lock
from typing import TypeVar

from crossgate.pipeline.steps import Step

Key = TypeVar("Key")
Done = TypeVar("Done")


class _StoppedError(Exception):
    """Other work has failed."""


def side_by_side(work: Mapping[Key, Callable[[Step], Done]], step: Step) -> dict[Key, Done]:
    """Do several things in threads of their own; what they return, by name.

    Args:
        work: each is given a step to call often: that is where it is stopped.
        step: is called by one thread at a time.

    Raises what any of them raises, when all have stopped; the first in the order of `work` where several do.
    """
    stop, lock = Event(), Lock()

    def told(words: str, share: float | None) -> None:
        with lock:
            if stop.is_set():
                raise _StoppedError
            step(words, share)

    with ThreadPoolExecutor(max_workers=max(1, len(work))) as threads:
        futures = {name: threads.submit(one, told) for name, one in work.items()}
        try:
            wait(futures.values(), return_when=FIRST_EXCEPTION)
        finally:  # also where the user interrupts the waiting
            stop.set()
    failed = [error for future in futures.values() if (error := future.exception()) is not None]
    for error in sorted(failed, key=lambda error: isinstance(error, _StoppedError)):
        raise error
    return {name: future.result() for name, future in futures.items()}
