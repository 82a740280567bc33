"""Database and media store of a service, opened together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from crossgate.errors import InputError, reason_of
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore


@dataclass(frozen=True)
class Storage:
    """Rows and files."""

    database: Database
    media: MediaStore


@contextmanager
def open_storage(settings: ServiceSettings) -> Iterator[Storage]:
    """Open both, make what is not there, bring the tables up to date; closed when the block ends.

    Raises InputError where the folder cannot be made, or one of them not be used.
    """
    url = settings.database_url
    try:
        # Nobody else on this machine reads what is kept here; a folder that was there keeps its mode.
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"the folder cannot be made: {reason_of(error)}",
            where=str(settings.data),
            fix="name one you may write to",
        ) from None
    media = MediaStore(settings.media_root)
    database = Database(url)
    try:
        yield Storage(database, media)
    finally:
        database.close()
