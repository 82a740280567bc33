"""Emotions people give to turns, kept beside what was predicted and never mixed with it."""

from __future__ import annotations

from sqlalchemy import select

from crossgate.serving.storage.database import Database
from crossgate.serving.storage.recordings import find
from crossgate.serving.storage.tables import Correction, now


def corrections_of(database: Database, id: str) -> list[Correction]:
    """The corrections of a recording, the oldest first."""
    with database.reading() as session:
        return list(
            session.scalars(
                select(Correction)
                .where(Correction.recording_id == id)
                .order_by(Correction.created, Correction.utterance_id)
            )
        )


def correct(database: Database, project_id: str, correction: Correction) -> bool:
    """Keep a correction, in the place of an earlier one of the turn. False where the recording is gone."""
    with database.writing() as session:
        if find(session, project_id, correction.recording_id) is None:
            return False
        correction.created = now()
        session.merge(correction)
    return True


def withdraw(database: Database, id: str, utterance_id: str) -> bool:
    """Forget the correction of a turn. False where there is none."""
    with database.writing() as session:
        correction = session.get(Correction, (id, utterance_id))
        if correction is None:
            return False
        session.delete(correction)
    return True
