"""A whole service behind a real server, with an analyst that makes its results up."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from crossgate.report.result import Result
from crossgate.report.summary import summarize
from crossgate.serving.api.app import make_app
from crossgate.serving.live.router import live_router
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims
from crossgate.serving.storage.opened import Storage, open_storage

sys.path.append(str(Path(__file__).parent / "report"))
from toy_results import toy_result

OWNER = "a" * 32


@dataclass(frozen=True)
class Service:
    """A service that listens."""

    url: str
    storage: Storage
    settings: ServiceSettings

    def begin(self, step: str = "listening", share: float = 0.5) -> str:
        """The analyst takes what has waited longest; returns its id."""
        recording = claims.claim(self.storage.database, OWNER, 3600)
        assert recording is not None
        assert claims.renew(self.storage.database, recording.id, OWNER, 3600, step=step, share=share)
        return recording.id

    def complete(self, id: str, result: Result | None = None) -> Result:
        """The analyst is done."""
        result = result or toy_result()
        path = self.settings.data / f"new-{id}"
        content = result.to_json() | {"summary": summarize(result).to_json()}
        path.write_text(json.dumps(content), encoding="utf-8")
        counts = Counter(turn.emotion for turn in result.utterances)
        outcome = claims.Outcome(
            result.media.kind,
            result.media.duration,
            len(result.utterances),
            {label: counts[label] for label in result.labels},
            tuple(speaker.name for speaker in result.speakers),
        )
        assert claims.complete(self.storage.database, self.storage.media, id, OWNER, path, outcome)
        return result

    def fail(self, id: str, **problem: Any) -> None:
        """The analyst cannot do it."""
        assert claims.fail(self.storage.database, id, OWNER, {"type": "about:blank"} | problem)


@contextmanager
def served(app: FastAPI, **config: Any) -> Iterator[str]:
    """The address of a real server of the application, on a free port."""
    options = {"port": 0, "log_level": "error", "timeout_graceful_shutdown": 2} | config
    server = uvicorn.Server(uvicorn.Config(app, **options))
    ready = threading.Event()

    async def started(sockets: Any = None) -> None:
        await uvicorn.Server.startup(server, sockets)
        ready.set()

    server.startup = started  # type: ignore[method-assign]
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(20)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        app.state.context.streams.close()
        server.should_exit = True
        thread.join(20)


@contextmanager
def listening(folder: Path, shared: Any = None, **wanted: Any) -> Iterator[Service]:
    """A service on a free port; `shared` is the model of its live conversations."""
    settings = ServiceSettings(data=folder / "service", **wanted)
    with open_storage(settings) as storage:
        app = make_app(storage, settings, live=live_router(storage, settings, shared=shared))
        limit = 2 * settings.live_frame_bytes
        with served(app, ws="websockets-sansio", ws_max_size=limit) as url:
            yield Service(url, storage, settings)
