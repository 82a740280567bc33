"""The database: SQLite in a file, or PostgreSQL; opened with its tables brought up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from crossgate.errors import InputError, reason_of

PATIENCE = 30.0
"""Seconds to wait for another writer of SQLite, or for a connection."""

CONNECTING = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""For libpq, where the URL says nothing else: a machine that is cut off is given up within a minute."""

MIGRATING = 0x63726F73
"""Number of PostgreSQL's advisory lock that services take turns with at their start."""

WRITES = "crossgate_writes"


class Database:
    """Sessions on the database of a URL.

    Args:
        url: as SQLAlchemy writes it.

    Raises InputError where there is no such database, or a newer crossgate made it; without naming the URL,
    which may hold a password.
    """

    def __init__(self, url: str) -> None:
        try:
            self._sqlite = make_url(url).get_backend_name() == "sqlite"
            options: dict[str, Any] = {"pool_pre_ping": not self._sqlite, "pool_timeout": PATIENCE}
            if self._sqlite:
                options["connect_args"] = {"timeout": PATIENCE}
            else:
                options |= {"pool_size": 10, "max_overflow": 20}
                asked = make_url(url).query
                options["connect_args"] = {
                    name: value for name, value in CONNECTING.items() if name not in asked
                }
            self._engine = create_engine(url, hide_parameters=True, **options)
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise InputError(
                f"the database's URL cannot be used: {type(error).__name__}",
                fix="check it; PostgreSQL needs pip install 'crossgate[postgres]'",
            ) from None
        if self._sqlite:
            event.listen(self._engine, "connect", _prepare_sqlite)
            event.listen(self._engine, "begin", _begin_sqlite)
        else:
            event.listen(self._engine, "connect", _prepare_postgres)
        self._writing = self._engine.execution_options(**{WRITES: True})
        self._migrate()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads; what it loads may be used afterwards."""
        with Session(self._engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that is written when the block ends well, and undone otherwise."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def healthy(self) -> bool:
        """Whether the database answers."""
        try:
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception:  # whatever a driver raises, the answer is no
            return False
        return True

    def forget_traces(self) -> None:
        """Write SQLite's log back, so that no deleted row lies in it any longer.

        Deleted rows are overwritten in the file (`secure_delete`). PostgreSQL's autovacuum reclaims them in
        its own time.
        """
        if self._sqlite:
            with self._engine.connect() as connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()

    def _migrate(self) -> None:
        """Bring the tables up to date; services that start at once take turns."""
        try:
            with self._writing.begin() as connection:
                if not self._sqlite:
                    connection.execute(text("SET LOCAL lock_timeout = 0"))
                    connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATING})"))
                upgrade(connection)
        except DBAPIError as error:
            self.close()
            reason = reason_of(error.orig) if isinstance(error.orig, Exception) else type(error).__name__
            raise InputError(
                f"the database cannot be used: {reason}",
                fix="check that it runs, its address, and that tables may be made in it",
            ) from None
        except CommandError as error:
            self.close()
            raise InputError(
                f"the database's tables are none this version knows: {reason_of(error)}",
                fix="use the version of crossgate that last opened it, or a newer one",
            ) from None


def upgrade(connection: Connection) -> None:
    """Run the migrations that are still to run."""
    command.upgrade(migrations(connection), "head")


def migrations(connection: Connection) -> Config:
    """Alembic's configuration, for a connection in whose transaction the migrations run."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = (
        None  # transactions begin where SQLAlchemy says so, not where sqlite3 guesses
    )
    cursor = connection.cursor()
    _log_ahead(cursor)
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.close()


def _log_ahead(cursor: sqlite3.Cursor) -> None:
    """Have SQLite log ahead, which a file remembers; of several that open a new one, all but the first wait.

    SQLite itself does not wait here: a connection that would change how a file is logged while another begins
    to write to it is told at once that the database is locked.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _prepare_postgres(connection: Any, _: Any) -> None:
    # As with SQLite's: whoever locks a table for long does not take every thread of the service with it.
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = '{PATIENCE:.0f}s'")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and then writes would fail where another wrote in between.
    writes = connection.get_execution_options().get(WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
