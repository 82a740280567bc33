"""Workers behind `concurrent.futures`: processes of this machine, or whatever an engine begins."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager

from crossgate.errors import CrossgateError
from crossgate.orphans import end_with_parent

Engine = Callable[[], AbstractContextManager[Executor]]
"""Begins what does the jobs. Left by an error, it ends them at once; nothing outlives its block."""


def worker_ended() -> CrossgateError:
    """What is said of a worker process that was killed."""
    return CrossgateError(
        "a worker process ended in the middle of its work (out of memory?)",
        fix="begin it again, with --resume where it trains: it goes on; fewer --workers need less memory",
    )


@contextmanager
def local_pool(workers: int) -> Iterator[Executor]:
    """Fresh processes, none of which outlives the block. Raises CrossgateError where one was killed."""
    # Fresh ones: torch's and OpenCV's threads do not survive a fork.
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        yield pool
    except BaseException as error:
        # What is at hand now is begun again by the next command: waiting for it could take an hour.
        for process in multiprocessing.active_children():
            process.terminate()
        pool.shutdown(cancel_futures=True)
        if isinstance(error, BrokenProcessPool):
            raise worker_ended() from error
        raise
    pool.shutdown()


def _begin() -> None:
    """Ready a worker: an interrupt is its parent's to handle, and without its parent it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
