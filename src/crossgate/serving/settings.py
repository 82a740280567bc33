"""How the service runs; nothing heavy here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from crossgate.errors import InputError

DRIVER = "postgresql+psycopg://"


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """Where the service keeps what it is given."""

    data: Path = Path("crossgate-service")
    """Folder of the database and the recordings; made where it is not there."""
    database: str = field(default="", repr=False)  # it may hold a password
    """URL of a PostgreSQL database, postgresql://user:password@host/name; else SQLite in the data folder."""
    media: str = field(default="", repr=False)
    """Folder or fsspec URL that keeps recordings and results, such as s3://bucket/crossgate; else in the data
    folder."""

    @property
    def database_url(self) -> str:
        """As SQLAlchemy writes it, with the driver of the extra `postgres`.

        Raises InputError, without naming the URL, where it is of no database the service knows.
        """
        if not self.database:
            return f"sqlite:///{(self.data / 'service.sqlite').absolute()}"
        for scheme in (DRIVER, "postgresql://", "postgres://"):
            if self.database.startswith(scheme):
                return DRIVER + self.database.removeprefix(scheme)
        raise InputError(
            "the database is none the service knows",
            fix="give postgresql://user:password@host/name, or leave it out for SQLite",
        )

    @property
    def media_root(self) -> str:
        """Folder or URL that keeps recordings and results."""
        return self.media or str((self.data / "media").absolute())
