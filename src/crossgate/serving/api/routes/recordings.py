"""`/v1/recordings`: sending, listing, looking at one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from crossgate.errors import InputError
from crossgate.serving.api.context import Reader, Service, Writer
from crossgate.serving.api.found import all_shown, find, shown
from crossgate.serving.api.shapes import examples, schemas
from crossgate.serving.api.shapes.documents import body, headers_of, problems
from crossgate.serving.api.taking.parcel import take
from crossgate.serving.storage.recordings import Filter, listed

router = APIRouter(prefix="/v1/recordings", tags=["recordings"])

Id = Annotated[
    str,
    Path(
        description="Of the recording.",
        examples=[examples.ID],
        json_schema_extra={"pattern": "^[0-9a-f]{32}$"},
    ),
]

FORM = {
    "schema": {
        "type": "object",
        "properties": {
            "recording": {
                "type": "string",
                "format": "binary",
                "description": "Anything FFmpeg reads.",
            },
            "transcript": {
                "type": "string",
                "format": "binary",
                "description": "Who says what and when; its file name ends as its format does. Alone it is "
                "analysed as a text.",
            },
            "name": {"type": "string", "maxLength": schemas.LONGEST_NAME, "description": "Shown to people."},
            "settings": {
                "type": "string",
                "contentMediaType": "application/json",
                "description": "The settings as JSON. Send it before the files, and what cannot be met is "
                "refused before they are read.",
            },
        },
        "additionalProperties": False,
        "anyOf": [{"required": ["recording"]}, {"required": ["transcript"]}],
    },
    "example": {
        "name": "Weekly meeting",
        "settings": '{"speakers": 2}',
        "recording": "(bytes of meeting.mp4)",
        "transcript": "(bytes of meeting.vtt)",
    },
}


class Wanted(BaseModel):
    """Which recordings are listed."""

    model_config = ConfigDict(extra="forbid")

    state: schemas.State | None = Field(None, description="State of the analysis.")
    name: str | None = Field(None, max_length=500, description="Part of the name, whatever its case.")
    speaker: str | None = Field(None, max_length=500, description="Who speaks in it, by the whole name.")
    emotion: str | None = Field(None, max_length=100, description="That some turn expresses, as predicted.")
    created_after: str | None = Field(
        None,
        description="Inclusive, with its time zone.",
        examples=["2026-01-31T12:00:00Z"],
        json_schema_extra={"format": "date-time"},
    )
    created_before: str | None = Field(
        None,
        description="Exclusive, with its time zone.",
        examples=["2026-01-31T12:00:00Z"],
        json_schema_extra={"format": "date-time"},
    )
    limit: int = Field(50, ge=1, le=200, description="Most recordings of a page.")
    cursor: str | None = Field(None, max_length=500, description="`next` of the page before.")


def _form_and_json() -> dict[str, object]:
    documented = body(schemas.Named)
    documented["requestBody"]["content"] = {
        "multipart/form-data": FORM,
        **documented["requestBody"]["content"],
    }
    return documented


@router.post(
    "",
    status_code=202,
    summary="Send a recording, or name one in a store",
    response_description="It waits to be analysed.",
    openapi_extra=_form_and_json(),
    responses=problems(408, 413, 415, 422, 507)
    | {202: {"headers": headers_of({"Location": "Path of the recording."})}},
)
async def send(request: Request, response: Response, service: Service, access: Writer) -> schemas.Recording:
    """Send a recording with its transcript or without, or a transcript alone; or name them by URL.

    Files are told by their content, transcripts by the ending of their name as well. URLs lie in a store the
    service was allowed to take from (`--allow-store`).
    """
    recording = await take(request, service, access)
    response.headers["Location"] = f"{router.prefix}/{recording.id}"
    return await run_in_threadpool(shown, service, recording)


@router.get(
    "",
    summary="List recordings",
    response_description="A page of them, the newest first.",
    responses=problems(422),
)
def list_recordings(
    service: Service, access: Reader, wanted: Annotated[Wanted, Query()]
) -> schemas.RecordingPage:
    """The project's recordings, the newest first, narrowed by what is given."""
    which = Filter(
        state=wanted.state,
        name=wanted.name,
        speaker=wanted.speaker,
        emotion=wanted.emotion,
        created_after=_moment(wanted.created_after, "created_after"),
        created_before=_moment(wanted.created_before, "created_before"),
    )
    page = listed(service.storage.database, access.project_id, which, wanted.limit, wanted.cursor)
    return schemas.RecordingPage(items=all_shown(service, page.items), next=page.next)


@router.get(
    "/{id}",
    summary="Look at a recording",
    response_description="How it stands.",
    responses=problems(404),
)
def one(id: Id, service: Service, access: Reader) -> schemas.Recording:
    """A recording, and how its analysis stands."""
    return shown(service, find(service, access, id))


def _moment(text: str | None, where: str) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InputError("is no time", where=where, fix="write it as 2026-01-31T12:00:00Z") from None
