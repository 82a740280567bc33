"""Jobs over an executor: what comes next is decided here, by whoever waits for what."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from crossgate.experiments.benchmark.runs import Job, Outcome, work
from crossgate.worker_pool import Engine, local_pool

Course = Generator[Sequence[Job], list[Outcome], None]
"""Gives jobs that may run side by side, is sent their outcomes in the same order, gives the next ones."""


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


def _local(workers: int) -> AbstractContextManager[Executor]:
    """This process, or several; none of them outlives the block."""
    return nullcontext(Inline()) if workers == 1 else local_pool(workers)
