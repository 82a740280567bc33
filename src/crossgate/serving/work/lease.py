"""A claim that is kept: renewed in the background for as long as the work on it goes on."""

from __future__ import annotations

import logging
import threading
import time
from types import TracebackType
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from crossgate.serving.storage import claims
from crossgate.serving.storage.database import Database

LEASE = 60.0
"""Seconds until others may take this service for dead."""

BEAT = 1.0
"""Seconds between two looks whether there is progress to tell."""

RENEWAL = 5.0
"""Seconds between two renewals where there is none; also how late a deletion elsewhere is noticed."""

log = logging.getLogger(__name__)


class Lease:
    """The claim on one recording; a context manager.

    Attributes:
        id: of the recording.
        lost: set where the work is to stop: another has it, it is being deleted, or `cancel` was called.
    """

    def __init__(self, database: Database, id: str, owner: str) -> None:
        self.id = id
        self.lost = threading.Event()
        self._database, self._owner = database, owner
        self._told: tuple[str | None, float] = (None, 0.0)
        self._written: tuple[str | None, float] | None = None
        self._renewed = time.monotonic()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name=f"lease of {id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def tell(self, step: str | None, share: float) -> None:
        """How far it has come; written with the next beat."""
        self._told = (step, share)

    def cancel(self) -> None:
        """Have the work stop."""
        self.lost.set()

    def renew(self) -> None:
        """Renew it now; a database that does not answer is asked again until the lease has run out."""
        with self._lock:
            if self.lost.is_set() or self._over.is_set():
                return
            told = self._told
            try:
                held = claims.renew(self._database, self.id, self._owner, LEASE, step=told[0], share=told[1])
            except SQLAlchemyError as error:
                log.warning("recording %s: the lease cannot be renewed (%s)", self.id, type(error).__name__)
                held = time.monotonic() - self._renewed < LEASE
            else:
                self._written, self._renewed = told, time.monotonic()
            if not held:
                self.lost.set()

    def _keep(self) -> None:
        while not self._over.wait(BEAT):
            if self._told != self._written or time.monotonic() - self._renewed >= RENEWAL:
                self.renew()
