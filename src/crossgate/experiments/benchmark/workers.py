"""Jobs over an executor: what comes next is decided here, by whoever waits for what."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from crossgate.errors import CrossgateError
from crossgate.experiments.benchmark.runs import Job, Outcome, work
from crossgate.locking import end_with_parent

Course = Generator[Sequence[Job], list[Outcome], None]
"""Gives jobs that may run side by side, is sent their outcomes in the same order, gives the next ones."""


Engine = Callable[[], AbstractContextManager[Executor]]
"""Begins what does the jobs. Left by an error, it ends them at once; nothing outlives its block."""


def worker_ended() -> CrossgateError:
    """What is said of a worker process that was killed."""
    return CrossgateError(
        "a worker process ended in the middle of its work (out of memory?)",
        fix="the same command goes on; with fewer --workers it needs less memory",
    )


class Inline(Executor):
    """An executor that works at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Do the work and return its finished future; an error is raised here."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def drive(
    courses: Sequence[Course], workers: int, told: Callable[[Outcome], None], engine: Engine | None = None
) -> None:
    """Run courses to their end, up to `workers` jobs at a time; `told` hears of every outcome as it comes.

    Without an `engine` one worker is this process, and more are local processes.

    Raises the first error of a job, and CrossgateError where a worker process was killed.
    """
    ready: deque[tuple[int, int, Job]] = deque()
    waiting: dict[Future[Outcome], tuple[int, int]] = {}
    results: list[list[Outcome | None]] = [[] for _ in courses]

    def go_on(number: int, sent: list[Outcome] | None) -> None:
        """Fetch a course's next jobs; one that has none to give at the moment is asked again."""
        jobs: Sequence[Job] = ()
        while not jobs:
            try:
                jobs = next(courses[number]) if sent is None else courses[number].send(sent)
            except StopIteration:
                return
            sent = []
        results[number] = [None] * len(jobs)
        ready.extend((number, place, job) for place, job in enumerate(jobs))

    for number in range(len(courses)):
        go_on(number, None)
    with engine() if engine else _local(workers) as executor:
        while ready or waiting:
            while ready and len(waiting) < workers:
                number, place, job = ready.popleft()
                waiting[executor.submit(work, job)] = (number, place)
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                number, place = waiting.pop(future)
                outcome = future.result()
                told(outcome)
                results[number][place] = outcome
                done = [one for one in results[number] if one is not None]
                if len(done) == len(results[number]):
                    go_on(number, done)


@contextmanager
def _local(workers: int) -> Iterator[Executor]:
    """This process, or several; none of them outlives the block."""
    if workers == 1:
        yield Inline()
        return
    pool = ProcessPoolExecutor(workers, multiprocessing.get_context("spawn"), initializer=_begin)
    try:
        yield pool
    except BaseException as error:
        # What is trained now is thrown away back to its last epoch: waiting for it could take an hour.
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
