"""The application: everything the service answers over HTTP, and the live room where there is one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI
from starlette.middleware.cors import CORSMiddleware

from crossgate import __version__
from crossgate.errors import InputError
from crossgate.packaged import find_checkpoint
from crossgate.serving.api import errors
from crossgate.serving.api.context import LABOUR, Context
from crossgate.serving.api.envelope import Envelope
from crossgate.serving.api.metrics import Metrics
from crossgate.serving.api.routes import (
    corpus,
    corrections,
    deletions,
    events,
    exports,
    page,
    recordings,
    results,
    service,
)
from crossgate.serving.api.shapes import documents, schemas
from crossgate.serving.api.streams import Streams
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.projects import ensure_project

ROUTES = (recordings, events, results, exports, corrections, corpus, deletions, service, page)

SENT = (schemas.Named, schemas.Verdict)
"""Bodies that routes read by themselves, once they know who asks."""

ANSWERED = (
    schemas.RecordingPage,
    schemas.Corrections,
    schemas.View,
    schemas.Receipt,
    schemas.Pending,
    schemas.Me,
    schemas.Health,
    schemas.InvalidProblem,
)
"""Answers, which hold the others."""


def make_app(
    storage: Storage,
    settings: ServiceSettings,
    *,
    workers: Callable[[], int] = lambda: 0,
    cancel: Callable[[str], None] = lambda id: None,
    live: APIRouter | None = None,
    live_sessions: Callable[[], int] | None = None,
) -> FastAPI:
    """The application of a service.

    A server that stops should call `app.state.context.streams.close()` first: streams of progress last as
    long as analyses do.

    Args:
        storage: rows and files.
        settings: how it runs.
        workers: how many processes analyse.
        cancel: asks that the analysis of a recording be stopped soon.
        live: the WebSocket of live conversations.
        live_sessions: how many of these there are.

    Raises InputError where there is no such checkpoint.
    """
    ensure_project(storage.database)
    name, labels = _checkpoint(settings.model)
    metrics = Metrics(live_sessions)
    context = Context(
        storage=storage,
        settings=settings,
        model=name,
        labels=labels,
        live_model=None if live is None else settings.live_model.name,
        workers=workers,
        cancel=cancel,
        metrics=metrics,
        streams=Streams(metrics.streams.set),
        labour=ThreadPoolExecutor(LABOUR, thread_name_prefix="labour"),
    )
    app = _Documented(
        title="crossgate",
        version=__version__,
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
    )
    app.state.context = context
    routers = [one.router for one in ROUTES] if live is None else [*(one.router for one in ROUTES), live]
    for router in routers:
        app.include_router(router)
    app.state.routes = [*app.routes, *(route for router in routers for route in router.routes)]
    errors.install(app)
    if settings.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.origins,
            allow_methods=["GET", "HEAD", "POST", "PUT", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "Range"],
            expose_headers=["Location", "Content-Disposition", "Content-Range", "Retry-After"],
        )
    app.add_middleware(Envelope, metrics=metrics)
    return app


class _Documented(FastAPI):
    """An application whose OpenAPI document is ours."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            self.openapi_schema = documents.document(self, self.state.context.settings.open, SENT, ANSWERED)
        return self.openapi_schema


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    context: Context = app.state.context
    context.streams.close()
    context.labour.shutdown(wait=False, cancel_futures=True)


def _checkpoint(model: Path) -> tuple[str, tuple[str, ...]]:
    """Its name and emotions, without loading its network."""
    from crossgate.evaluation.members import checkpoint_folders  # torch, which takes seconds
    from crossgate.models.checkpoint import CONFIG_FILE

    found = find_checkpoint(model)
    config = checkpoint_folders(found.folder)[0] / CONFIG_FILE
    try:
        labels = json.loads(config.read_text(encoding="utf-8"))["labels"]["labels"]
        return found.name, tuple(map(str, labels))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"the checkpoint's emotions cannot be read: {type(error).__name__}", where=str(config)
        ) from None
