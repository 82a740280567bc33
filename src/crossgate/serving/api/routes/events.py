"""`/v1/recordings/{id}/events`: the progress of an analysis, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from crossgate.serving.api.context import Context, Reader, Service
from crossgate.serving.api.errors import ApiError
from crossgate.serving.api.found import find, shown
from crossgate.serving.api.routes.recordings import Id
from crossgate.serving.api.shapes import examples
from crossgate.serving.api.shapes.documents import problems
from crossgate.serving.storage.projects import Access, is_revoked
from crossgate.serving.storage.recordings import found, pulse
from crossgate.serving.storage.tables import COMPLETED, FAILED

router = APIRouter(prefix="/v1/recordings", tags=["recordings"])

EVERY = 0.5
"""Seconds between two looks at the database."""

HEARTBEAT = 15.0
"""Seconds after which a comment is sent, so that nothing between takes the connection for dead."""

AGAIN = 10
"""Seconds to wait where too many streams are open."""

GONE = "event: gone\ndata: {}\n\n"


EVENT = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["progress", "gone"]},
        "data": {
            "type": "string",
            "contentMediaType": "application/json",
            "contentSchema": {"anyOf": [{"$ref": "#/components/schemas/Recording"}, {"const": {}}]},
        },
    },
}
"""One event, as OpenAPI 3.2 describes the items of a stream."""

STREAM = {
    "description": "`progress` with the whole recording as JSON, at once and at every change; it ends when "
    "the analysis is over. `gone` where the recording is deleted. A comment every 15 s.",
    "content": {"text/event-stream": {"itemSchema": EVENT, "example": examples.EVENTS}},
}


@router.get(
    "/{id}/events",
    summary="Follow an analysis",
    response_class=StreamingResponse,
    responses=problems(404) | {200: STREAM},
)
async def events(id: Id, service: Service, access: Reader) -> StreamingResponse:
    """Server-sent events of a recording until its analysis is over."""
    await run_in_threadpool(find, service, access, id)
    if not service.streams.take(access.token):
        raise ApiError(
            429, "too many streams are open", headers={"Retry-After": str(AGAIN)}, title="Too many streams"
        )
    return _Stream(service, access, id)


class _Stream(StreamingResponse):
    """A stream that gives its place back however it ends, be it before its first byte."""

    def __init__(self, service: Context, access: Access, id: str) -> None:
        super().__init__(_events(service, access, id), media_type="text/event-stream")
        self.headers["X-Accel-Buffering"] = "no"  # nginx would wait for more
        self._streams, self._whose = service.streams, access.token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._streams.give_back(self._whose)


async def _events(service: Context, access: Access, id: str) -> AsyncIterator[str]:
    """The events, as text. The database is asked off the loop, and for everything only after a change."""
    yield ": here\n\n"
    database = service.storage.database
    before: object = None
    spoken = asked = monotonic()
    while not service.streams.closing:
        if access.token is not None and monotonic() - asked > HEARTBEAT:
            if await run_in_threadpool(is_revoked, database, access.token):
                return
            asked = monotonic()
        now = await run_in_threadpool(pulse, database, access.project_id, id)
        if now != before:
            recording = await run_in_threadpool(found, database, access.project_id, id)
            if recording is None:
                yield GONE
                return
            said = await run_in_threadpool(shown, service, recording)
            yield f"event: progress\ndata: {said.model_dump_json()}\n\n"
            if recording.state in (COMPLETED, FAILED):
                return
            before, spoken = now, monotonic()
        elif monotonic() - spoken > HEARTBEAT:
            yield ": still here\n\n"
            spoken = monotonic()
        await asyncio.sleep(EVERY)
