"""Emotions people give to turns, kept beside what was predicted and never mixed with it."""

from __future__ import annotations

from sqlalchemy import select

from crossgate.serving.storage.database import Database
from crossgate.serving.storage.recordings import find, find_to_change
from crossgate.serving.storage.tables import Correction, now
from crossgate.serving.storage.texts import checked_text


def corrections_of(database: Database, project_id: str, id: str) -> list[Correction] | None:
    """The corrections of a recording, the oldest first. None where the project has no such recording."""
    with database.reading() as session:
        if find(session, project_id, id) is None:
            return None
        return list(
            session.scalars(
                select(Correction)
                .where(Correction.recording_id == id)
                .order_by(Correction.created, Correction.utterance_id)
            )
        )


def correct(
    database: Database,
    project_id: str,
    id: str,
    utterance_id: str,
    *,
    predicted: str,
    emotion: str,
    note: str | None,
    author: str,
) -> Correction | None:
    """Keep a correction, in the place of an earlier one of the turn.

    Whether there is such a turn and such a label, the result says, which is none of this module's.

    None where the project has no such recording. Raises InputError where a text cannot be kept.
    """
    correction = Correction(
        recording_id=id,
        utterance_id=checked_text(utterance_id, "utterance_id"),
        predicted=predicted,
        emotion=checked_text(emotion, "emotion"),
        note=None if note is None else checked_text(note, "note"),
        author=author,
        created=now(),
    )
    with database.writing() as session:
        if find_to_change(session, project_id, id) is None:
            return None
        return session.merge(correction)


def withdraw(database: Database, project_id: str, id: str, utterance_id: str) -> bool:
    """Forget the correction of a turn. False where the project has no such recording, or it has none.

    Raises InputError where the turn's id is no text that can be kept.
    """
    with database.writing() as session:
        if find_to_change(session, project_id, id) is None:
            return False
        correction = session.get(Correction, (id, checked_text(utterance_id, "utterance_id")))
        if correction is None:
            return False
        session.delete(correction)
    return True
