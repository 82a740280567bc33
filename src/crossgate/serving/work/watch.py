"""Watches over a worker at its errands: the clock, silence, memory, and whether the work is still wanted."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.work import failures
from crossgate.serving.work.failures import FailedError, StoppedError
from crossgate.serving.work.lease import Lease
from crossgate.serving.work.progress import Progress
from crossgate.serving.work.worker.messages import Errand
from crossgate.serving.work.workers import EndedError, LostError, Worker

GLANCE = 0.2
"""Seconds between two looks at a worker."""

log = logging.getLogger(__name__)


class Watch:
    """Over one job.

    Args:
        worker: idle, and used for this job alone while it lasts; killed where the job is not done to its end.
        lease: told of the progress; says whether the work is still wanted.
        stopping: set where the service stops.
        settings: the limits.
        progress: of this job, fresh.
    """

    def __init__(
        self,
        worker: Worker,
        lease: Lease,
        stopping: threading.Event,
        settings: ServiceSettings,
        progress: Progress,
    ) -> None:
        self._worker, self._lease, self._stopping = worker, lease, stopping
        self._settings, self._progress = settings, progress
        self._begun = self._heard = time.monotonic()

    def ask(self, errand: Errand) -> dict[str, Any]:
        """What comes of an errand.

        Raises FailedError where it cannot be done or goes past a limit, StoppedError where it is to be left,
        LostError where its machine is gone.
        """
        try:
            self._worker.send(errand)
            self._heard = time.monotonic()
            looked = 0.0
            while True:
                if time.monotonic() - looked >= GLANCE:
                    self._look()
                    looked = time.monotonic()
                answer = self._worker.answer(GLANCE)
                if answer is None:
                    continue
                self._heard = time.monotonic()
                if answer["answer"] == "step":
                    self._tell(answer)
                else:
                    return self._end(answer)
        except LostError:
            raise
        except EndedError as error:
            raise FailedError(failures.crashed(error.exit_code)) from None
        except StoppedError:
            self._worker.kill()
            raise

    def _look(self) -> None:
        settings, moment = self._settings, time.monotonic()
        if self._stopping.is_set() or self._lease.lost.is_set():
            raise StoppedError
        if moment - self._begun > 60 * settings.job_minutes:
            self._give_up(failures.took_too_long(settings.job_minutes))
        if moment - self._heard > 60 * settings.silent_minutes:
            self._give_up(failures.hung(settings.silent_minutes))
        if self._worker.bytes_in_memory() > 1e6 * settings.job_megabytes:
            self._give_up(failures.took_too_much_memory(settings.job_megabytes))

    def _give_up(self, problem: failures.Problem) -> None:
        self._worker.kill()
        raise FailedError(problem)

    def _tell(self, answer: dict[str, Any]) -> None:
        words, share = str(answer.get("words")), answer.get("share")
        self._progress.tell(words, float(share) if isinstance(share, (int, float)) else None)
        self._lease.tell(self._progress.step, self._progress.share)

    def _end(self, answer: dict[str, Any]) -> dict[str, Any]:
        if answer["answer"] == "done" and isinstance(answer.get("outcome"), dict):
            outcome: dict[str, Any] = answer["outcome"]
            return outcome
        if answer["answer"] == "refused":
            raise FailedError(failures.refused(answer))
        log.error("recording %s: the analysis failed:\n%s", self._lease.id, answer.get("trace"))
        self._worker.kill()  # nobody knows what state it is in
        if answer.get("memory"):
            raise FailedError(failures.took_too_much_memory(self._settings.job_megabytes))
        raise FailedError(failures.unexpected())
