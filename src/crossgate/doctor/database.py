"""The service's database, where there is one on this machine or one is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from crossgate.doctor.finding import Finding

PART = "database"


def database(url: str, data: Path) -> Iterator[Finding]:
    """Whether the service's database answers; it is only read.

    Args:
        url: of a PostgreSQL database, or empty for SQLite in `data`.
        data: the service's folder.
    """
    try:
        from sqlalchemy import create_engine, text
        from sqlalchemy.exc import SQLAlchemyError

        from crossgate.serving.settings import ServiceSettings
    except ModuleNotFoundError as error:
        yield Finding(PART, "absent", f"{error.name} is not installed", "pip install 'crossgate[serve]'")
        return
    settings = ServiceSettings(data=data, database=url)
    if not url and not (data / "service.sqlite").is_file():
        yield Finding(
            PART, "absent", f"no service has kept anything in {data}", "--data names another folder"
        )
        return
    try:
        engine = create_engine(settings.database_url, hide_parameters=True)
        with engine.connect() as connection:
            revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        engine.dispose()
    except (SQLAlchemyError, ImportError, ValueError) as error:
        # The words of the error may hold the URL, and that a password.
        yield Finding(
            PART, "broken", f"does not answer: {type(error).__name__}", "check that it runs, and its URL"
        )
        return
    yield Finding(PART, "works", f"answers; its tables are at revision {revision}")
