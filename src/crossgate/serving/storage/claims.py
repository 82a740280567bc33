"""Who analyses what: a recording is claimed by one owner, for as long as its lease is renewed.

A claim is the recording's columns `owner` and `lease`. Whatever changes a claimed recording asks for the
owner first, so that one who was taken for dead changes nothing any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.recordings import key_of
from crossgate.serving.storage.tables import (
    COMPLETED,
    FAILED,
    IN_PROGRESS,
    QUEUED,
    Attempt,
    Recording,
    RecordingEmotion,
    RecordingSpeaker,
    now,
)


@dataclass(frozen=True)
class Outcome:
    """What recordings are found by, of an analysis that is done.

    Attributes:
        kind: video, audio or text.
        duration: seconds; None of a text.
        turns: how many.
        emotions: label -> turns that express it, in the order they are shown.
        speakers: by name, in the order they are shown.
    """

    kind: str
    duration: float | None
    turns: int
    emotions: dict[str, int]
    speakers: tuple[str, ...]


def claim(database: Database, owner: str, lease: float) -> Recording | None:
    """The recording that has waited longest, now this owner's alone; None where none waits.

    Args:
        owner: a UUID of version 4 in hexadecimal, of one process.
        lease: seconds until others may take the owner for dead.
    """
    with database.writing() as session:
        recording = session.scalar(
            select(Recording)
            .where(Recording.state == QUEUED, Recording.deleting.is_(False))
            .order_by(Recording.created, Recording.id)
            .limit(1)
            # SQLite knows no such lock and needs none: one writes at a time.
            .with_for_update(of=Recording, skip_locked=True)
        )
        if recording is None:
            return None
        moment = now()
        recording.state, recording.step, recording.share = IN_PROGRESS, None, 0.0
        recording.owner, recording.lease = owner, moment + timedelta(seconds=lease)
        recording.started = moment
        recording.attempts += 1
        session.add(
            Attempt(
                recording_id=recording.id,
                number=recording.attempts,
                owner=owner,
                started=moment,
                finished=None,
                outcome=None,
            )
        )
        return recording


def renew(database: Database, id: str, owner: str, lease: float, *, step: str | None, share: float) -> bool:
    """Go on for `lease` more seconds, and say how far it has come (`share`, 0 to 1).

    False where the claim is lost or the recording is being deleted: stop, write nothing, `release`.
    """
    with database.writing() as session:
        recording = _held(session, id, owner)
        if recording is None or recording.deleting:
            return False
        recording.lease = now() + timedelta(seconds=lease)
        recording.step, recording.share = step, share
        return True


def keep_fetched(
    database: Database,
    id: str,
    owner: str,
    *,
    media_file: str | None,
    transcript_file: str | None,
    bytes: int,
) -> bool:
    """Say which files of a recording have been fetched from elsewhere. False where the claim is lost."""
    with database.writing() as session:
        recording = _held(session, id, owner)
        if recording is None or recording.deleting:
            return False
        recording.media_file, recording.transcript_file = media_file, transcript_file
        recording.bytes = bytes
        return True


def complete(
    database: Database, store: MediaStore, id: str, owner: str, result: Path, outcome: Outcome
) -> bool:
    """Keep a result, whole, and only then say so; the file is moved. False where the claim is lost.

    Every attempt has a file of its own, so that one who was taken for dead overwrites nobody's result. Where
    the database failed it may be called again: what was written after all is found to be so. Raises OSError,
    and leaves nothing in the store, where that does not take the result.
    """
    with database.reading() as session:
        recording = session.get(Recording, id)
        if recording is None or recording.deleting:
            return False
        if recording.owner != owner:
            return recording.state == COMPLETED and _completed_by(session, recording, owner)
        file = f"result-{recording.attempts}"
    if result.exists():  # else it was taken the last time
        try:
            store.take(result, key_of(recording, file))
        except OSError:
            store.remove(key_of(recording, file))
            raise
    with database.writing() as session:
        held = _held(session, id, owner)
        kept = held is not None and not held.deleting
        if held is not None and kept:
            held.result_file = file
            held.kind, held.duration, held.turns = outcome.kind, outcome.duration, outcome.turns
            for place, (emotion, turns) in enumerate(outcome.emotions.items()):
                session.add(RecordingEmotion(recording_id=id, place=place, emotion=emotion, turns=turns))
            for place, name in enumerate(outcome.speakers):
                session.add(RecordingSpeaker(recording_id=id, place=place, name=name))
            held.step, held.share = None, 1.0
            _end(session, held, COMPLETED, "completed")
    if not kept:
        store.remove(key_of(recording, file))
    return kept


def fail(database: Database, id: str, owner: str, error: dict[str, Any]) -> bool:
    """Say why the analysis cannot be done, as a problem document. False where the claim is lost."""
    with database.writing() as session:
        recording = _held(session, id, owner)
        if recording is None or recording.deleting:
            return False
        recording.error = error
        _end(session, recording, FAILED, "failed")
        return True


def release(database: Database, id: str, owner: str) -> bool:
    """Give a claim back: the recording waits again, or its deletion may go on. False where it is lost."""
    with database.writing() as session:
        recording = _held(session, id, owner)
        if recording is None:
            return False
        _end(session, recording, QUEUED, "stopped" if recording.deleting else "released")
        return True


def requeue_lost(
    database: Database, most: int, error: dict[str, Any], dead: Collection[str] = ()
) -> list[str]:
    """Let recordings wait again whose owner is dead: the lease ran out, or it is known to be so.

    Args:
        most: times an analysis may be lost; then it fails, since it may be what kills its owner.
        error: the problem document it fails with.
        dead: owners that are known to be dead, whatever their lease says.

    Returns:
        their ids, the failed ones included.
    """
    with database.writing() as session:
        gone: ColumnElement[bool] = or_(Recording.lease < now(), Recording.owner.in_(dead))
        lost = session.scalars(
            select(Recording)
            .where(Recording.state == IN_PROGRESS, gone)
            .with_for_update(of=Recording, skip_locked=True)
        ).all()
        for recording in lost:
            if recording.deleting:
                _end(session, recording, QUEUED, "stopped")  # never claimed: its deletion goes on
                continue
            times = session.scalar(
                select(func.count())
                .select_from(Attempt)
                .where(Attempt.recording_id == recording.id, Attempt.outcome == "lost")
            )
            if (times or 0) + 1 < most:
                _end(session, recording, QUEUED, "lost")
            else:
                recording.error = error
                _end(session, recording, FAILED, "lost")
        return [recording.id for recording in lost]


def _completed_by(session: Session, recording: Recording, owner: str) -> bool:
    attempt = session.get(Attempt, (recording.id, recording.attempts))
    return attempt is not None and attempt.owner == owner


def _held(session: Session, id: str, owner: str) -> Recording | None:
    return session.scalar(
        select(Recording)
        .where(Recording.id == id, Recording.owner == owner, Recording.state == IN_PROGRESS)
        .with_for_update(of=Recording)
    )


def _end(session: Session, recording: Recording, state: str, outcome: str) -> None:
    moment = now()
    attempt = session.get_one(Attempt, (recording.id, recording.attempts))
    attempt.finished, attempt.outcome = moment, outcome
    recording.state, recording.owner, recording.lease = state, None, None
    if state == QUEUED:
        recording.started, recording.step, recording.share = None, None, 0.0
    else:
        recording.finished = moment
