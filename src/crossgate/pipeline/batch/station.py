"""One worker process with somebody who watches over it, and puts another in its place where it must."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import Any, Protocol

from crossgate.errors import CrossgateError, InputError
from crossgate.pipeline.batch.manifest import Entry
from crossgate.pipeline.batch.settings import Limits
from crossgate.pipeline.batch.worker import MEMORY, Job, Maker, work
from crossgate.pipeline.processes.child import Child, EndedError, how_it_ended
from crossgate.pipeline.processes.scratch import LockedFolder

CRASHED, HUNG, TOO_LONG, STOPPED = "crashed", "hung", "too long", "stopped"
"""Causes of failures: its process ended; it made no progress; the clock ran out; it was told to leave it."""

GLANCE = 0.2
"""Seconds between two looks at a worker."""

LOADING = 900.0
"""Seconds a model has to be loaded; one of a hub is fetched first."""

STARTS = 3
"""Workers in a row that may end before their model is loaded."""


@dataclass(frozen=True)
class Attempt:
    """How an attempt ended.

    Attributes:
        job: which it was.
        entry: for the manifest.
        again: whether another one may end better.
    """

    job: Job
    entry: Entry
    again: bool = False


class Worker(Protocol):
    """Does jobs one after another, in a thread that is its own."""

    def do(self, job: Job) -> Attempt:
        """An attempt to its end, whatever that is. Raises CrossgateError where no job can be done."""
        ...

    def stop(self) -> None:
        """Leave what is at hand, at once; another thread may call."""
        ...

    def close(self) -> None:
        """End, idle as it is."""
        ...


class Station:
    """A `Worker` on this machine.

    Nothing that befalls the worker process befalls this one.

    Args:
        make: loads the model, in the worker process.
        limits: of one attempt.
    """

    def __init__(self, make: Maker, limits: Limits) -> None:
        self._make, self._limits = make, limits
        self._home = LockedFolder()
        self._stopping = threading.Event()
        self._child: Child | None = None
        self._bad_starts = 0

    def do(self, job: Job) -> Attempt:
        """See `Worker`. Raises InputError where there is no model to load."""
        scratch = tempfile.mkdtemp(dir=self._home.path)
        began = time.monotonic()
        try:
            child = self._child or self._begin()
            began = time.monotonic()
            child.send_bytes(json.dumps({"scratch": scratch, "job": job.to_json()}).encode())
            answer = self._watched(child, began)
        except EndedError as error:
            self._child = None
            answer = _failure(*_of_end(error.exit_code))
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
        return of_answer(job, answer, time.monotonic() - began)

    def stop(self) -> None:
        """See `Worker`; its process is gone after a moment."""
        self._stopping.set()

    def close(self) -> None:
        """See `Worker`."""
        if self._child is not None:
            self._child.end()
            self._child = None
        self._home.remove()

    def _begin(self) -> Child:
        """A process with its model. Raises EndedError where it died meanwhile."""
        child = Child(work, (self._make,), "crossgate-batch")
        began = time.monotonic()
        try:
            while time.monotonic() - began < LOADING and not self._stopping.is_set():
                answer = child.answer(GLANCE)
                if answer is not None and answer["answer"] == "ready":
                    self._child, self._bad_starts = child, 0
                    return child
                if answer is not None:
                    child.kill()
                    raise InputError(answer["what"], where=answer["where"], fix=answer["fix"])
        except EndedError as error:
            self._bad_starts += 1
            if self._bad_starts >= STARTS:
                raise CrossgateError(
                    f"{STARTS} workers in a row ended while they loaded the model "
                    f"({how_it_ended(error.exit_code)})",
                    where=f"machine {socket.gethostname()}",
                    fix="with fewer --workers less memory is needed",
                ) from None
            raise
        child.kill()
        raise EndedError(None)

    def _watched(self, child: Child, began: float) -> dict[str, Any]:
        """What comes of the job; the process is killed where it goes past a limit."""
        heard, limits = began, self._limits
        while True:
            answer = child.answer(GLANCE)
            moment = time.monotonic()
            if answer is not None:
                heard = moment
                if answer["answer"] == "ended":
                    if answer.get("cause") == MEMORY:
                        self._drop(child)
                    return answer
            if self._stopping.is_set():
                failure = (STOPPED, "the batch was stopped", True)
            elif limits.minutes and moment - began > 60 * limits.minutes:
                failure = (TOO_LONG, f"it was not done after {limits.minutes:g} minutes", True)
            elif limits.silent_minutes and moment - heard > 60 * limits.silent_minutes:
                failure = (HUNG, f"it made no progress for {limits.silent_minutes:g} minutes", True)
            elif limits.megabytes and child.bytes_in_memory() > 1e6 * limits.megabytes:
                failure = (MEMORY, f"it took more than {limits.megabytes:g} MB", True)
            else:
                continue
            self._drop(child)
            return _failure(*failure)

    def _drop(self, child: Child) -> None:
        child.kill()
        self._child = None


def of_answer(job: Job, answer: dict[str, Any], seconds: float) -> Attempt:
    """What a worker said of an attempt, in the words of `worker.attempt`."""
    if answer["entry"]:
        return Attempt(job, Entry.from_json(answer["entry"]))
    return failed(job, answer["cause"], answer["message"], seconds, again=answer["again"])


def failed(job: Job, cause: str, message: str, seconds: float = 0.0, *, again: bool = False) -> Attempt:
    """An attempt that came to nothing."""
    entry = Entry.of(
        job.recording,
        job.written.settings,
        "failed",
        attempts=job.attempt,
        seconds=round(seconds, 3),
        cause=cause,
        message=message,
        machine=socket.gethostname(),
    )
    return Attempt(job, entry, again)


def _failure(cause: str, message: str, again: bool) -> dict[str, Any]:
    return {"entry": None, "cause": cause, "message": message, "again": again}


def _of_end(exit_code: int | None) -> tuple[str, str, bool]:
    how = how_it_ended(exit_code)
    words = ", most likely for want of memory" if how == "SIGKILL" else ""
    return CRASHED, f"the process that analysed it ended in the middle of it ({how}{words})", True
