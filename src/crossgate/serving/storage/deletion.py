"""Deleting a recording with all that came of it, and the receipt that says what was removed.

The receipt is begun before anything is removed and ended when nothing is found any more, so that a service
that dies in between goes on where it stood.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.projects import all_projects
from crossgate.serving.storage.recordings import find
from crossgate.serving.storage.tables import OF_A_RECORDING, Deletion, Recording, now


@dataclass(frozen=True)
class Receipt:
    """What was removed with a recording, and what was found of it afterwards: nothing.

    Attributes:
        id: of the recording.
        deleted: when it was gone.
        files: names of the files that were removed.
        bytes: of them all.
        rows: of the database that were removed.
        files_left: files found afterwards.
        rows_left: rows found afterwards.
    """

    id: str
    deleted: datetime
    files: tuple[str, ...]
    bytes: int
    rows: int
    files_left: int
    rows_left: int


def begin(database: Database, project_id: str, id: str) -> bool:
    """Hide a recording from everybody, and begin its receipt. False where the project has none of that id."""
    with database.writing() as session:
        recording = find(session, project_id, id)
        if recording is None:
            return False
        recording.deleting = True
        session.add(
            Deletion(id=id, project_id=project_id, asked=now(), deleted=None, files=[], bytes=0, rows=0)
        )
    return True


def being_worked_on(database: Database, id: str) -> bool:
    """Whether somebody still works on a recording, whose lease runs."""
    with database.reading() as session:
        recording = session.get(Recording, id)
        return (
            recording is not None
            and recording.owner is not None
            and recording.lease is not None
            and recording.lease > now()
        )


def finish(database: Database, store: MediaStore, id: str) -> Receipt:
    """Remove a recording whose deletion was begun; may be called again where it was interrupted."""
    with database.reading() as session:
        folder = f"{session.get_one(Deletion, id).project_id}/{id}"
    there = store.sizes(folder)
    with database.writing() as session:
        deletion = session.get_one(Deletion, id)
        # Of a deletion that was interrupted, what the first go found counts as well.
        deletion.files = sorted({*deletion.files, *there})
        deletion.bytes = max(deletion.bytes, sum(there.values()))
        deletion.rows = max(deletion.rows, rows_of(session, id))
    store.remove(folder)
    with database.writing() as session:
        for table in OF_A_RECORDING:
            session.execute(delete(table).where(table.__table__.c.recording_id == id))
        session.execute(delete(Recording).where(Recording.id == id))
        session.get_one(Deletion, id).deleted = now()
    database.forget_traces()
    receipt = receipt_of(database, store, id)
    assert receipt is not None
    return receipt


def receipt_of(
    database: Database, store: MediaStore, id: str, project_id: str | None = None
) -> Receipt | None:
    """The receipt of a deletion that is done, with what is found of the recording at this moment.

    None where there is none, or where it is not the project's.
    """
    with database.reading() as session:
        deletion = session.get(Deletion, id)
        if deletion is None or deletion.deleted is None:
            return None
        if project_id is not None and deletion.project_id != project_id:
            return None
        left = rows_of(session, id)
    files_left = len(store.sizes(f"{deletion.project_id}/{id}"))
    return Receipt(
        id, deletion.deleted, tuple(deletion.files), deletion.bytes, deletion.rows, files_left, left
    )


def unfinished(database: Database) -> list[str]:
    """Recordings whose deletion was begun and not ended, and which nobody works on."""
    with database.reading() as session:
        ids = list(session.scalars(select(Deletion.id).where(Deletion.deleted.is_(None))))
    return [id for id in ids if not being_worked_on(database, id)]


def expired(database: Database, default: float | None) -> list[tuple[str, str]]:
    """(project, recording) of what has been kept for as long as it may."""
    found: list[tuple[str, str]] = []
    for project in all_projects(database):
        days = default if project.retention_days is None else project.retention_days
        if days is None:
            continue
        with database.reading() as session:
            ids = session.scalars(
                select(Recording.id).where(
                    Recording.project_id == project.id,
                    Recording.created < now() - timedelta(days=days),
                    Recording.deleting.is_(False),
                )
            )
            found += [(project.id, id) for id in ids]
    return found


def rows_of(session: Session, id: str) -> int:
    """Rows of the database that belong to a recording."""
    total = session.scalar(select(func.count()).select_from(Recording).where(Recording.id == id)) or 0
    for table in OF_A_RECORDING:
        column = table.__table__.c.recording_id
        total += session.scalar(select(func.count()).select_from(table).where(column == id)) or 0
    return total
