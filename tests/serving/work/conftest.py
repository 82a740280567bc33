"""A service without its web part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import Storage, open_storage


@pytest.fixture
def settings(tmp_path: Path) -> ServiceSettings:
    """SQLite and the media in a folder of their own; patience of seconds, not minutes."""
    return ServiceSettings(data=tmp_path / "service")


@pytest.fixture
def storage(settings: ServiceSettings) -> Iterator[Storage]:
    """Both, empty."""
    with open_storage(settings) as opened:
        yield opened
