"""Recordings: taken in, found again, listed with filters and pages."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, delete, exists, func, or_, select
from sqlalchemy.orm import Session

from crossgate.errors import InputError
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.projects import retention_of
from crossgate.serving.storage.tables import (
    QUEUED,
    STATES,
    Deletion,
    Recording,
    RecordingEmotion,
    RecordingSpeaker,
    now,
)
from crossgate.serving.storage.texts import checked_text

ID = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True)
class Filter:
    """Which recordings are wanted; None leaves a thing open.

    Attributes:
        state: one of `tables.STATES`.
        name: part of the name, whatever its case.
        speaker: who speaks in it, by the whole name.
        emotion: which some turn expresses, as predicted.
        created_after: inclusive.
        created_before: exclusive.
    """

    state: str | None = None
    name: str | None = None
    speaker: str | None = None
    emotion: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True)
class Page:
    """Some recordings, the newest first, and where the next page begins; None at the end."""

    items: tuple[Recording, ...]
    next: str | None


def new_recording(
    id: str,
    project_id: str,
    name: str,
    *,
    bytes: int,
    settings: dict[str, Any],
    policy: str | None,
    model: str,
    media_file: str | None = None,
    transcript_file: str | None = None,
    transcript_name: str | None = None,
    url: str | None = None,
    transcript_url: str | None = None,
) -> Recording:
    """A recording that waits to be analysed. Raises InputError where its name cannot be kept.

    Args:
        id: a UUID of version 4 in hexadecimal, made by us; files lie under it, whatever the name.
        name: what a person calls it; shown, and never part of a path.
        bytes: of all its files.
        settings: of the analysis, as JSON.
        media_file, transcript_file: names of its files in `folder_of`, ours.
        transcript_name: what a person calls the transcript.
        url, transcript_url: where they are still to be fetched from.
    """
    if not ID.fullmatch(id):
        raise ValueError(f"{id!r} is no id")
    return Recording(
        id=id,
        project_id=project_id,
        name=checked_text(name, "name"),
        name_folded=name.casefold(),
        media_file=media_file,
        transcript_file=transcript_file,
        transcript_name=None if transcript_name is None else checked_text(transcript_name, "transcript"),
        result_file=None,
        url=url,
        transcript_url=transcript_url,
        bytes=bytes,
        settings=settings,
        policy=policy,
        model=model,
        state=QUEUED,
        step=None,
        share=0.0,
        error=None,
        created=now(),
        attempts=0,
        deleting=False,
        emotions=[],
        speakers=[],
    )


def add(database: Database, recording: Recording) -> Recording:
    """Queue a recording."""
    with database.writing() as session:
        session.add(recording)
    with database.reading() as session:
        return session.get_one(Recording, recording.id)


def announce(database: Database, recording: Recording) -> None:
    """Write down a recording whose files are still to come: nobody sees or claims it until `arrived`.

    Should the service die before that, `deletion.abandoned` finds what it left.
    """
    recording.deleting = True
    add(database, recording)


def arrived(database: Database, id: str) -> Recording | None:
    """Queue a recording whose files are there. None where it was taken for abandoned, and is gone."""
    with database.writing() as session:
        recording = session.scalar(select(Recording).where(Recording.id == id).with_for_update(of=Recording))
        if recording is None or session.get(Deletion, id) is not None:
            return None
        recording.deleting, recording.created = False, now()
    with database.reading() as session:
        return session.get_one(Recording, id)


def withdraw(database: Database, id: str) -> None:
    """Forget a recording that was announced and whose files do not come."""
    with database.writing() as session:
        session.execute(delete(Recording).where(Recording.id == id, Recording.deleting))


def find(session: Session, project_id: str, id: str) -> Recording | None:
    """A project's recording; None where there is none, it is another's, or it is being deleted."""
    return session.scalar(_one(project_id, id)) if ID.fullmatch(id) else None


def find_to_change(session: Session, project_id: str, id: str) -> Recording | None:
    """As `find`, and nobody else changes it or its corrections until the transaction ends."""
    return session.scalar(_one(project_id, id).with_for_update(of=Recording)) if ID.fullmatch(id) else None


def found(database: Database, project_id: str, id: str) -> Recording | None:
    """As `find`, in a transaction of its own."""
    with database.reading() as session:
        return find(session, project_id, id)


def pulse(database: Database, project_id: str, id: str) -> tuple[object, ...] | None:
    """What changes while a recording is analysed; cheap to ask often. None where `found` finds none."""
    with database.reading() as session:
        row = session.execute(
            select(
                Recording.state, Recording.step, Recording.share, Recording.attempts, Recording.corrections
            ).where(Recording.id == id, Recording.project_id == project_id, Recording.deleting.is_(False))
        ).one_or_none()
        return None if row is None else tuple(row)


def listed(database: Database, project_id: str, which: Filter, limit: int, cursor: str | None) -> Page:
    """A page of a project's recordings.

    Raises InputError where the cursor is none of ours, the limit is not positive, or a filter cannot be
    looked for.
    """
    if limit < 1:
        raise InputError(f"is {limit}, expected 1 or more", where="limit")
    wanted = _filtered(which).where(Recording.project_id == project_id, Recording.deleting.is_(False))
    if cursor is not None:
        created, id = _read_cursor(cursor)
        wanted = wanted.where(
            or_(Recording.created < created, and_(Recording.created == created, Recording.id < id))
        )
    wanted = wanted.order_by(Recording.created.desc(), Recording.id.desc()).limit(limit + 1)
    with database.reading() as session:
        items = list(session.scalars(wanted))
    more = len(items) > limit
    return Page(tuple(items[:limit]), _cursor(items[limit - 1]) if more else None)


def expiry(session: Session, recording: Recording, default: float | None) -> datetime | None:
    """When a recording will be deleted; None where it is kept."""
    days = retention_of(session, recording.project_id, default)
    return None if days is None else recording.created + timedelta(days=days)


def folder_of(recording: Recording) -> str:
    """The key under which all files of a recording lie."""
    return f"{recording.project_id}/{recording.id}"


def key_of(recording: Recording, file: str) -> str:
    """The key of one file of a recording."""
    return f"{folder_of(recording)}/{file}"


def counts_by_state(database: Database) -> dict[str, int]:
    """State -> how many recordings of all projects are in it; those that come or go count for none."""
    with database.reading() as session:
        rows = session.execute(
            select(Recording.state, func.count())
            .where(Recording.deleting.is_(False))
            .group_by(Recording.state)
        )
        return {row[0]: row[1] for row in rows}


def _one(project_id: str, id: str) -> Select[Recording]:
    return select(Recording).where(
        Recording.id == id, Recording.project_id == project_id, Recording.deleting.is_(False)
    )


def _filtered(which: Filter) -> Select[Recording]:
    wanted = select(Recording)
    if which.state is not None:
        if which.state not in STATES:
            raise InputError(f"is {which.state!r}, expected one of {', '.join(STATES)}", where="state")
        wanted = wanted.where(Recording.state == which.state)
    if which.name:
        wanted = wanted.where(
            # Folded by Python, since SQLite and PostgreSQL disagree on the case of letters beyond ASCII.
            Recording.name_folded.contains(checked_text(which.name, "name").casefold(), autoescape=True)
        )
    if which.speaker is not None:
        speaks = RecordingSpeaker.recording_id == Recording.id
        wanted = wanted.where(
            exists().where(speaks, RecordingSpeaker.name == checked_text(which.speaker, "speaker"))
        )
    if which.emotion is not None:
        expresses = RecordingEmotion.recording_id == Recording.id
        wanted = wanted.where(
            exists().where(
                expresses,
                RecordingEmotion.emotion == checked_text(which.emotion, "emotion"),
                RecordingEmotion.turns > 0,
            )
        )
    if which.created_after is not None:
        wanted = wanted.where(Recording.created >= _moment(which.created_after, "created_after"))
    if which.created_before is not None:
        wanted = wanted.where(Recording.created < _moment(which.created_before, "created_before"))
    return wanted


def _moment(moment: datetime, where: str) -> datetime:
    try:
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except OverflowError:  # before the year 1 or after 9999, in UTC
        pass
    raise InputError("is no moment with a time zone", where=where, fix="write it as 2026-01-31T12:00:00Z")


def _cursor(recording: Recording) -> str:
    content = json.dumps([recording.created.isoformat(), recording.id])
    return base64.urlsafe_b64encode(content.encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[datetime, str]:
    try:
        created, id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        moment = _moment(datetime.fromisoformat(created), "cursor")
        if not ID.fullmatch(id):
            raise ValueError
    except (ValueError, TypeError, InputError, binascii.Error, RecursionError):
        raise InputError("the cursor is none of ours", where="cursor", fix="take it from `next`") from None
    return moment, id
