"""The endpoints: an upload over HTTP, and the frames of a live conversation."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

from checks._fuzz.reads_files import as_json
from checks._fuzz.targets import Target

TESTS = Path(__file__).parents[3] / "tests"

EMPTIED = 500
"""Uploads after which the service begins anew, so that what is kept does not grow."""


class Failed(Exception):
    """The service failed: an answer of 500 or more, or none that can be read."""


def upload(folder: Path) -> Target:
    """`POST /v1/recordings`: the first line of a case is the Content-Type, the rest the body."""
    sys.path.append(str(TESTS / "serving" / "api"))
    sys.path.append(str(TESTS))
    from toy_api import Served

    from crossgate.serving.settings import ServiceSettings
    from crossgate.serving.storage.database import Database

    class Service:
        """A service that is thrown away now and then."""

        def __init__(self) -> None:
            self.loop = asyncio.new_event_loop()
            self.made = self.asked = 0
            self.served: Any = None

        def ask(self, kind: bytes, body: bytes) -> int:
            """Send a body in a few chunks; the status of the answer."""
            if self.asked % EMPTIED == 0:
                self.close()
                self.made += 1
                data = folder / str(self.made)
                data.mkdir()
                self.served = Served(
                    Database(f"sqlite:///{data / 'service.sqlite'}"),
                    ServiceSettings(data=data, allow_store="s3://bucket/"),
                )
            self.asked += 1
            return self.loop.run_until_complete(_post(self.served.app, kind, body))

        def close(self) -> None:
            """Let go of the database."""
            if self.served is not None:
                self.served.close()
                self.served.storage.database.close()

    service = Service()

    def read(case: bytes) -> None:
        kind, _, body = case.partition(b"\n")
        status = service.ask(kind.strip(), body)
        if status >= 500:
            raise Failed(f"status {status}")

    return Target(
        read,
        UPLOADS,
        (b"Content-Disposition", b"filename*=UTF-8''", b"boundary=", b"--x--", b"--x\r\n"),
        (),
        bytes,
        service.close,
    )


def _part(name: str, content: bytes, file: str | None = None) -> bytes:
    named = "" if file is None else f'; filename="{file}"'
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + content + b"\r\n"


UPLOADS = (
    b"multipart/form-data; boundary=x\n"
    + _part("settings", b'{"speakers": 2, "policy": "eu-work-education"}')
    + _part("name", b"The talk")
    + _part("recording", b"\0\0\0\x18ftypisom", "talk.mp4")
    + _part("transcript", b"speaker,text\nA,hi\n", "chat.csv")
    + b"--x--\r\n",
    b"multipart/form-data; boundary=x\n" + _part("transcript", b"WEBVTT\n", "a.vtt") + b"--x--",
    b'application/json\n{"url": "s3://bucket/a/talk.mp4", "transcript_url": "s3://bucket/a%20b.vtt", "name": "x", '
    b'"settings": {"speakers": 3}}',
)


async def _post(app: Any, kind: bytes, body: bytes) -> int:
    """One request through the ASGI application."""
    chunks = [body[start : start + 997] for start in range(0, len(body), 997)] or [b""]
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        if not chunks:
            return {"type": "http.disconnect"}
        chunk = chunks.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/recordings",
        "raw_path": b"/v1/recordings",
        "root_path": "",
        "query_string": b"",
        "headers": [
            (b"host", b"127.0.0.1"),
            (b"content-type", kind),
            (b"content-length", str(len(body)).encode()),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    if len(statuses) != 1:
        raise Failed(f"{len(statuses)} answers")
    return statuses[0]


def live(folder: Path) -> Target:
    """A conversation of one session: the lines of a case are its frames."""
    sys.path.append(str(TESTS))
    import numpy as np
    import torch

    from crossgate.serving.live.session import Session
    from crossgate.serving.settings import ServiceSettings
    from toy_talk import Ready, Turn, measurable, message, voice

    torch.set_num_threads(1)
    ready = Ready(measurable(folder / "live"))
    settings = ServiceSettings(data=folder / "service")

    def read(case: bytes) -> None:
        session = Session(ready, settings)  # type: ignore[arg-type]
        for frame in case.split(b"\n")[:8]:
            answer = json.loads(session.hear(frame.decode("utf-8", "surrogateescape")).frame)
            status = answer["problem"]["status"] if answer["type"] == "error" else 200
            if status >= 500:
                raise Failed(f"status {status}: {answer['problem']}")

    grey = np.full((8, 8), 90, np.uint8)
    start = {"type": "start", "policy": None, "consent": True}
    turns = [
        message(Turn("Ann", "You did what?"), id=1, start=0.0, end=1.5),
        message(Turn("Ben", None, voice(0.02), (grey,)), id={"a": [1]}),
    ]
    talk = [start, turns[0], {"type": "end"}]

    def render(frames: Any) -> bytes:
        each = frames if isinstance(frames, list) else [frames]
        return b"\n".join(json.dumps(frame).encode() for frame in each)

    whole = [render([start, turn]) for turn in turns]
    read(whole[0])  # what is read once, at the first turn, the service reads when it loads its model
    words = (b"utterance", b"eu-work-education", b"PNG", b"JPEG", b"iVBORw0KGgo", b"/9j/")
    return Target(read, [*whole, render(talk), as_json(start)], words, [talk, [start, turns[1]]], render)
