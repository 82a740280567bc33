"""A service for tests: on SQLite and PostgreSQL, without anybody who analyses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from toy_api import Serve, Served

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.database import Database


@pytest.fixture
def serve(database: Database, tmp_path: Path) -> Iterator[Serve]:
    """`serve(tokens=True, ...)`: a service with these settings, on each kind of database."""
    made: list[Served] = []

    def make(**settings: Any) -> Served:
        options = {key: settings.pop(key) for key in ("workers", "cancel", "store") if key in settings}
        made.append(Served(database, ServiceSettings(data=tmp_path, **settings), **options))
        return made[-1]

    yield make
    for served in made:
        served.close()


@pytest.fixture
def service(serve: Serve) -> Served:
    """A service on this machine's own address, which needs no token."""
    return serve()
