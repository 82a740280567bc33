"""Connections that say nothing end by themselves, and take nobody's place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import pytest
import uvicorn

from crossgate.serving import connections
from crossgate.serving.connections import PatientProtocol, most_connections, without_handshakes

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[bytes]]


LARGE = 64_000_000
"""Bytes; far more than the buffers of a socket take."""


async def hello(scope, receive, send) -> None:
    if scope["path"] == "/large":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": bytes(LARGE)})
        return
    await asyncio.sleep(0.4 if scope["path"] == "/slow" else 0)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def answers(*talks: Talk) -> list[bytes]:
    """What each of some clients, all connected at once, reads."""

    async def run() -> list[bytes]:
        config = uvicorn.Config(hello, http=PatientProtocol, port=0, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup()
        port = server.servers[0].sockets[0].getsockname()[1]
        try:
            opened = [await asyncio.open_connection("127.0.0.1", port) for _ in talks]
            found = [talk(*streams) for talk, streams in zip(talks, opened, strict=True)]
            return await asyncio.wait_for(asyncio.gather(*found), 20)
        finally:
            await server.shutdown()

    return asyncio.run(run())


def saying(*parts: bytes, pause: float = 0.0) -> Talk:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(pause)
            return await reader.read()
        except ConnectionError:
            return b"gone"
        finally:
            writer.close()

    return talk


GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.3)
    monkeypatch.setattr(connections, "STUCK_SECONDS", 0.3)
    monkeypatch.setattr(connections, "EARLY_SECONDS", 0.3)


def test_half_a_head_is_not_waited_for_for_ever() -> None:
    first, silent, second = answers(
        saying(b"GET / HTTP/1.1\r\nX: "), saying(), saying(GET, b"GET / HT", pause=0.1)
    )
    assert first in (b"", b"gone")
    assert silent in (b"", b"gone")
    assert second.count(b"200 OK") == 1


def test_an_answer_may_take_longer_than_a_head() -> None:
    slow, twice = answers(saying(LAST.replace(b"/ ", b"/slow ")), saying(GET, GET, LAST, pause=0.2))
    assert slow.endswith(b"ok")
    assert twice.count(b"200 OK") == 3


def test_what_was_answered_is_not_listened_to_for_ever() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    drop_by_drop, late = answers(
        saying(head, *[b"x"] * 100, pause=0.05), saying(head, b"x" * 1000, LAST, pause=0.1)
    )
    assert drop_by_drop == b"gone" or drop_by_drop.count(b"200 OK") == 1
    assert late.count(b"200 OK") == 2


def test_an_answer_that_nobody_reads_is_not_kept() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(GET.replace(b"/ ", b"/large "))
        await asyncio.sleep(2)
        found = bytearray()
        try:
            while more := await reader.read(1 << 20):
                found += more
        except ConnectionError:
            pass
        return bytes(found)

    unread, read = answers(deaf, saying(GET.replace(b"/ ", b"/large ")))
    assert len(unread) < LARGE < len(read)


def test_there_is_a_limit_of_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "most_connections", lambda: 2)
    found = answers(*[saying(LAST, pause=0.1)] * 4)
    assert sum(b"200 OK" in one for one in found) == 2
    assert most_connections() >= 16


def test_a_refused_websocket_is_no_error() -> None:
    def record(words: str) -> logging.LogRecord:
        return logging.LogRecord("uvicorn.error", logging.ERROR, "", 0, words, (), None)

    assert not without_handshakes(record("ASGI callable returned without completing handshake."))
    assert without_handshakes(record("something else"))
