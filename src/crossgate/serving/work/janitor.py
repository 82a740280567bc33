"""What nobody waits for: recordings past their time, deletions left half way, claims of the dead."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims, deletion
from crossgate.serving.storage.opened import Storage
from crossgate.serving.work import failures
from crossgate.serving.work.lease import Lease
from crossgate.serving.work.worker.traces import trace_without_words

PERIOD = 10.0
"""Seconds between two rounds."""

log = logging.getLogger(__name__)


class Janitor:
    """Goes his rounds.

    Args:
        storage: what he looks after.
        settings: how long recordings are kept, how often analyses are begun again.
        leases: those of this process.
        cancel: stops the work on a recording.
    """

    def __init__(
        self,
        storage: Storage,
        settings: ServiceSettings,
        leases: Callable[[], Iterable[Lease]],
        cancel: Callable[[str], None],
    ) -> None:
        self._storage, self._settings = storage, settings
        self._leases, self._cancel = leases, cancel
        self._open: set[str] = set()

    def round(self) -> None:
        """Do everything once; what fails is told in the log and tried again in the next round."""
        for task in (self._requeue, self._expire, self._abandon, self._finish):
            try:
                task()
            except Exception as error:  # one recording's trouble must not end the rounds
                log.error("%s failed:\n%s", task.__name__.strip("_"), trace_without_words(error))

    def _requeue(self) -> None:
        for lease in self._leases():
            lease.renew()  # a machine that slept has not lost what it holds
        most = self._settings.attempts
        for id in claims.requeue_lost(self._storage.database, most, failures.lost(most)):
            log.warning("recording %s: whoever analysed it is gone", id)

    def _expire(self) -> None:
        for project, id in deletion.expired(self._storage.database, self._settings.retention_days):
            if deletion.begin(self._storage.database, project, id):
                log.info("recording %s: its time is over", id)
                self._cancel(id)
                self._finish_one(id)

    def _abandon(self) -> None:
        for id in deletion.abandoned(self._storage.database):
            log.warning("recording %s: the service died while it was put away", id)

    def _finish(self) -> None:
        """Those that were open in the last round as well: a fresh one is in the hands of who asked for it."""
        found = set(deletion.unfinished(self._storage.database))
        for id in sorted(found & self._open):
            self._finish_one(id)
        self._open = found

    def _finish_one(self, id: str) -> None:
        try:
            if deletion.finish(self._storage.database, self._storage.media, id) is not None:
                log.info("recording %s: deleted", id)
        except OSError as error:
            log.warning("recording %s: its files cannot be removed (%s)", id, type(error).__name__)
