"""Uploads as they come in: nobody's bytes are read before he may send, and no more than may be sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from toy_api import MP4, ON_SQLITE, Serve, Served, listening, refused

from crossgate.serving.api.taking import form

pytestmark = ON_SQLITE

BOUNDARY = "-" * 20 + "x"


def part(name: str, content: bytes, file_name: str | None = None) -> bytes:
    sent = "" if file_name is None else f'; filename="{file_name}"'
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{sent}\r\n\r\n'
    return head.encode() + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


def ask(served: Served, chunks: Iterable[bytes], headers: dict[str, str]) -> tuple[int, dict[str, Any], int]:
    """Status, answer, and how many chunks were read."""
    read, answered = 0, []
    waiting = iter(chunks)

    async def receive() -> dict[str, Any]:
        nonlocal read
        chunk = next(waiting, None)
        if chunk is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        read += 1
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Any) -> None:
        answered.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/recordings",
        "raw_path": b"/v1/recordings",
        "query_string": b"",
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
    }
    asyncio.run(served.app(scope, receive, send))
    body = b"".join(message.get("body", b"") for message in answered)
    return answered[0]["status"], json.loads(body), read


def headers(**more: str) -> dict[str, str]:
    return {
        "host": "127.0.0.1",
        "content-type": f"multipart/form-data; boundary={BOUNDARY}",
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def scratch(served: Served) -> list[Path]:
    return list(served.settings.scratch.iterdir()) if served.settings.scratch.exists() else []


def test_nothing_is_read_of_somebody_who_may_not_send(serve: Serve) -> None:
    served = serve(tokens=True)
    chunks = [part("recording", MP4, "a.mp4"), END]
    assert ask(served, chunks, headers())[::2] == (401, 0)
    reader = served.token("read")["Authorization"]
    assert ask(served, chunks, headers(authorization=reader))[::2] == (403, 0)
    writer = served.token("write")["Authorization"]
    assert ask(served, chunks, headers(authorization=writer))[::2] == (202, 2)


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_the_pieces_it_comes_in_do_not_matter(service: Served, size: int) -> None:
    whole = part("name", b"n\xc3\xa4me") + part("recording", MP4, "a.mp4") + END
    chunks = [whole[at : at + size] for at in range(0, len(whole), size)]
    status, sent, _ = ask(service, chunks, headers())
    assert (status, sent["name"], sent["bytes"]) == (202, "näme", len(MP4))
    assert scratch(service) == []


def test_what_is_too_large_is_not_read_to_its_end(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "LINGER", 0.0)
    served = serve(max_megabytes=0.1)
    endless = (part("recording", b"", "a.mp4").removesuffix(b"\r\n"), *[b"x" * 10_000] * 5000)
    status, problem, read = ask(served, endless, headers())
    assert (status, problem["status"]) == (413, 413)
    assert "100,000" in problem["detail"]
    assert read < 200
    assert scratch(served) == []
    status, _, read = ask(served, endless, headers(content_length="999000000"))
    assert status == 413
    assert read < 200


def test_what_follows_the_end_of_the_form_counts_too(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(form, "LINGER", 0.0)
    monkeypatch.setattr(form, "AROUND", 100_000)
    served = serve(max_megabytes=0.1)
    monkeypatch.setattr("crossgate.serving.api.taking.parcel.LARGEST_TRANSCRIPT", 1000)
    endless = (part("recording", MP4, "a.mp4"), END, *[b"x" * 10_000] * 5000)
    status, _, read = ask(served, endless, headers())
    assert status == 413
    assert read < 200
    assert scratch(served) == []


def test_a_transcript_has_a_limit_of_its_own(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossgate.serving.api.taking.parcel.LARGEST_TRANSCRIPT", 1000)
    chunks = [part("transcript", b"x" * 1001, "a.vtt"), END]
    assert ask(service, chunks, headers())[0] == 413
    assert ask(service, [part("name", b"n" * 20_000), END], headers())[0] == 413


def test_settings_that_cannot_be_met_end_it_before_the_recording(service: Served) -> None:
    chunks = [part("settings", b'{"speakers": 0}'), *[part("recording", MP4, "a.mp4")] * 3, END]
    status, problem, read = ask(service, chunks, headers())
    assert status == 422
    assert "speakers" in problem["detail"]
    assert read <= 2  # the parser sees the end of a part at the next one's beginning


BROKEN: dict[str, Callable[[], list[bytes]]] = {
    "empty": list,
    "no form": lambda: [b"hello"],
    "ends in a file": lambda: [part("recording", MP4, "a.mp4").removesuffix(b"\r\n")],
    "ends between parts": lambda: [part("recording", MP4, "a.mp4")],
    "a part twice": lambda: [part("recording", MP4, "a.mp4") * 2, END],
    "an unknown part": lambda: [part("recordings", MP4, "a.mp4"), END],
    "a path as a part": lambda: [part("../../etc/passwd", MP4, "a.mp4"), END],
    "a header without an end": lambda: [f"--{BOUNDARY}\r\nContent-Disposition: ".encode() + b"x" * 100_000],
    "a thousand headers": lambda: [f"--{BOUNDARY}\r\n".encode() + b"A: b\r\n" * 1000],
    "no disposition": lambda: [f"--{BOUNDARY}\r\nContent-Type: text/plain\r\n\r\nx\r\n".encode() + END],
    "no name": lambda: [f"--{BOUNDARY}\r\nContent-Disposition: form-data\r\n\r\nx\r\n".encode() + END],
    "a NUL in a name": lambda: [part("recording", MP4, "a\0b.mp4"), END],
    "no UTF-8": lambda: [part("name", b"\xff\xfe"), part("recording", MP4, "a.mp4"), END],
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_form_is_refused_whole(service: Served, kind: str) -> None:
    status, problem, _ = ask(service, BROKEN[kind](), headers())
    assert (status, problem["status"]) == (422, 422)
    assert service.client.get("/v1/recordings").json()["items"] == []
    assert scratch(service) == []


def test_a_browser_s_empty_file_field_is_none(service: Served) -> None:
    chunks = [part("recording", b"", ""), part("transcript", b"speaker,text\nA,b\n", "a.csv"), END]
    status, sent, _ = ask(service, chunks, headers())
    assert (status, sent["name"]) == (202, "a.csv")


def test_a_client_that_goes_away_leaves_nothing(service: Served) -> None:
    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        raise AssertionError("nobody is there to answer")

    messages = iter(
        [
            {"type": "http.request", "body": part("recording", MP4, "a.mp4"), "more_body": True},
            {"type": "http.disconnect"},
        ]
    )
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/recordings",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers().items()],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
        "asgi": {"version": "3.0"},
    }
    asyncio.run(service.app(scope, receive, send))
    assert scratch(service) == []
    assert service.client.get("/v1/recordings").json()["items"] == []


STANDING = {
    "stands still": lambda: asyncio.sleep(30),
    "hardly moves": lambda: asyncio.sleep(0.02),
}


@pytest.mark.parametrize("how", STANDING)
@pytest.mark.parametrize("path", ["/v1/recordings", f"/v1/recordings/{'0' * 32}/corrections/u"])
def test_an_upload_that_comes_too_slowly_is_given_up(serve: Serve, how: str, path: str) -> None:
    served = serve(upload_idle_seconds=0.2, upload_bytes_per_second=1e6)
    begun = part("recording", MP4, "a.mp4").removesuffix(b"\r\n") if path.endswith("s") else b'{"emotion":'
    answered: list[Any] = []
    first = True

    async def receive() -> dict[str, Any]:
        nonlocal first
        if first:
            first = False
            return {"type": "http.request", "body": begun, "more_body": True}
        await STANDING[how]()
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def send(message: Any) -> None:
        answered.append(message)

    sent = headers() if path.endswith("s") else headers(content_type="application/json")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "POST" if path.endswith("s") else "PUT",
        "scheme": "http",
        "path": path,
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        "client": ("127.0.0.1", 5),
        "server": ("127.0.0.1", 80),
    }
    asyncio.run(served.app(scope, receive, send))
    assert answered[0]["status"] == 408
    assert (b"connection", b"close") in answered[0]["headers"]
    assert b"stood still for 0.2 s" in answered[1]["body"]
    assert scratch(served) == []


def test_a_client_that_sends_too_much_can_read_why(serve: Serve) -> None:
    served = serve(max_megabytes=1)
    with listening(served) as client:
        answer = client.post("/v1/recordings", files={"recording": ("a.mp4", b"x" * 8_000_000)})
        refused(answer, 413)
        assert client.get("/v1/recordings").json()["items"] == []
