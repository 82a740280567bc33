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
from crossgate.serving.storage.recordings import find_to_change
from crossgate.serving.storage.tables import OF_A_RECORDING, Deletion, Recording, now

ARRIVAL = timedelta(days=1)
"""Longest that files take from a service to its store; what was announced before is not coming any more."""


@dataclass(frozen=True)
class Receipt:
    """What was removed with a recording, and what is found of it now: nothing.

    Attributes:
        id: of the recording.
        deleted: when it was gone.
        files: names of the files that were removed.
        bytes: of them all.
        rows: of the database that were removed.
        files_left: files found when the receipt was asked for.
        rows_left: rows found then.
    """

    id: str
    deleted: datetime
    files: tuple[str, ...]
    bytes: int
    rows: int
    files_left: int
    rows_left: int


def begin(database: Database, project_id: str, id: str) -> bool:
    """Hide a recording from everybody, and begin its receipt. False where the project has none of that id.

    Whoever works on it learns of it when the claim is next renewed (`claims.renew`).
    """
    with database.writing() as session:
        recording = find_to_change(session, project_id, id)
        if recording is None:
            return False
        recording.deleting = True
        session.add(
            Deletion(id=id, project_id=project_id, asked=now(), deleted=None, files=[], bytes=0, rows=0)
        )
    return True


def abandoned(database: Database) -> list[str]:
    """Begin the receipts of recordings that were announced and never arrived: their sender got no answer."""
    with database.writing() as session:
        known = select(Deletion.id).where(Deletion.id == Recording.id).exists()
        left = session.scalars(
            select(Recording).where(Recording.deleting, ~known, Recording.created < now() - ARRIVAL)
        ).all()
        for one in left:
            session.add(
                Deletion(
                    id=one.id, project_id=one.project_id, asked=now(), deleted=None, files=[], bytes=0, rows=0
                )
            )
        return [one.id for one in left]


def finish(database: Database, store: MediaStore, id: str) -> Receipt | None:
    """Remove a recording whose deletion was begun; may be called again where it was interrupted.

    None, and nothing removed, while somebody works on it whose lease runs: what is written meanwhile would
    be left. Raises OSError where the store keeps a file it was told to remove; the receipt stays open.
    """
    with database.reading() as session:
        if _worked_on(session, id):  # nobody can begin to: a recording that is being deleted is not claimed
            return None
        folder = f"{session.get_one(Deletion, id).project_id}/{id}"
    there = store.sizes(folder)
    with database.writing() as session:
        deletion = session.get_one(Deletion, id)
        if deletion.deleted is None:
            # Of a deletion that was interrupted, what the first go found counts as well.
            deletion.files = sorted({*deletion.files, *there})
            deletion.bytes = max(deletion.bytes, sum(there.values()))
            deletion.rows = max(deletion.rows, rows_of(session, id))
    store.remove(folder)
    left = store.sizes(folder)
    if left:
        raise OSError(f"the store still holds {len(left)} files of the recording {id}")
    with database.writing() as session:
        for table in OF_A_RECORDING:
            session.execute(delete(table).where(table.__table__.c.recording_id == id))
        session.execute(delete(Recording).where(Recording.id == id))
        deletion = session.get_one(Deletion, id)
        deletion.deleted = deletion.deleted or now()
    database.forget_traces()
    return receipt_of(database, store, deletion.project_id, id)


def receipt_of(database: Database, store: MediaStore, project_id: str, id: str) -> Receipt | None:
    """The receipt of a deletion that is done, with what is found of the recording at this moment.

    None where there is none, or where it is not the project's.
    """
    with database.reading() as session:
        deletion = session.scalar(
            select(Deletion).where(
                Deletion.id == id, Deletion.project_id == project_id, Deletion.deleted.is_not(None)
            )
        )
        if deletion is None or deletion.deleted is None:
            return None
        left = rows_of(session, id)
    files_left = len(store.sizes(f"{project_id}/{id}"))
    return Receipt(
        id, deletion.deleted, tuple(deletion.files), deletion.bytes, deletion.rows, files_left, left
    )


def begun(database: Database, project_id: str, id: str) -> bool:
    """Whether a project's recording was asked to be deleted, be it gone by now or not."""
    with database.reading() as session:
        wanted = select(Deletion.id).where(Deletion.id == id, Deletion.project_id == project_id)
        return session.scalar(wanted) is not None


def unfinished(database: Database) -> list[str]:
    """Recordings whose deletion was begun and not ended, and which nobody works on."""
    with database.reading() as session:
        ids = session.scalars(select(Deletion.id).where(Deletion.deleted.is_(None)).order_by(Deletion.asked))
        return [id for id in ids.all() if not _worked_on(session, id)]


def expired(database: Database, default: float | None) -> list[tuple[str, str]]:
    """(project, recording) of what has been kept for as long as it may.

    Args:
        default: days where a project says nothing of its own; None keeps.
    """
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


def _worked_on(session: Session, id: str) -> bool:
    recording = session.get(Recording, id)
    return (
        recording is not None
        and recording.owner is not None
        and recording.lease is not None
        and recording.lease > now()
    )
