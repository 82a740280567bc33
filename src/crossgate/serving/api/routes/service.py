"""The service itself: who asks, whether it works, what it counts."""

from __future__ import annotations

import asyncio
from typing import cast

from fastapi import APIRouter, Response

from crossgate import __version__
from crossgate.media.transcripts.decoding import LARGEST as LARGEST_TRANSCRIPT
from crossgate.report.colours import colours
from crossgate.serving.api.context import Anybody, Reader, Service
from crossgate.serving.api.errors import ApiError
from crossgate.serving.api.found import retention_days
from crossgate.serving.api.metrics import CONTENT_TYPE
from crossgate.serving.api.shapes import examples, schemas
from crossgate.serving.api.shapes.documents import answers, problems
from crossgate.serving.storage.recordings import counts_by_state

router = APIRouter(tags=["service"])

PATIENCE = 5.0
"""Seconds after which a database that does not answer counts as not there."""


@router.get(
    "/v1/me",
    summary="Ask who one is",
    response_description="The project, what may be done, what the service does and how much of it.",
    responses=problems(),
)
def me(service: Service, access: Anybody) -> schemas.Me:
    """What the token opens, and what the service is set to."""
    settings = service.settings
    return schemas.Me(
        project=access.project,
        scopes=[cast("schemas.Scope", scope) for scope in access.scopes],
        labels=list(service.labels),
        colours=colours(service.labels),
        model=service.model,
        live_model=service.live_model,
        policy=settings.policy,
        limits={
            "bytes": settings.max_bytes,
            "transcript_bytes": LARGEST_TRANSCRIPT,
            "seconds": settings.max_minutes * 60,
            "requests_per_minute": settings.requests_per_minute,
            "live_utterances": settings.live_utterances,
            "live_idle_seconds": settings.live_idle_seconds,
            "live_frame_bytes": settings.live_frame_bytes,
        },
        retention_days=retention_days(service, access),
        version=__version__,
    )


@router.get(
    "/healthz",
    summary="Ask whether the service works",
    response_description="It does.",
    responses=problems(503, gated=False),
)
async def healthz(service: Service) -> schemas.Health:
    """Whether the database answers, and how many processes analyse. No token is needed."""
    try:
        async with asyncio.timeout(PATIENCE):
            healthy = await asyncio.to_thread(service.storage.database.healthy)
    except TimeoutError:
        healthy = False
    if not healthy:
        raise ApiError(503, "the database does not answer", database="unreachable", workers=service.workers())
    return schemas.Health(status="ok", database="ok", workers=service.workers())


@router.get(
    "/metrics",
    summary="Get what the service counts",
    response_class=Response,
    responses=problems() | {200: answers("Prometheus' text format.", {"text/plain": examples.METRICS})},
)
def metrics(service: Service, access: Reader) -> Response:
    """Requests, recordings by state, workers, live conversations; of all projects, without any name."""
    text = service.metrics.text(counts_by_state(service.storage.database), service.workers())
    return Response(text, media_type=CONTENT_TYPE)
