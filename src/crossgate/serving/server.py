"""The whole service in one process: storage, work, API, live room and page, begun and ended in order."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable

import uvicorn

from crossgate.errors import InputError, reason_of
from crossgate.serving.api.app import make_app
from crossgate.serving.connections import SPARE, PatientProtocol, raise_descriptors, without_handshakes
from crossgate.serving.live.room import open_sessions
from crossgate.serving.live.router import live_router
from crossgate.serving.logs import begin
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import open_storage
from crossgate.serving.work.engine import workers_of
from crossgate.serving.work.supervisor import Work

PATIENCE = 10
"""Seconds that answers under way have when the service ends."""

ROOM = 1 << 20
"""Bytes above the largest message that is taken, so that a larger one can be told so."""


def serve(settings: ServiceSettings, told: Callable[[str], None] = lambda address: None) -> None:
    """Run the service until the process is told to end (SIGINT, SIGTERM).

    Args:
        settings: how.
        told: is given its address as soon as it can be reached.

    Raises InputError where it cannot listen at the address, or its folder, database, store or checkpoint
    cannot be used.
    """
    begin(settings.log, "service")
    raise_descriptors()
    logging.getLogger("uvicorn.error").addFilter(without_handshakes)
    with (
        _listening(settings) as listener,
        workers_of(settings) as start,
        open_storage(settings) as storage,
        Work(storage, settings, start=start) as work,
    ):
        app = make_app(
            storage,
            settings,
            workers=lambda: work.alive,
            cancel=work.cancel,
            live=live_router(storage, settings),
            live_sessions=lambda: open_sessions.count,
        )
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,  # which recordings are asked for is nobody's business but their project's
            server_header=False,
            http=PatientProtocol,
            backlog=SPARE // 2,  # asyncio accepts so many before any of them is looked at
            proxy_headers=False,  # for whom a proxy speaks is nothing to believe unasked
            ws="websockets-sansio",
            ws_max_size=settings.live_frame_bytes + ROOM,
            ws_max_queue=2,
            timeout_graceful_shutdown=PATIENCE,
        )
        host, port = listener.getsockname()[:2]
        address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
        _Server(config, app.state.context.streams.close, lambda: told(address)).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Says when it can be reached, and lets streams end before it waits for them."""

    def __init__(
        self, config: uvicorn.Config, end_streams: Callable[[], None], ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._end_streams, self._ready = end_streams, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def _listening(settings: ServiceSettings) -> socket.socket:
    """A socket bound to the address. Raises InputError where that cannot be."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise InputError(
            f"the service cannot listen there: {reason_of(error)}",
            where=f"{settings.host}, port {settings.port}",
            fix="name another --host or --port; 0 takes a free one",
        ) from None
    return listener
