"""A database that does not answer for a while: asked again for as long as the claim may hold."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from crossgate.serving.work.lease import Lease

T = TypeVar("T")

AGAIN = 1.0
"""Seconds until the database is asked again."""

log = logging.getLogger(__name__)


def patiently(ask: Callable[[], T], lease: Lease, stopping: threading.Event) -> T:
    """What comes of asking; hours of analysis shall not be lost to a database that is restarted at their end.

    Args:
        ask: may be called again where it failed, even if what it wrote was written after all.
        lease: of the recording this is about; while it may hold, nobody else begins the work anew.
        stopping: set where the service stops.

    Raises SQLAlchemyError where the database does not answer in time.
    """
    while True:
        try:
            return ask()
        except SQLAlchemyError as error:
            if lease.lost.is_set() or stopping.wait(AGAIN):
                raise
            log.warning("recording %s: the database does not answer (%s)", lease.id, type(error).__name__)
