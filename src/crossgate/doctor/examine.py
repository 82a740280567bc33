"""Everything the doctor looks at, in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crossgate.doctor.database import database
from crossgate.doctor.extras import extras
from crossgate.doctor.finding import Finding
from crossgate.doctor.machine import machine
from crossgate.doctor.reading import reading
from crossgate.doctor.weights import weights


def examine(*, database_url: str = "", data: Path = Path("crossgate-service")) -> Iterator[Finding]:
    """Look at every part. Nothing is changed, nothing fetched from a network.

    Args:
        database_url: of the service's PostgreSQL database, or empty.
        data: folder of the service.
    """
    yield from machine()
    yield from reading()
    yield from weights()
    yield from extras()
    yield from database(database_url, data)
