"""Deleting recordings, and the receipts that say what was removed."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from crossgate.serving.api.context import Admin, Context, ReaderOrAdmin, Service
from crossgate.serving.api.errors import ApiError, no_such_recording
from crossgate.serving.api.found import receipt_shown
from crossgate.serving.api.routes.recordings import Id
from crossgate.serving.api.shapes import schemas
from crossgate.serving.api.shapes.documents import headers_of, problems
from crossgate.serving.storage.deletion import Receipt, begin, begun, finish, receipt_of

log = logging.getLogger("crossgate.serving")

router = APIRouter(prefix="/v1", tags=["deletion"])

PATIENCE = 10.0
"""Seconds to wait for an analysis to stop before the answer is that it goes on."""

EVERY = 0.2

PENDING = {
    "model": schemas.Pending,
    "description": "Hidden from everybody, and gone as soon as its analysis has stopped.",
    "headers": headers_of({"Location": "Path at which the receipt will be."}),
}


@router.delete(
    "/recordings/{id}",
    summary="Delete a recording",
    response_model=schemas.Receipt,
    response_description="It is gone; the receipt.",
    responses=problems(404) | {202: PENDING},
)
async def delete(id: Id, service: Service, access: Admin) -> Response:
    """Delete a recording with its features, results and corrections, and look that nothing is left.

    An analysis that runs is stopped first. From the first moment the recording is found no more.
    """
    if not await run_in_threadpool(begin, service.storage.database, access.project_id, id):
        raise no_such_recording()
    log.info("recording %s: to be deleted", id)
    service.cancel(id)
    until = monotonic() + PATIENCE
    while True:
        receipt = await run_in_threadpool(_finished, service, id)
        if receipt is not None:
            log.info("recording %s: deleted", id)
            return _answer(receipt_shown(receipt))
        if monotonic() > until:
            return _pending(id)
        await asyncio.sleep(EVERY)


@router.get(
    "/deletions/{id}",
    summary="Get a receipt",
    response_model=schemas.Receipt,
    response_description="What was removed, and that nothing is left.",
    responses=problems(404) | {202: PENDING},
)
def receipt(id: Id, service: Service, access: ReaderOrAdmin) -> Response:
    """The receipt of a deletion; what is left is looked for anew."""
    found = receipt_of(service.storage.database, service.storage.media, access.project_id, id)
    if found is not None:
        return _answer(receipt_shown(found))
    if begun(service.storage.database, access.project_id, id):
        return _pending(id)
    raise ApiError(404, title="There is no such deletion")


def _finished(service: Context, id: str) -> Receipt | None:
    try:
        return finish(service.storage.database, service.storage.media, id)
    except OSError as error:  # the receipt stays open, and the service goes on with it
        log.error("recording %s: the store does not let it go (%s)", id, type(error).__name__)
        return None


def _answer(receipt: schemas.Receipt) -> Response:
    return Response(receipt.model_dump_json(), media_type="application/json")


def _pending(id: str) -> Response:
    path = f"{router.prefix}/deletions/{id}"
    content = schemas.Pending(id=id, receipt=path).model_dump_json()
    return Response(content, 202, {"Location": path}, "application/json")
