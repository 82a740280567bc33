"""`WS /v1/live`: who may connect, how long a connection lasts, and what closes it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse

from crossgate.serving.access import Refused, demand, find_access, same_origin
from crossgate.serving.live.model import SharedModel
from crossgate.serving.live.room import OpenSessions, Threads, open_sessions
from crossgate.serving.live.session import Session, error_of, refusal_of
from crossgate.serving.problems import MEDIA_TYPE, problem
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.projects import Access

PROTOCOL = "crossgate.v1"

PATH = "/v1/live"

SCOPE = "write"
"""What a token must allow: utterances are sent, as recordings are."""

PASSING = (429, 503)
"""Refusals that may be others a little later; the conversation goes on."""

# RFC 6455, 7.4.1, and the registry it founds.
ENDED, UNSUPPORTED, POLICY_VIOLATED, TRY_AGAIN_LATER = 1000, 1003, 1008, 1013


def live_router(
    storage: Storage,
    settings: ServiceSettings,
    *,
    shared: SharedModel | None = None,
    sessions: OpenSessions = open_sessions,
) -> APIRouter:
    """The route of live conversations.

    Args:
        storage: knows the tokens; nothing of a conversation is put into it.
        settings: limits, the usage policy, the checkpoint.
        shared: the checkpoint, where it is loaded already.
        sessions: counts those that are open.
    """
    router = APIRouter()
    gate = Gate(storage, settings)
    model = shared or SharedModel(settings)
    threads = Threads()

    @router.websocket(PATH)
    async def live(websocket: WebSocket) -> None:
        try:
            access = await asyncio.to_thread(gate.check, websocket)
        except Refused as refused:
            await _deny(websocket, refused)
            return
        await websocket.accept(subprotocol=PROTOCOL)
        with sessions.one_more(settings.live_sessions, access.project_id) as taken:
            if not taken:
                await _turn_away(websocket)
                return
            session = Session(model, settings)
            await Connection(websocket, session, gate, threads, settings.live_idle_seconds).converse()

    return router


class Gate:
    """Who may talk: by token, by address, by the page that asks."""

    def __init__(self, storage: Storage, settings: ServiceSettings) -> None:
        self._database = storage.database
        self._settings = settings

    def check(self, websocket: WebSocket) -> Access:
        """Who talks. Raises Refused where the connection, or its next message, may not be answered."""
        headers = websocket.headers
        offered: Sequence[str] = websocket.scope.get("subprotocols", ())
        if PROTOCOL not in offered:
            raise Refused(400, f"the WebSocket asks for no subprotocol that is spoken here: {PROTOCOL}")
        self._check_origin(headers.get("origin"), headers.get("host"))
        host = None if websocket.client is None else websocket.client.host
        try:
            version = websocket.scope.get("http_version", "1.1")
            access = find_access(self._database, self._settings, headers, offered, host, version)
        except SQLAlchemyError:
            raise Refused(503, "the database does not answer; try again later") from None
        return demand(access, SCOPE)

    def _check_origin(self, origin: str | None, host: str | None) -> None:
        """Browsers let any page open a WebSocket and say which it was; programs name none."""
        if origin is None or origin.rstrip("/") in self._settings.origins:
            return
        if host is None or not same_origin(origin, host):
            raise Refused(403, "a page from elsewhere may not ask; --allow-origin lets it")


class Connection:
    """The frames of one client, answered in their order.

    No turn is begun before the one before it is answered, so that a `Session` is never in two threads.
    """

    def __init__(
        self, websocket: WebSocket, session: Session, gate: Gate, threads: Threads, idle: float
    ) -> None:
        self._websocket = websocket
        self._session = session
        self._gate = gate
        self._threads = threads
        self._idle = idle

    async def converse(self) -> None:
        """Answer until the conversation is over, or the client is gone."""
        try:
            while await self._next():
                pass
        except WebSocketDisconnect:
            pass  # what was said goes with the session

    async def _next(self) -> bool:
        """Answer one frame; False where there is none more to come."""
        try:
            message = await asyncio.wait_for(self._websocket.receive(), self._idle)
        except TimeoutError:
            reason = f"nothing was said for {self._idle:g} s"
            await self._websocket.send_text(error_of(problem(408, "The conversation was closed", reason)))
            await self._websocket.close(POLICY_VIOLATED, _short(reason))
            return False
        if message["type"] == "websocket.disconnect":
            return False
        frame = message.get("text")
        if frame is None:
            told = problem(415, "The message is no text", "send JSON in text frames")
            await self._websocket.send_text(error_of(told))
            await self._websocket.close(UNSUPPORTED, "send JSON in text frames")
            return False
        try:
            # Anew for every frame: tokens are revoked, and how often one may ask is limited.
            await asyncio.to_thread(self._gate.check, self._websocket)
        except Refused as refused:
            told = problem(refused.status, "The message is refused", refused.detail)
            await self._websocket.send_text(await self._threads.run(refusal_of, frame, told))
            if refused.status not in PASSING:
                await self._websocket.close(POLICY_VIOLATED, _short(refused.detail))
            return refused.status in PASSING
        answer = await self._threads.run(self._session.hear, frame)
        await self._websocket.send_text(answer.frame)
        if answer.over:
            await self._websocket.close(ENDED)
        return not answer.over


async def _deny(websocket: WebSocket, refused: Refused) -> None:
    """Refuse before the WebSocket is open: the client gets the problem as an answer of HTTP."""
    told = problem(refused.status, "The connection is refused", refused.detail)
    await websocket.send_denial_response(
        JSONResponse(told, refused.status, headers=dict(refused.headers), media_type=MEDIA_TYPE)
    )


async def _turn_away(websocket: WebSocket) -> None:
    """Say it in a frame: browsers do not show their pages an answer of HTTP."""
    reason = "there are as many live conversations as there may be; try again later"
    try:
        await websocket.send_text(error_of(problem(503, "There is no room", reason)))
        await websocket.close(TRY_AGAIN_LATER, _short(reason))
    except WebSocketDisconnect:
        pass


def _short(reason: str) -> str:
    """A reason as long as a close frame takes: 123 bytes."""
    return reason.encode("utf-8")[:123].decode("utf-8", "ignore")
