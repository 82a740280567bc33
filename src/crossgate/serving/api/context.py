"""What every endpoint is given: the storage, the settings, and who asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from crossgate.serving.access import demand, find_access
from crossgate.serving.api.metrics import Metrics
from crossgate.serving.api.streams import Streams
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.projects import Access

T = TypeVar("T")

LABOUR = 2
"""Exports and corpora that are made at a time; others wait, and requests that are quick do not."""


@dataclass(frozen=True)
class Context:
    """One service.

    Attributes:
        storage: rows and files.
        settings: how it runs.
        model: name of the checkpoint that analyses recordings.
        labels: the emotions it tells apart.
        live_model: name of the checkpoint of live conversations; None where there are none.
        workers: how many processes analyse.
        cancel: asks that the analysis of a recording be stopped soon.
        metrics: counts of requests.
        streams: of progress that are open.
        labour: does what takes seconds.
    """

    storage: Storage
    settings: ServiceSettings
    model: str
    labels: tuple[str, ...]
    live_model: str | None
    workers: Callable[[], int]
    cancel: Callable[[str], None]
    metrics: Metrics
    streams: Streams
    labour: ThreadPoolExecutor

    @property
    def scratch(self) -> Path:
        """The folder of what is under way."""
        self.settings.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.settings.scratch

    async def laboured(self, work: Callable[[], T]) -> T:
        """Have something done that takes seconds."""
        return await asyncio.wrap_future(self.labour.submit(work))


async def context_of(request: Request) -> Context:
    """The service that is asked."""
    context: Context = request.app.state.context
    return context


bearer = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token that `crossgate token create` makes. None is needed where the service listens to "
    "its own machine alone.",
)


def may(*scopes: str) -> Callable[..., Access]:
    """A dependency: who asks, if he has one of the scopes; any token does where none is named.

    It comes before the body is read. Raises Refused as `find_access` and `demand` do.
    """

    def access(
        request: Request,
        context: Annotated[Context, Depends(context_of)],
        _: Annotated[object, Depends(bearer)],  # for the documentation
    ) -> Access:
        host = None if request.client is None else request.client.host
        found = find_access(
            context.storage.database,
            context.settings,
            request.headers,
            (),
            host,
            request.scope["http_version"],
        )
        return demand(found, *scopes) if scopes else found

    return access


Service = Annotated[Context, Depends(context_of)]
Anybody = Annotated[Access, Depends(may())]
Reader = Annotated[Access, Depends(may("read"))]
Writer = Annotated[Access, Depends(may("write"))]
Admin = Annotated[Access, Depends(may("admin"))]
ReaderOrAdmin = Annotated[Access, Depends(may("read", "admin"))]
