"""The service's work as a whole: begun and ended with the web process."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims
from crossgate.serving.storage.opened import Storage
from crossgate.serving.work import failures
from crossgate.serving.work.analyst import Analyst
from crossgate.serving.work.instance import Instance, only_instance
from crossgate.serving.work.janitor import PERIOD, Janitor
from crossgate.serving.work.lease import Lease
from crossgate.serving.work.process import WorkerProcess
from crossgate.serving.work.worker.analysing import recognizer_analysis
from crossgate.serving.work.worker.messages import Maker
from crossgate.serving.work.workers import StartWorker

PATIENCE = 15.0
"""Seconds in all that the threads have to end; one that copies from a store may need longer, and is left."""

log = logging.getLogger(__name__)


class Work:
    """Analyses what is sent, for as long as the block lasts; also goes the rounds of the janitor.

    Entering empties the scratch folder, so nothing may lie in it by then. What a dead service left waits
    again at once if it had this data folder, else when its lease ends.

    Args:
        storage: open for longer than this.
        settings: of the service.
        make: loads what analyses; by default the checkpoint of the settings.
        start: of a worker; by default a process of this machine (see `engine.workers_of`).

    Entering raises InputError where another service works in the data folder.
    """

    def __init__(
        self,
        storage: Storage,
        settings: ServiceSettings,
        *,
        make: Maker | None = None,
        start: StartWorker = WorkerProcess,
    ) -> None:
        self._storage, self._settings = storage, settings
        self._begin = partial(start, make or partial(recognizer_analysis, settings.model))
        self._stack = ExitStack()
        self._stopping = threading.Event()
        self._analysts: list[Analyst] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            instance = stack.enter_context(only_instance(self._settings.data))
            _empty(self._settings.scratch)
            self._take_over(instance)
            self._analysts = [
                Analyst(number, self._storage, self._settings, instance.id, self._begin)
                for number in range(1, self._settings.workers + 1)
            ]
            janitor = threading.Thread(target=self._rounds, name="janitor", daemon=True)
            stack.callback(self._stop, instance, janitor)
            for analyst in self._analysts:
                analyst.start()
            janitor.start()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def alive(self) -> int:
        """Worker processes that have their model, idle or at work."""
        return sum(analyst.ready for analyst in self._analysts)

    def cancel(self, id: str) -> None:
        """Stop the work on a recording, soon; its claim is given back then."""
        for lease in self._leases():
            if lease.id == id:
                lease.cancel()

    def _leases(self) -> list[Lease]:
        return [lease for analyst in self._analysts if (lease := analyst.lease) is not None]

    def _take_over(self, instance: Instance) -> None:
        most = self._settings.attempts
        error = failures.lost(most)
        for id in claims.requeue_lost(self._storage.database, most, error, instance.dead):
            log.warning("recording %s: the service died while it was analysed", id)
        instance.take_over()

    def _rounds(self) -> None:
        janitor = Janitor(self._storage, self._settings, self._leases, self.cancel)
        while not self._stopping.is_set():
            janitor.round()
            self._stopping.wait(PERIOD)

    def _stop(self, instance: Instance, janitor: threading.Thread) -> None:
        self._stopping.set()
        for analyst in self._analysts:
            analyst.stop()
        end = time.monotonic() + PATIENCE
        ended = [analyst.join(max(0.0, end - time.monotonic())) for analyst in self._analysts]
        janitor.join(max(0.0, end - time.monotonic()))
        # Whoever is left behind may hold a claim: the next start looks for those of this run.
        instance.note(clean=all(ended))


def _empty(folder: Path) -> None:
    """Remove what is in a folder; made where it is not there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
