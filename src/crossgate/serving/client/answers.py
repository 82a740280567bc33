"""What the service answers, as Python has it; fields that a later service adds are left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

QUEUED, IN_PROGRESS, COMPLETED, FAILED = "QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"


def known(kind: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a dataclass's own fields."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in content.items() if name in names}


def moment(value: str | None) -> datetime | None:
    """A moment with its time zone."""
    return None if value is None else datetime.fromisoformat(value)


@dataclass(frozen=True)
class Progress:
    """How far an analysis is.

    Attributes:
        step: what is being done, in words.
        share: how much of that is done, 0 to 1.
    """

    step: str | None
    share: float


@dataclass(frozen=True)
class Recording:
    """A recording as the service keeps it.

    Attributes:
        id: by which everything else asks for it.
        name: as it is shown.
        state: `QUEUED`, `IN_PROGRESS`, `COMPLETED` or `FAILED`.
        progress: of its analysis.
        kind: `video`, `audio` or `text`; None while that is not known.
        duration: seconds, None for a text.
        bytes: of what was sent.
        has_transcript: whether one was sent with it.
        created: when it was sent.
        started: when its analysis began.
        finished: when that ended.
        expires: when the service will delete it; None where it keeps it.
        attempts: how often its analysis was begun.
        error: the problem its analysis ended with (RFC 9457), None where there is none.
        model: name of the checkpoint.
        policy: the usage policy it is held to.
        turns: how many were found; None before.
        corrections: how many turns people have corrected.
        emotions: emotion -> number of turns; None before.
        speakers: their names; None before.
    """

    id: str
    name: str
    state: str
    progress: Progress
    kind: str | None
    duration: float | None
    bytes: int
    has_transcript: bool
    created: datetime
    started: datetime | None
    finished: datetime | None
    expires: datetime | None
    attempts: int
    error: Mapping[str, Any] | None
    model: str
    policy: str | None
    turns: int | None
    corrections: int
    emotions: Mapping[str, int] | None
    speakers: tuple[str, ...] | None

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From the service's JSON."""
        speakers = content["speakers"]
        times = {name: moment(content[name]) for name in ("created", "started", "finished", "expires")}
        made = {
            "progress": Progress(**known(Progress, content["progress"])),
            "speakers": None if speakers is None else tuple(speakers),
        }
        return cls(**known(cls, content) | times | made)

    @property
    def over(self) -> bool:
        """Whether its analysis has ended, well or not."""
        return self.state in (COMPLETED, FAILED)


@dataclass(frozen=True)
class RecordingPage:
    """Some recordings, the newest first, and the cursor of the next ones; None at the end."""

    items: tuple[Recording, ...]
    next: str | None

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From the service's JSON."""
        return cls(tuple(map(Recording.of, content["items"])), content["next"])


@dataclass(frozen=True)
class Correction:
    """What a person says of a turn, beside what the model says.

    Attributes:
        utterance_id: of the turn.
        predicted: the model's emotion.
        emotion: the person's.
        note: why, in the person's words.
        author: name of the token it came by.
        created: when.
    """

    utterance_id: str
    predicted: str
    emotion: str
    note: str | None
    author: str | None
    created: datetime

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From the service's JSON."""
        return cls(**known(cls, content) | {"created": moment(content["created"])})


@dataclass(frozen=True)
class Corrections:
    """Those of one recording."""

    items: tuple[Correction, ...]

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From the service's JSON."""
        return cls(tuple(map(Correction.of, content["items"])))


@dataclass(frozen=True)
class Receipt:
    """Of a deletion.

    Attributes:
        id: of the recording that was.
        deleted: when.
        files: names of the files that were removed.
        bytes: that they had.
        rows: of the database that were removed.
        remaining: files and rows that the service still found of it afterwards; 0.
    """

    id: str
    deleted: datetime
    files: tuple[str, ...]
    bytes: int
    rows: int
    remaining: int

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From the service's JSON."""
        removed, remaining = content["removed"], content["remaining"]
        return cls(
            content["id"],
            datetime.fromisoformat(content["deleted"]),
            tuple(removed["files"]),
            removed["bytes"],
            removed["rows"],
            remaining["files"] + remaining["rows"],
        )


@dataclass(frozen=True)
class Me:
    """Who asks, and what the service is.

    Attributes:
        project: whose recordings are seen.
        scopes: what may be done: `read`, `write`, `admin`.
        labels: the emotions.
        model: checkpoint for recordings.
        live_model: checkpoint for live conversations, None where there is none.
        policy: the usage policy everything is held to, None where there is none.
        limits: of the service, by name.
        retention_days: days a recording is kept; None for ever.
        version: of crossgate there.
    """

    project: str
    scopes: tuple[str, ...]
    labels: tuple[str, ...]
    model: str
    live_model: str | None
    policy: str | None
    limits: Mapping[str, Any]
    retention_days: float | None
    version: str

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """From the service's JSON."""
        lists = {name: tuple(content[name]) for name in ("scopes", "labels")}
        return cls(**known(cls, content) | lists)
