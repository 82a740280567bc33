"""Connections that say nothing, or take nothing: they are closed, and never take the last descriptor."""

from __future__ import annotations

import asyncio
import logging
import resource

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 30.0
"""Longest that the head of a request may take to come."""

EARLY_SECONDS = 5.0
"""Longest that what has been answered already may go on coming: long enough to read the answer."""

STUCK_SECONDS = 60.0
"""Seconds between two looks whether a client takes what waits to be sent to it."""

LEAST_RATE = 1000.0
"""Bytes a second that it has to take meanwhile."""

SPARE = 200
"""Descriptors kept for files, database and workers."""

WANTED = 65_536
"""Descriptors a process needs at most."""


class PatientProtocol(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, with a limit of connections and of the time a head may take.

    uvicorn waits for a head for ever, and its `limit_concurrency` counts only requests whose head is there:
    a thousand silent connections would leave no descriptor to answer anybody with. So would those that go on
    sending, byte by byte, what was refused long ago, and those that never read their answers.
    """

    _head: asyncio.TimerHandle | None = None
    _stuck: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there, and may be one too many."""
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            transport.abort()
            return
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._stop_waiting()
        self._not_stuck()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something of a request came."""
        super().data_received(data)
        # The client's turn, and it has begun: half a head, or one of a next request.
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait_for_head()
        elif self.conn.their_state is not h11.IDLE and not self._answered_early():
            self._stop_waiting()

    def on_response_complete(self) -> None:
        """An answer is over, perhaps before what it answers has come in full."""
        super().on_response_complete()
        if self._answered_early():
            self._wait_for_head(EARLY_SECONDS)
        self._watch_closing()

    def timeout_keep_alive_handler(self) -> None:
        """Nobody asks for anything more."""
        super().timeout_keep_alive_handler()
        self._watch_closing()

    def pause_writing(self) -> None:
        """The client is slower than its answer."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._not_stuck()
        super().resume_writing()

    def _answered_early(self) -> bool:
        return self.conn.our_state is h11.DONE and self.conn.their_state is h11.SEND_BODY

    def _watch_closing(self) -> None:
        # What is left in the buffer would be waited for until the client takes it.
        if self.transport.is_closing():
            self._watch()

    def _watch(self) -> None:
        if self._stuck is None:
            waiting = self.transport.get_write_buffer_size()
            self._stuck = self.loop.call_later(STUCK_SECONDS, self._look, waiting)

    def _look(self, before: int) -> None:
        self._stuck = None
        if before - self.transport.get_write_buffer_size() < min(before, LEAST_RATE * STUCK_SECONDS):
            self._cut()
        elif before:
            self._watch()

    def _not_stuck(self) -> None:
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None

    def _wait_for_head(self, seconds: float | None = None) -> None:
        if self._head is None:
            self._head = self.loop.call_later(seconds or HEAD_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _give_up(self) -> None:
        self._head = None
        self._cut()

    def _cut(self) -> None:
        # A WebSocket has taken the connection over by now, if it became one.
        if self.transport.get_protocol() is self:
            self.transport.abort()


def most_connections() -> int:
    """How many there may be at a time."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(16, min(soft, WANTED) - SPARE)


def raise_descriptors() -> None:
    """As many descriptors as the system lets this process have, up to `WANTED`."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = WANTED if hard == resource.RLIM_INFINITY else min(hard, WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def without_handshakes(record: logging.LogRecord) -> bool:
    """For uvicorn's log: a WebSocket that is refused with an answer of HTTP is no error."""
    return "without completing handshake" not in record.getMessage()
