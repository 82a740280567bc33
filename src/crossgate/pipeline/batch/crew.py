"""Workers side by side: each has a thread of its own here, and takes the next job as soon as it is free."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from crossgate.pipeline.batch.settings import Limits
from crossgate.pipeline.batch.station import Attempt, Station, Worker
from crossgate.pipeline.batch.worker import Job, Maker

PATIENCE = 15.0
"""Seconds that the workers have to end, all together."""


class Crew:
    """Takes jobs and gives back how they ended, in whatever order that is.

    Args:
        begin: makes a worker, in the worker's own thread.
        workers: how many, at least 1.
    """

    def __init__(self, begin: Callable[[], Worker], workers: int) -> None:
        self._begin = begin
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._ends: queue.SimpleQueue[Attempt | BaseException] = queue.SimpleQueue()
        self._workers: list[Worker] = []
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, name=f"worker {number}", daemon=True)
            for number in range(1, workers + 1)
        ]
        for thread in self._threads:
            thread.start()

    def give(self, job: Job) -> None:
        """Something to do."""
        self._jobs.put(job)

    def take(self) -> Attempt:
        """How the next one ended; waits for it. Raises what stops the whole batch."""
        end = self._ends.get()
        if isinstance(end, BaseException):
            raise end
        return end

    def end(self) -> None:
        """Let all workers end, idle as they are."""
        for _ in self._threads:
            self._jobs.put(None)
        self._join()

    def stop(self) -> None:
        """End all workers at once, whatever they are at."""
        self._stopping.set()
        for worker in self._workers:
            worker.stop()
        self.end()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join(PATIENCE / len(self._threads))

    def _work(self) -> None:
        try:
            worker = self._begin()
            self._workers.append(worker)
            try:
                while (job := self._jobs.get()) is not None and not self._stopping.is_set():
                    self._ends.put(worker.do(job))
            finally:
                worker.close()
        except BaseException as error:
            self._ends.put(error)


Engine = Callable[[Maker, Limits], AbstractContextManager[Crew]]
"""Begins the workers of a batch; nothing of them outlives its block."""


def local_engine(workers: int) -> Engine:
    """Processes of this machine."""

    @contextmanager
    def engine(make: Maker, limits: Limits) -> Iterator[Crew]:
        with crew(partial(Station, make, limits), workers) as begun:
            yield begun

    return engine


@contextmanager
def crew(begin: Callable[[], Worker], workers: int) -> Iterator[Crew]:
    """A crew for as long as the block lasts; an error, or an interrupt, ends it at once."""
    begun = Crew(begin, workers)
    try:
        yield begun
    except BaseException:
        begun.stop()
        raise
    begun.end()
