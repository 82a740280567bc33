"""What every answer gets, whatever it is: security headers, a line in the log, a place in the metrics."""

from __future__ import annotations

import asyncio
import logging
from http import HTTPMethod
from pathlib import Path
from time import perf_counter
from traceback import extract_tb
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crossgate.serving.api.errors import answer
from crossgate.serving.api.metrics import Metrics
from crossgate.serving.logs import request_id
from crossgate.serving.problems import problem, title_of

log = logging.getLogger("crossgate.serving")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of every answer that says nothing else. What is deleted shall not be left in somebody's cache."""

METHODS = frozenset(HTTPMethod)

PROBES = ("/healthz", "/metrics")
"""Asked every few seconds; they are in the log only where they fail."""

NOWHERE = "(none)"
"""Stands for an address that is none of ours, so that nobody fills the metrics with made-up ones."""

CLOSED = 499
"""Status in log and metrics of what was broken off by the client; nginx's number, of which HTTP has none."""


class Envelope:
    """The outermost layer. Nothing that goes wrong passes it: the server would log it with texts of users.

    Args:
        app: what is inside.
        metrics: counts the answers.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = perf_counter(), 0
        asked = request_id.set(uuid4().hex)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except (ClientDisconnect, asyncio.CancelledError):  # the service ends, and waits for nobody's upload
            status = status or CLOSED
        except Exception as error:
            log.error("%s %s: %s", _method(scope), _route(scope), _without_words(error))
            if not status:
                document = problem(500, title_of(500), "the service failed; its log says where")
                await answer(document, Request(scope))(scope, receive, sending)
        finally:
            seconds = perf_counter() - begun
            method, route = _method(scope), _route(scope)
            self.metrics.observe(route, method, status or CLOSED, seconds)
            fields = {
                "method": method,
                "route": route,
                "status": status or CLOSED,
                "ms": round(1000 * seconds),
            }
            level = logging.DEBUG if route in PROBES and status < 400 else logging.INFO
            log.log(level, "%s %s %d in %d ms", *fields.values(), extra={"fields": fields})
            request_id.reset(asked)


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in METHODS else "OTHER"


def _route(scope: Scope) -> str:
    """The template of the address, which holds no ids and no names."""
    return getattr(scope.get("route"), "path", NOWHERE)


def _without_words(error: BaseException) -> str:
    """What went wrong and where in the code; not the message, which may hold what users sent."""
    frames = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in extract_tb(error.__traceback__)]
    said = f"{type(error).__name__} at {' < '.join(reversed(frames[-6:]))}"
    before = error.__cause__ or error.__context__
    return said if before is None else f"{said}; after {_without_words(before)}"
