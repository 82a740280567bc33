"""A multipart form, read as it streams: files go to disk, and are counted while they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import BinaryIO

from fastapi import Request
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool

from crossgate.serving.api.errors import ApiError
from crossgate.serving.api.taking.arriving import Pace, arriving

AROUND = 1_000_000
"""Bytes of a form that are neither files nor texts: boundaries and headers of its parts."""

AT_ONCE = 1_000_000
"""Bytes that are gathered before they are written."""

LINGER = 2.0
"""Seconds in which the rest of what is too large is thrown away: who still sends reads no answer."""


@dataclass
class Part:
    """A part of a form.

    Attributes:
        name: of the field.
        file_name: as the client calls the file; None where it is no file.
        content: of a text.
        path: of a file.
        bytes: how many there are.
    """

    name: str
    file_name: str | None
    content: bytearray = field(default_factory=bytearray)
    path: Path | None = None
    bytes: int = 0


async def read_form(
    request: Request,
    folder: Path,
    files: Mapping[str, int],
    texts: Mapping[str, int],
    check: Callable[[str, bytes], None],
    pace: Pace,
) -> dict[str, Part]:
    """The parts of a form by name.

    Args:
        request: whose body it is; nothing of it has been read.
        folder: empty; files are written into it under the names of their fields.
        files: field -> most bytes.
        texts: field -> most bytes.
        check: is told each text, field and content, as soon as it is there; what it raises ends the reading.
        pace: how slow the sender may be.

    Raises ApiError: 408 where it comes too slowly, 413 where it is too large, 422 where it is no form, has a
    field twice or one that is none, 507 where the disk is full.
    """
    most = sum(files.values()) + sum(texts.values()) + AROUND
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > most:
        await _linger(request)
        raise _too_large("the form", most)
    _, options = parse_options_header(request.headers["content-type"])
    if not options.get(b"boundary"):
        raise _malformed("Content-Type names no boundary")
    try:
        form = _Form(options[b"boundary"], folder, {**files, **texts}, frozenset(files), check)
    except FormParserError as error:  # a boundary longer than any
        raise _malformed(str(error)) from None
    total = 0
    try:
        async for chunk in arriving(request, pace):
            total += len(chunk)  # what comes after the form's end counts too
            if total > most:
                raise _too_large("the form", most)
            form.parser.write(chunk)
            if form.waiting > AT_ONCE:
                await run_in_threadpool(form.flush)
        await run_in_threadpool(form.flush)
        form.parser.finalize()
    except ApiError as error:
        if error.status == 413:
            await _linger(request)
        raise
    except FormParserError as error:
        raise _malformed(str(error)) from None
    except OSError as error:
        raise ApiError(507, f"the upload cannot be kept: {error.strerror or type(error).__name__}") from error
    finally:
        form.close()
    if not form.ended:
        raise _malformed("it ends in the middle")
    return form.parts


class _Form:
    """What the parser's callbacks fill."""

    def __init__(
        self,
        boundary: bytes,
        folder: Path,
        most: Mapping[str, int],
        files: frozenset[str],
        check: Callable[[str, bytes], None],
    ) -> None:
        self.parts: dict[str, Part] = {}
        self.ended = False
        self.waiting = 0
        self._folder, self._most, self._files, self._check = folder, most, files, check
        self._header, self._value = bytearray(), bytearray()
        self._disposition = b""
        self._part: Part | None = None
        self._chunks: list[tuple[BinaryIO, bytes]] = []
        self._open: list[BinaryIO] = []
        self.parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
                "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
                "on_header_end": self._end_header,
                "on_headers_finished": self._start,
                "on_part_data": self._take,
                "on_part_end": self._finish,
                "on_end": self._end,
            },
        )

    def flush(self) -> None:
        """Write what waits."""
        for file, chunk in self._chunks:
            file.write(chunk)
        self._chunks.clear()
        self.waiting = 0

    def close(self) -> None:
        """Close all files."""
        for file in self._open:
            file.close()

    def _begin(self) -> None:
        self._disposition = b""

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _start(self) -> None:
        kind, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("utf-8", "replace")
        if kind != b"form-data" or name not in self._most:
            raise ApiError(
                422,
                f"the form has a part {name!r}",
                errors=[{"loc": ["body", name], "msg": f"expected one of {', '.join(self._most)}"}],
            )
        if name in self.parts:
            raise ApiError(422, f"the form has two parts {name!r}")
        sent = options.get(b"filename")
        self._part = Part(name, None if sent is None else sent.decode("utf-8", "replace"))
        self.parts[name] = self._part
        if name in self._files:
            self._part.path = self._folder / name
            self._open.append(self._part.path.open("xb"))

    def _take(self, data: bytes, start: int, end: int) -> None:
        part = self._part
        assert part is not None
        part.bytes += end - start
        if part.bytes > self._most[part.name]:
            raise _too_large(part.name, self._most[part.name])
        if part.path is None:
            part.content += data[start:end]
        else:
            self._chunks.append((self._open[-1], data[start:end]))
            self.waiting += end - start

    def _finish(self) -> None:
        assert self._part is not None
        if self._part.path is None:
            self._check(self._part.name, bytes(self._part.content))

    def _end(self) -> None:
        self.ended = True


async def _linger(request: Request) -> None:
    """Throw away what still comes, for a moment."""
    until = monotonic() + LINGER
    with suppress(TimeoutError):
        async with asyncio.timeout(LINGER):
            while monotonic() < until:
                message = await request.receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return


def _too_large(what: str, most: int) -> ApiError:
    return ApiError(413, f"{what} has more than the {most:,} bytes that are taken", title="Too large")


def _malformed(why: str) -> ApiError:
    return ApiError(422, f"the body is no multipart form: {why}")
