"""`/v1/recordings/{id}/corrections`: what people say instead of what was predicted."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.convertors import StringConvertor, register_url_convertor

from crossgate.errors import InputError
from crossgate.serving.api.context import Context, Reader, Service, Writer
from crossgate.serving.api.errors import ApiError, no_such_recording
from crossgate.serving.api.found import content_of, find_completed
from crossgate.serving.api.routes.recordings import Id
from crossgate.serving.api.shapes import schemas
from crossgate.serving.api.shapes.documents import body, problems
from crossgate.serving.api.taking.parcel import parsed, read_json
from crossgate.serving.storage.corrections import correct, corrections_of, withdraw
from crossgate.serving.storage.projects import Access
from crossgate.serving.storage.tables import Correction
from crossgate.serving.storage.texts import checked_text


class _Anything(StringConvertor):
    """The rest of an address: ids of turns come from transcripts, and hold slashes and even line ends."""

    regex = r"(?s:.+)"


register_url_convertor("anything", _Anything())

router = APIRouter(prefix="/v1/recordings", tags=["corrections"])

Turn = Annotated[str, Path(description="Id of the turn, percent-encoded.", examples=["u001"])]

NO_SUCH_TURN = "There is no such turn"


@router.get(
    "/{id}/corrections",
    summary="List corrections",
    response_description="All of them.",
    responses=problems(404),
)
def list_corrections(id: Id, service: Service, access: Reader) -> schemas.Corrections:
    """The corrections of a recording, the oldest first."""
    found = corrections_of(service.storage.database, access.project_id, id)
    if found is None:
        raise no_such_recording()
    return schemas.Corrections(items=[_shown(each) for each in found])


@router.put(
    "/{id}/corrections/{utterance_id:anything}",
    summary="Correct a turn",
    response_description="The correction.",
    openapi_extra=body(schemas.Verdict),
    responses=problems(404, 408, 409, 413, 415, 422),
)
async def put(
    id: Id, utterance_id: Turn, request: Request, service: Service, access: Writer
) -> schemas.Correction:
    """Say which emotion a turn expresses, in the place of what was said before. The result stays as it is."""
    verdict = parsed(await read_json(request, service), schemas.Verdict)
    return await run_in_threadpool(_correct, service, access, id, utterance_id, verdict)


@router.delete(
    "/{id}/corrections/{utterance_id:anything}",
    status_code=204,
    summary="Withdraw a correction",
    response_description="It is gone.",
    response_class=Response,
    responses=problems(404, 422),
)
def delete(id: Id, utterance_id: Turn, service: Service, access: Writer) -> Response:
    """Forget the correction of a turn."""
    if not withdraw(service.storage.database, access.project_id, id, utterance_id):
        raise ApiError(404, title="There is no such correction")
    return Response(status_code=204)


def _correct(
    service: Context, access: Access, id: str, utterance_id: str, verdict: schemas.Verdict
) -> schemas.Correction:
    checked_text(utterance_id, "utterance_id")
    content = content_of(service, find_completed(service, access, id))
    predicted = {turn["id"]: turn["emotion"] for turn in content["utterances"]}.get(utterance_id)
    if predicted is None:
        raise ApiError(404, title=NO_SUCH_TURN)
    if verdict.emotion not in content["labels"]:
        raise InputError(
            "is none of the emotions of this recording",
            where="emotion",
            fix=f"choose among {', '.join(content['labels'])}",
        )
    kept = correct(
        service.storage.database,
        access.project_id,
        id,
        utterance_id,
        predicted=predicted,
        emotion=verdict.emotion,
        note=verdict.note,
        author=access.author,
    )
    if kept is None:
        raise no_such_recording()
    return _shown(kept)


def _shown(correction: Correction) -> schemas.Correction:
    return schemas.Correction(
        utterance_id=correction.utterance_id,
        predicted=correction.predicted,
        emotion=correction.emotion,
        note=correction.note,
        author=correction.author,
        created=correction.created,
    )
