"""A service whose results are made up, and how tests speak to it."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from starlette.testclient import TestClient

import toy_server
from crossgate.report.result import Result
from crossgate.report.summary import summarize
from crossgate.serving.api.app import make_app
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.projects import create_token, ensure_project
from crossgate.serving.storage.recordings import add, key_of, new_recording
from crossgate.serving.storage.tables import Recording

sys.path.append(str(Path(__file__).parents[2] / "report"))
from toy_results import toy_result

PROBLEM = "application/problem+json"
OWNER = "a" * 32
MP4 = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 40
"""Begins like one, and is none."""


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""For what has nothing to do with the kind of database."""


class Served:
    """A service, and a client on its own machine."""

    def __init__(
        self,
        database: Database,
        settings: ServiceSettings,
        workers: Callable[[], int] = lambda: 0,
        cancel: Callable[[str], None] = lambda id: None,
        store: MediaStore | None = None,
    ) -> None:
        self.settings = settings
        self.storage = Storage(database, store or MediaStore(settings.media_root))
        self.app = make_app(self.storage, settings, workers=workers, cancel=cancel)
        self.client = TestClient(self.app, base_url="http://127.0.0.1", client=("127.0.0.1", 50000))

    def close(self) -> None:
        """Let go of threads."""
        self.client.close()
        self.app.state.context.labour.shutdown(wait=True)

    def token(self, *scopes: str, project: str = "default", name: str = "Ann") -> dict[str, str]:
        """Headers of somebody who may do this."""
        secret, _ = create_token(self.storage.database, project, name, scopes or ("read", "write", "admin"))
        return {"Authorization": f"Bearer {secret}"}

    def queued(self, name: str = "meeting", project: str = "default", media: bytes = MP4) -> Recording:
        """A recording that waits."""
        recording = new_recording(
            uuid4().hex,
            ensure_project(self.storage.database, project).id,
            name,
            bytes=len(media),
            settings={},
            policy=None,
            model="toy",
            media_file="media",
        )
        self._store(media, key_of(recording, "media"))
        return add(self.storage.database, recording)

    def begun(self, **wanted: Any) -> Recording:
        """A recording that is being analysed, as is all that waited before it."""
        recording = self.queued(**wanted)
        while claimed := claims.claim(self.storage.database, OWNER, 3600):
            if claimed.id == recording.id:
                return recording
        raise AssertionError("it does not wait")

    def completed(self, result: Result | None = None, **wanted: Any) -> Recording:
        """A recording with a result."""
        recording = self.begun(**wanted)
        self.complete(recording, result or toy_result())
        return recording

    def complete(self, recording: Recording, result: Result) -> None:
        """End an analysis."""
        content = result.to_json() | {"summary": summarize(result).to_json()}
        path = self.settings.data / f"new-{uuid4().hex}"
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        counts = Counter(turn.emotion for turn in result.utterances)
        outcome = claims.Outcome(
            result.media.kind,
            result.media.duration,
            len(result.utterances),
            {label: counts[label] for label in result.labels},
            tuple(speaker.name for speaker in result.speakers),
        )
        storage = self.storage
        assert claims.complete(storage.database, storage.media, recording.id, OWNER, path, outcome)

    def correct(self, recording: Recording, turn: str, emotion: str, **more: Any) -> Any:
        """Correct a turn; returns the answer."""
        return self.client.put(
            f"/v1/recordings/{recording.id}/corrections/{turn}", json={"emotion": emotion}, **more
        )

    def _store(self, content: bytes, key: str) -> None:
        path = self.settings.data / f"new-{uuid4().hex}"
        path.write_bytes(content)
        self.storage.media.take(path, key)


Serve = Callable[..., Served]
"""`serve(tokens=True, ...)`"""


@contextmanager
def listening(served: Served) -> Iterator[httpx2.Client]:
    """The service behind a real server on a free port, and a client of it."""
    with (
        toy_server.served(served.app, ws="none") as url,
        httpx2.Client(base_url=url, timeout=20) as client,
    ):
        yield client


def refused(answer: Any, status: int) -> dict[str, Any]:
    """The problem an answer is; fails where it is none, or another one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"] == "about:blank"
    return problem
