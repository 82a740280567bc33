"""One thread with one worker: claims, watches over every job, replaces the worker where it must."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.tables import Recording
from crossgate.serving.work import failures
from crossgate.serving.work.failures import FailedError, StoppedError
from crossgate.serving.work.fetched import to_fetch
from crossgate.serving.work.job import do_job
from crossgate.serving.work.lease import LEASE, Lease
from crossgate.serving.work.patience import patiently
from crossgate.serving.work.progress import FETCHING, FETCHING_TRANSCRIPT, WRITING_DOWN, Progress
from crossgate.serving.work.watch import GLANCE, Watch
from crossgate.serving.work.worker.traces import trace_without_words
from crossgate.serving.work.workers import BeginWorker, EndedError, LostError, Worker

POLL = 0.5
"""Seconds between two looks for something to do."""

LOADING = 900.0
"""Seconds a model has to be loaded; one of a hub is fetched first."""

PAUSE = 5.0
"""Seconds to wait after trouble that is no recording's (store, database, model); twice as long each time."""

LONGEST_PAUSE = 60.0

log = logging.getLogger(__name__)


class Analyst:
    """Works in a thread of its own from `start` until `stop`."""

    def __init__(
        self, number: int, storage: Storage, settings: ServiceSettings, owner: str, begin: BeginWorker
    ) -> None:
        self._storage, self._settings = storage, settings
        self._owner, self._begin = owner, begin
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"analyst {number}", daemon=True)
        self._worker: Worker | None = None
        self._troubles = 0
        self.lease: Lease | None = None
        """The job at hand."""

    @property
    def ready(self) -> bool:
        """Whether a worker has its model, be it idle or at work."""
        worker = self._worker
        return worker is not None and worker.alive

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Leave the job at hand and end, soon."""
        self._stopping.set()

    def join(self, seconds: float) -> bool:
        """Wait for the end; whether it came."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._once()
                except Exception as error:
                    log.error("looking for work failed:\n%s", trace_without_words(error))
                    self._drop_worker()
                    self._pause()
        finally:
            if self._worker is not None:
                self._worker.end()
                self._worker = None

    def _once(self) -> None:
        if not self.ready and not self._begin_worker():
            return
        try:
            recording = claims.claim(self._storage.database, self._owner, LEASE)
        except SQLAlchemyError as error:  # no fault of the worker, which keeps its model
            log.warning("the database does not answer (%s)", type(error).__name__)
            self._stopping.wait(PAUSE)
            return
        if recording is None:
            self._stopping.wait(POLL)
            return
        with Lease(self._storage.database, recording.id, self._owner) as lease:
            self.lease = lease
            try:
                self._do(recording, lease)
            finally:
                self.lease = None

    def _do(self, recording: Recording, lease: Lease) -> None:
        """One job to its end: completed, failed, or given back."""
        id, database = recording.id, self._storage.database
        log.info("recording %s: begun", id)
        assert self._worker is not None  # `_once` sees to it
        progress = Progress(self._left_out(recording))
        watch = Watch(self._worker, lease, self._stopping, self._settings, progress)
        try:
            do_job(
                self._storage,
                self._settings,
                recording,
                self._owner,
                watch.ask,
                lambda keeping: patiently(keeping, lease, self._stopping),
            )
        except StoppedError:
            self._patiently(lambda: claims.release(database, id, self._owner), lease)
            log.info("recording %s: left", id)
        except FailedError as error:
            problem = error.problem
            self._patiently(lambda: claims.fail(database, id, self._owner, problem), lease)
            log.warning("recording %s: %s", id, error.problem["title"])
        except (OSError, SQLAlchemyError) as error:
            log.error("recording %s: store or database failed:\n%s", id, trace_without_words(error))
            self._try_again(recording, lease, failures.not_kept())
            self._pause()
        except LostError as error:
            log.warning("recording %s: its worker is lost: %s", id, error)
            self._try_again(recording, lease, failures.machine_lost(recording.attempts))
        except Exception as error:
            log.error("recording %s: failed:\n%s", id, trace_without_words(error))
            self._patiently(lambda: claims.fail(database, id, self._owner, failures.unexpected()), lease)
            self._drop_worker()
        else:
            self._troubles = 0
            log.info("recording %s: completed", id)
        worker = self._worker
        if worker is not None and 2 * worker.bytes_in_memory() > 1e6 * self._settings.job_megabytes:
            self._drop_worker()  # what it keeps would be held against the next job

    def _try_again(self, recording: Recording, lease: Lease, problem: failures.Problem) -> None:
        """What was not the recording's fault, as far as one can tell, is begun again, and not for ever."""
        database, id = self._storage.database, recording.id
        if recording.attempts < self._settings.attempts:
            self._patiently(lambda: claims.release(database, id, self._owner), lease)
        else:
            self._patiently(lambda: claims.fail(database, id, self._owner, problem), lease)

    def _patiently(self, ask: Callable[[], bool], lease: Lease) -> None:
        """End a claim; where the database does not answer in time, the claim ends with its lease."""
        try:
            patiently(ask, lease, self._stopping)
        except SQLAlchemyError as error:
            log.warning("recording %s: its claim is left to its lease (%s)", lease.id, type(error).__name__)

    def _left_out(self, recording: Recording) -> set[str]:
        """Steps that will surely not be taken."""
        out = set() if to_fetch(recording) else {FETCHING, FETCHING_TRANSCRIPT}
        if not self._settings.whisper:
            out.add(WRITING_DOWN)
        return out

    def _begin_worker(self) -> bool:
        """Whether there is a worker with its model; told in the log where not."""
        self._drop_worker()
        worker = self._begin()
        began = time.monotonic()
        reason = "it is not ready after so long"
        try:
            while not self._stopping.is_set() and time.monotonic() - began < LOADING:
                answer = worker.answer(GLANCE)
                if answer is None:
                    continue
                if answer["answer"] == "ready":
                    self._worker = worker
                    return True
                reason = _reason(answer)
                break
        except LostError as error:
            reason = str(error)
        except EndedError as error:
            reason = f"it ended: {failures.crashed(error.exit_code)['detail']}"
        worker.kill()
        if not self._stopping.is_set():
            log.error("the model cannot be loaded: %s", reason)
            self._pause()
        return False

    def _drop_worker(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.kill()

    def _pause(self) -> None:
        self._stopping.wait(min(LONGEST_PAUSE, PAUSE * 2**self._troubles))
        self._troubles = min(self._troubles + 1, 10)


def _reason(answer: dict[str, Any]) -> str:
    if answer["answer"] == "broken":
        return str(answer.get("trace"))
    return ": ".join(str(answer[part]) for part in ("where", "what", "fix") if answer.get(part))
