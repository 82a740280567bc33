"""What hostile clients send: raw bytes over raw sockets, since good clients' libraries would mend them."""

from __future__ import annotations

import gzip
import json
import socket
import time
from urllib.parse import urlsplit

PATHS = (
    "/../../../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/v1/recordings/..%2f..%2f..%2fetc%2fpasswd",
    "/v1/recordings/%2e%2e%2f%2e%2e%2fservice.sqlite/media",
    "/v1/recordings/../../service.sqlite",
    "/v1/recordings/%00",
    "/v1/recordings/" + "a" * 5000,
    "/v1/deletions/..%5c..%5cservice.lock",
    "/v1/recordings/" + "0" * 32 + "/exports/..%2f..%2fjson",
    "//etc/passwd",
    "/v1/recordings/" + "0" * 32 + "/corrections/..%2f..%2f..%2fetc",
)
"""Of files that are not to be had."""

STOLEN = (b"root:", b"SQLite format", b'"owners"')
"""What the files they are after begin with."""

BODIES: dict[str, bytes] = {
    "nested": b"[" * 99_000,
    "nested objects": b'{"a":' * 19_000,
    "digits": b'{"settings": {"speakers": ' + b"9" * 90_000 + b"}}",
    "many keys": json.dumps({f"k{number}": number for number in range(8000)}).encode(),
    "no number": b'{"url": NaN}',
    "surrogates": b'{"url": "\\ud800"}',
    "gzipped": gzip.compress(b"[" * 40_000_000),
    "not UTF-8": b'{"url": "\xff\xfe"}',
    "store of another": b'{"url": "http://[::ffff:169.254.169.254]/latest"}',
    "file": b'{"url": "file:///etc/passwd"}',
    "decimal host": b'{"url": "http://2852039166/"}',
}
"""JSON that is none, or too much."""

BOUNDARY = "x" * 20


def forms() -> dict[str, bytes]:
    """Multipart bodies that are none, or too much."""
    part = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
    name = (part % "name").encode()
    return {
        "many parts": b"".join((part % f"p{number}").encode() + b"x\r\n" for number in range(5000)),
        "one part often": (name + b"x\r\n") * 5000,
        "a header without end": f"--{BOUNDARY}\r\nContent-Disposition: ".encode() + b"x" * 200_000,
        "headers without end": f"--{BOUNDARY}\r\n".encode() + b"A: b\r\n" * 50_000,
        "a path for a name": (part % "../../etc/cron.d/x").encode() + b"x\r\n",
        "no boundary in it": b"x" * 500_000,
        "no end": name + b"x" * 100,
        "a name without end": name + b"x" * 500_000,
    }


HEADS: dict[str, bytes] = {
    "a huge header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000 + b"\r\n\r\n",
    "many headers": b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"A: b\r\n" * 50_000 + b"\r\n",
    "a huge address": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00" * 100,
    "two lengths": b"POST /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
    "a length that is none": b"POST /v1/me HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "chunks that are none": b"POST /v1/me HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "a header in a header": b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rB: c\r\n\r\n",
}
"""Heads that are to be answered by 400, or by the end of the connection."""


class Raw:
    """A socket, and what came back."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname or "", parts.port or 80), timeout=5)

    def send(self, content: bytes) -> bool:
        """Whether the other side still took it."""
        try:
            self._socket.sendall(content)
        except OSError:
            return False
        return True

    def read(self, seconds: float) -> tuple[bytes, bool]:
        """What comes within so many seconds, and whether the connection was ended by then."""
        found, until = b"", time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                more = self._socket.recv(1 << 16)
            except TimeoutError:
                return found, False
            except OSError:
                return found, True
            if not more:
                return found, True
            found += more
        return found, False

    def close(self) -> None:
        """End it."""
        self._socket.close()


def status_of(answer: bytes) -> int:
    """Of an answer; 0 where there is none."""
    words = answer.split(b" ", 2)
    return int(words[1]) if answer.startswith(b"HTTP/1.1 ") and len(words) > 1 else 0


def head(method: str, path: str, token: str | None, *more: str) -> bytes:
    """Of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: service.example", *more]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode()


def ask(url: str, content: bytes, seconds: float = 20.0) -> bytes:
    """The answer to some bytes."""
    raw = Raw(url)
    try:
        raw.send(content)
        found = b""
        while not _whole(found) and seconds > 0:
            begun = time.monotonic()
            more, ended = raw.read(min(0.2, seconds))
            found += more
            if ended:
                break
            seconds -= time.monotonic() - begun
        return found
    finally:
        raw.close()


def _whole(answer: bytes) -> bool:
    top, _, body = answer.partition(b"\r\n\r\n")
    for line in top.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(body) >= int(line.partition(b":")[2])
    return False
