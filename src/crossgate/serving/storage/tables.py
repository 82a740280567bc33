"""The tables of the database. What changes here needs a migration in `migrations/versions`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    func,
    select,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    column_property,
    mapped_column,
    relationship,
)
from sqlalchemy.types import TypeDecorator

QUEUED, IN_PROGRESS, COMPLETED, FAILED = "QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"
STATES = (QUEUED, IN_PROGRESS, COMPLETED, FAILED)

ID = String(32)
"""A UUID of version 4 in hexadecimal: nothing a name could be mistaken for, or guessed from."""


class Utc(TypeDecorator[datetime]):
    """A moment, always in UTC; SQLite keeps no time zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From the database."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables share: names of constraints, so that migrations can speak of them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Project(Base):
    """Whose recordings are seen together, and by nobody else."""

    __tablename__ = "projects"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    retention_days: Mapped[float | None] = mapped_column(Double)
    created: Mapped[datetime] = mapped_column(Utc)


class Token(Base):
    """Access to one project. The token itself is not kept, only its SHA-256: it has 256 random bits."""

    __tablename__ = "tokens"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(40))
    created: Mapped[datetime] = mapped_column(Utc)
    revoked: Mapped[datetime | None] = mapped_column(Utc)


class Correction(Base):
    """The emotion a person gives a turn, beside what was predicted."""

    __tablename__ = "corrections"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), primary_key=True)
    utterance_id: Mapped[str] = mapped_column(Text, primary_key=True)
    predicted: Mapped[str] = mapped_column(Text)
    emotion: Mapped[str] = mapped_column(Text)
    note: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Utc)


class RecordingEmotion(Base):
    """How many turns of a recording express an emotion, to find recordings by."""

    __tablename__ = "recording_emotions"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    emotion: Mapped[str] = mapped_column(Text)
    turns: Mapped[int]


class RecordingSpeaker(Base):
    """Who speaks in a recording, to find recordings by."""

    __tablename__ = "recording_speakers"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)


class Attempt(Base):
    """One time an analysis was begun, and how it ended.

    `outcome` is `completed`, `failed`, `lost` (the service died), `released` (the service was stopped) or
    `stopped` (the recording was deleted); null while it goes on.
    """

    __tablename__ = "attempts"

    recording_id: Mapped[str] = mapped_column(ForeignKey("recordings.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(ID)
    started: Mapped[datetime] = mapped_column(Utc)
    finished: Mapped[datetime | None] = mapped_column(Utc)
    outcome: Mapped[str | None] = mapped_column(String(20))


class Recording(Base):
    """A recording or transcript, the state of its analysis, and who works on it."""

    __tablename__ = "recordings"
    __table_args__ = (
        Index("ix_recordings_newest", "project_id", "created", "id"),
        Index("ix_recordings_queue", "state", "created"),
    )

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(Text)
    media_file: Mapped[str | None] = mapped_column(String(40))
    transcript_file: Mapped[str | None] = mapped_column(String(40))
    result_file: Mapped[str | None] = mapped_column(String(40))
    url: Mapped[str | None] = mapped_column(Text)
    transcript_url: Mapped[str | None] = mapped_column(Text)
    transcript_name: Mapped[str | None] = mapped_column(Text)
    bytes: Mapped[int] = mapped_column(BigInteger)
    settings: Mapped[dict[str, Any]] = mapped_column(JSON)
    policy: Mapped[str | None] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)

    state: Mapped[str] = mapped_column(String(12))
    step: Mapped[str | None] = mapped_column(Text)
    share: Mapped[float] = mapped_column(Double)
    error: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created: Mapped[datetime] = mapped_column(Utc)
    started: Mapped[datetime | None] = mapped_column(Utc)
    finished: Mapped[datetime | None] = mapped_column(Utc)
    attempts: Mapped[int]
    owner: Mapped[str | None] = mapped_column(ID)
    lease: Mapped[datetime | None] = mapped_column(Utc)
    deleting: Mapped[bool]

    kind: Mapped[str | None] = mapped_column(String(10))
    duration: Mapped[float | None] = mapped_column(Double)
    turns: Mapped[int | None]
    emotions: Mapped[list[RecordingEmotion]] = relationship(
        order_by=RecordingEmotion.place, lazy="selectin", passive_deletes="all"
    )
    speakers: Mapped[list[RecordingSpeaker]] = relationship(
        order_by=RecordingSpeaker.place, lazy="selectin", passive_deletes="all"
    )
    corrections: Mapped[int] = column_property(
        select(func.count())
        .select_from(Correction)
        .where(Correction.recording_id == id)
        .correlate_except(Correction)
        .scalar_subquery()
    )


class Deletion(Base):
    """What was removed with a recording; `deleted` is null until it is gone, so that it is finished for sure.

    It holds no name, text or emotion: only names of our own files, and numbers.
    """

    __tablename__ = "deletions"

    id: Mapped[str] = mapped_column(ID, primary_key=True)
    project_id: Mapped[str] = mapped_column(ForeignKey("projects.id"), index=True)
    asked: Mapped[datetime] = mapped_column(Utc)
    deleted: Mapped[datetime | None] = mapped_column(Utc)
    files: Mapped[list[str]] = mapped_column(JSON)
    bytes: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int]


OF_A_RECORDING: tuple[type[Base], ...] = (Correction, RecordingEmotion, RecordingSpeaker, Attempt)
"""Tables whose rows belong to a recording by their column `recording_id`."""


def now() -> datetime:
    """This moment, in UTC."""
    return datetime.now(UTC)
