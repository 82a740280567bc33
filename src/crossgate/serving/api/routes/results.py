"""What was found in a recording: the result, what the viewer shows, and the recording itself."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from crossgate.report.colours import colours, letters
from crossgate.serving.api.context import Context, Reader, Service
from crossgate.serving.api.errors import ApiError, no_such_recording
from crossgate.serving.api.found import content_of, find, find_completed
from crossgate.serving.api.kinds import HEAD, media_type
from crossgate.serving.api.routes.recordings import Id
from crossgate.serving.api.sending import FileAnswer, range_of
from crossgate.serving.api.shapes import schemas
from crossgate.serving.api.shapes.documents import RESULT, answers, problems
from crossgate.serving.storage.projects import Access
from crossgate.serving.storage.recordings import found, key_of

router = APIRouter(prefix="/v1/recordings", tags=["results"])

MEDIA_TYPES = ("video/*", "audio/*", "application/octet-stream")

OF_MEDIA = {"Accept-Ranges": "bytes.", "ETag": "The recording never changes, nor does this."}
MEDIA_RESPONSES = problems(404, 416) | {
    200: answers("The whole recording.", dict.fromkeys(MEDIA_TYPES), OF_MEDIA),
    206: answers(
        "The part that was asked for.",
        dict.fromkeys(MEDIA_TYPES),
        OF_MEDIA | {"Content-Range": "Which part, of how many bytes."},
    ),
}

Range = Annotated[
    str | None,
    Header(
        description="One range of bytes; of several, and of others, the whole is sent.",
        examples=["bytes=0-99"],
    ),
]
IfRange = Annotated[str | None, Header(description="The ETag; with another one the whole is sent.")]


@router.get(
    "/{id}/result",
    summary="Get the result",
    response_class=Response,
    responses=problems(404, 409)
    | {
        200: {
            "description": "`result.json`, as docs/result-file.md describes it, with its summary.",
            "content": {"application/json": RESULT},
        }
    },
)
def result(id: Id, service: Service, access: Reader) -> Response:
    """The result of an analysis, byte for byte as it is kept; corrections are not in it."""
    recording = find_completed(service, access, id)
    assert recording.result_file is not None
    key = key_of(recording, recording.result_file)
    try:
        size = service.storage.media.size(key)
        file = service.storage.media.open(key)
    except FileNotFoundError:
        raise no_such_recording() from None
    return FileAnswer(file, size, media_type="application/json")


@router.get(
    "/{id}/view",
    summary="Get what the viewer shows",
    response_class=Response,
    response_description="The result, the look of the emotions, and where the recording is.",
    response_model=schemas.View,
    responses=problems(404, 409),
)
def view(id: Id, service: Service, access: Reader) -> Response:
    """The result together with what else the viewer needs."""
    recording = find_completed(service, access, id)
    content: dict[str, Any] = content_of(service, recording)
    labels = content["labels"]
    playable = recording.media_file is not None and recording.kind != "text"
    shown = {
        "result": content,
        "colours": colours(labels),
        "letters": letters(labels),
        "media": f"{router.prefix}/{recording.id}/media" if playable else None,
    }
    return Response(json.dumps(shown, separators=(",", ":")), media_type="application/json")


@router.get(
    "/{id}/media",
    summary="Play the recording",
    response_class=Response,
    responses=MEDIA_RESPONSES,
)
def media(
    id: Id, service: Service, access: Reader, range: Range = None, if_range: IfRange = None
) -> Response:
    """The recording as it was sent, whole or one range of it."""
    return _media(service, access, id, range, if_range, body=True)


@router.head(
    "/{id}/media",
    summary="Ask about the recording's bytes",
    response_class=Response,
    responses=MEDIA_RESPONSES,
)
def media_head(
    id: Id, service: Service, access: Reader, range: Range = None, if_range: IfRange = None
) -> Response:
    """As `GET`, without the bytes."""
    return _media(service, access, id, range, if_range, body=False)


def _media(
    service: Context, access: Access, id: str, range: str | None, if_range: str | None, body: bool
) -> Response:
    recording = find(service, access, id)
    if recording.media_file is None:
        raise ApiError(404, title="There is no recording to play")
    store, key, tag = service.storage.media, key_of(recording, recording.media_file), f'"{recording.id}"'
    try:
        size = store.size(key)
        with store.open(key) as file:
            kind = media_type(file.read(HEAD), recording.kind)
        part = range_of(range, size) if if_range in (None, tag) else None
        file = store.open(key, 0 if part is None else part[0])
    except FileNotFoundError:
        raise no_such_recording() from None
    except ValueError:
        raise ApiError(
            416,
            f"the recording has {size:,} bytes",
            headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"},
        ) from None
    first, end = (0, size) if part is None else part
    headers = {"Accept-Ranges": "bytes", "ETag": tag, "Content-Disposition": "inline"}
    if part is not None:
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
    status = 200 if part is None else 206
    if not body:
        file.close()
        return Response(
            status_code=status, headers={**headers, "Content-Length": str(end - first)}, media_type=kind
        )
    database = service.storage.database
    return FileAnswer(
        file,
        end - first,
        status=status,
        media_type=kind,
        headers=headers,
        there=lambda: found(database, access.project_id, id) is not None,
    )
