"""Recordings and their results as they are kept, for the routes that answer with them."""

from __future__ import annotations

import json
from typing import Any, cast

from crossgate.report.reading import result_of
from crossgate.report.result import Result
from crossgate.serving.api.context import Context
from crossgate.serving.api.errors import ApiError, no_such_recording
from crossgate.serving.api.shapes import schemas
from crossgate.serving.storage import recordings
from crossgate.serving.storage.deletion import Receipt
from crossgate.serving.storage.projects import Access, retention_of
from crossgate.serving.storage.recordings import expiry, key_of
from crossgate.serving.storage.tables import COMPLETED, Recording


def find(context: Context, access: Access, id: str) -> Recording:
    """A recording of the project. Raises ApiError (404) where there is none."""
    recording = recordings.found(context.storage.database, access.project_id, id)
    if recording is None:
        raise no_such_recording()
    return recording


def find_completed(context: Context, access: Access, id: str) -> Recording:
    """As `find`; ApiError (409) where it has no result."""
    recording = find(context, access, id)
    if recording.state != COMPLETED or recording.result_file is None:
        raise ApiError(409, f"its state is {recording.state}, expected COMPLETED", title="There is no result")
    return recording


def content_of(context: Context, recording: Recording) -> dict[str, Any]:
    """What its `result.json` holds. Raises ApiError (404) where it was deleted meanwhile."""
    assert recording.result_file is not None
    try:
        content: dict[str, Any] = json.loads(
            context.storage.media.read(key_of(recording, recording.result_file))
        )
    except FileNotFoundError:
        raise no_such_recording() from None
    return content


def result_of_recording(context: Context, recording: Recording) -> Result:
    """Its result. Raises ApiError (404) where it was deleted meanwhile."""
    return result_of(content_of(context, recording), f"result of the recording {recording.id}")


def retention_days(context: Context, access: Access) -> float | None:
    """Days the project's recordings are kept; None for ever."""
    with context.storage.database.reading() as session:
        return retention_of(session, access.project_id, context.settings.retention_days)


def shown(context: Context, recording: Recording) -> schemas.Recording:
    """A recording as it is answered."""
    return all_shown(context, (recording,))[0]


def all_shown(context: Context, found: tuple[Recording, ...]) -> list[schemas.Recording]:
    """Recordings as they are answered."""
    with context.storage.database.reading() as session:
        expiries = [expiry(session, each, context.settings.retention_days) for each in found]
    return [_shown(each, expires) for each, expires in zip(found, expiries, strict=True)]


def receipt_shown(receipt: Receipt) -> schemas.Receipt:
    """A receipt as it is answered."""
    return schemas.Receipt(
        id=receipt.id,
        deleted=receipt.deleted,
        removed=schemas.Removed(files=list(receipt.files), bytes=receipt.bytes, rows=receipt.rows),
        remaining=schemas.Remaining(files=receipt.files_left, rows=receipt.rows_left),
    )


def _shown(recording: Recording, expires: Any) -> schemas.Recording:
    done = recording.state == COMPLETED
    return schemas.Recording(
        id=recording.id,
        name=recording.name,
        kind=cast("schemas.Kind | None", recording.kind),
        duration=recording.duration,
        bytes=recording.bytes,
        has_transcript=recording.transcript_file is not None or recording.transcript_url is not None,
        state=cast("schemas.State", recording.state),
        progress=schemas.Progress(step=recording.step, share=min(1.0, max(0.0, recording.share))),
        created=recording.created,
        started=recording.started,
        finished=recording.finished,
        expires=expires,
        attempts=recording.attempts,
        error=None if recording.error is None else schemas.Problem(**recording.error),
        model=recording.model,
        policy=recording.policy,
        turns=recording.turns,
        corrections=recording.corrections,
        emotions={each.emotion: each.turns for each in recording.emotions} if done else None,
        speakers=[each.name for each in recording.speakers] if done else None,
    )
