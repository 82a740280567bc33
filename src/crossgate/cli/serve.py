"""`crossgate serve`: the service and its page."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass, fields, replace
from typing import ClassVar

from crossgate.errors import InputError, reason_of
from crossgate.serving.settings import ServiceSettings

DATABASE_VARIABLE = "CROSSGATE_DATABASE"
"""Environment variable that names the database where --database does not; others do not see it."""


@dataclass(frozen=True, kw_only=True)
class Serve(ServiceSettings):
    """Run the service: its page at /, its API under /v1, until it is interrupted.

    On this machine's own address whoever reaches it may use it. Any other address demands tokens: make them
    with `crossgate token create`.
    """

    positional: ClassVar[tuple[str, ...]] = ()

    def run(self) -> int:
        """Serve until told to end."""
        settings = ServiceSettings(**{f.name: getattr(self, f.name) for f in fields(ServiceSettings)})
        if not settings.database:
            settings = replace(settings, database=os.environ.get(DATABASE_VARIABLE, ""))
        try:
            import uvicorn

            from crossgate.serving.api.app import make_app
            from crossgate.serving.live.router import live_router
            from crossgate.serving.storage.opened import open_storage
            from crossgate.serving.work.engine import workers_of
            from crossgate.serving.work.supervisor import Work
        except ModuleNotFoundError as error:
            raise InputError(
                f"the service needs {error.name}, which is not installed",
                fix="pip install 'crossgate[serve]', or crossgate[postgres] for a PostgreSQL database",
            ) from None
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
            )
            host, port = listener.getsockname()[:2]
            print(f"http://{f'[{host}]' if ':' in host else host}:{port}/", flush=True)
            server = uvicorn.Server(
                uvicorn.Config(
                    app,
                    log_level="warning",
                    access_log=False,  # addresses of recordings are nobody's business but their project's
                    server_header=False,
                    ws="websockets-sansio",
                    ws_max_size=settings.live_frame_bytes,
                    timeout_graceful_shutdown=10,
                    # Whom a proxy speaks for is nothing we believe unasked.
                    proxy_headers=False,
                )
            )
            server.run(sockets=[listener])
        return 0


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
