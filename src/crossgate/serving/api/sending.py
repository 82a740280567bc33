"""Sending files: all of one, or the range that is asked for, read in threads and closed for sure."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from time import monotonic
from typing import BinaryIO

from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

CHUNK = 256 * 1024
"""Bytes that are read at a time."""

LOOK = 1.0
"""Seconds between two looks whether what is sent may still be seen."""

STALLED = 60.0
"""Longest that a client may take none of what is sent; a paused player asks again for the rest."""

RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


def range_of(header: str | None, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last that a Range header asks for (RFC 9110, section 14).

    None for the whole: there is no header, or it is none that has to be understood, as one of several ranges.
    Raises ValueError where the range lies outside of the file.
    """
    match = RANGE.fullmatch((header or "").strip())
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), int(match[2]) if match[2] else size - 1
        if last < first and match[2]:
            return None  # no range at all
    if first >= size or first > last:
        raise ValueError(f"no bytes {header} in {size}")
    return first, min(last, size - 1) + 1


class FileAnswer(StreamingResponse):
    """A part of an open file.

    Args:
        file: at the first byte; closed when the answer is over.
        length: bytes to send.
        status: 200, or 206 of a part.
        media_type: of the whole.
        headers: besides Content-Length.
        done: called when the answer is over, however it ends.
        there: whether what the file is of is still there to be seen; where not, the answer breaks off.
    """

    def __init__(
        self,
        file: BinaryIO,
        length: int,
        *,
        status: int = 200,
        media_type: str,
        headers: dict[str, str] | None = None,
        done: Callable[[], None] = lambda: None,
        there: Callable[[], bool] = lambda: True,
    ) -> None:
        super().__init__(
            _chunks(file, length, there),
            status,
            {**(headers or {}), "Content-Length": str(length)},
            media_type,
        )
        self._file, self._done = file, done

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and close the file."""

        async def sending(message: Message) -> None:
            try:
                await asyncio.wait_for(send(message), STALLED)
            except TimeoutError:
                raise ClientDisconnect from None

        try:
            await super().__call__(scope, receive, sending)
        finally:
            # Here and not in a thread: where the client has gone, nothing may be waited for.
            self._file.close()
            self._done()


def _chunks(file: BinaryIO, length: int, there: Callable[[], bool]) -> Iterator[bytes]:
    looked = monotonic()
    while length > 0:
        if monotonic() - looked >= LOOK:
            if not there():
                return  # the server breaks the answer off
            looked = monotonic()
        chunk = file.read(min(CHUNK, length))
        if not chunk:
            return  # it became shorter: the server breaks the answer off
        length -= len(chunk)
        yield chunk
