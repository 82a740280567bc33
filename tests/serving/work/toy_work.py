"""Recordings for the work of the service, and patience with it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from toy_analyses import toy_analysis

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import recordings
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.projects import ensure_project
from crossgate.serving.storage.tables import Attempt, Recording
from crossgate.serving.work.supervisor import Work
from toy_service import found

PATIENCE = 60.0
"""Seconds after which a test gives up; none takes nearly so long."""


def toy_work(storage: Storage, settings: ServiceSettings) -> Work:
    """The service's work with an analysis that does what its recording says."""
    return Work(storage, settings, make=toy_analysis)


def send(
    storage: Storage,
    media: str | Path | None,
    name: str = "Meeting.mp4",
    transcript: str | Path | None = None,
    **more: Any,
) -> Recording:
    """Queue a recording; texts are the content of its files, paths are copied, None has none in the store."""
    given: dict[str, Any] = {"bytes": 5, "settings": {}, "policy": None, "model": "toy"}
    files = {"media": media, "transcript.vtt": transcript}
    given |= {f"{file.partition('.')[0]}_file": file for file, there in files.items() if there is not None}
    recording = recordings.new_recording(
        uuid4().hex, ensure_project(storage.database).id, name, **given | more
    )
    with TemporaryDirectory() as folder:
        for file, content in files.items():
            path = Path(folder) / file
            if isinstance(content, str):
                path.write_text(content, encoding="utf-8")
            elif content is not None:
                shutil.copy(content, path)
            if content is not None:
                storage.media.take(path, recordings.key_of(recording, file))
    return recordings.add(storage.database, recording)


def wait_for(what: Callable[[], Any]) -> Any:
    """What a function returns as soon as that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := what():
            return answer
        time.sleep(0.02)
    raise AssertionError("it never came")


def ended(storage: Storage, recording: Recording) -> Recording:
    """The recording when its analysis is over."""

    def over() -> Recording | None:
        now = found(storage.database, recording)
        return now if now.state in ("COMPLETED", "FAILED") else None

    return wait_for(over)


def begun(go: Path) -> list[int]:
    """Processes that began an analysis that waits for the file `go`; empty where none did."""
    path = go.with_name("begun")
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def outcomes(storage: Storage, recording: Recording) -> list[str | None]:
    """How the attempts at it ended."""
    with storage.database.reading() as session:
        wanted = select(Attempt.outcome).where(Attempt.recording_id == recording.id).order_by(Attempt.number)
        return list(session.scalars(wanted))


def running(process: int) -> bool:
    """Whether there is such a process, and it is not merely waiting to be buried."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
