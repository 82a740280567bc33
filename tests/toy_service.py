"""Recordings for the tests of the service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest

from crossgate.serving.storage import claims, recordings
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.projects import ensure_project
from crossgate.serving.storage.tables import Recording

OWNER, RIVAL = "a" * 32, "b" * 32
LOST = {"title": "The service died in it", "status": 500}
OUTCOME = claims.Outcome("video", 12.5, 3, {"joy": 2, "anger": 0, "sadness": 1}, ("Ada", "Bob"))


def queue(
    database: Database, name: str = "meeting", project: str = "default", created: datetime | None = None
) -> Recording:
    """A recording that waits."""
    recording = recordings.new_recording(
        uuid4().hex,
        ensure_project(database, project).id,
        name,
        bytes=5,
        settings={"turns": None},
        policy=None,
        model="toy",
        media_file="media",
    )
    if created is not None:
        recording.created = created
    return recordings.add(database, recording)


def analysed(
    database: Database,
    store: MediaStore,
    folder: Path,
    outcome: claims.Outcome = OUTCOME,
    **wanted: str,
) -> Recording:
    """A recording whose media and result lie in the store; nothing else may wait."""
    recording = queue(database, **wanted)
    for name in ("media", "result"):
        (folder / f"new-{name}").write_bytes(name.encode())
    store.take(folder / "new-media", recordings.key_of(recording, "media"))
    claimed = claims.claim(database, OWNER, 60)
    assert claimed is not None
    assert claimed.id == recording.id
    assert claims.complete(database, store, recording.id, OWNER, folder / "new-result", outcome)
    return found(database, recording)


def found(database: Database, recording: Recording) -> Recording:
    """The recording as it stands now."""
    with database.reading() as session:
        return session.get_one(Recording, recording.id)


@contextmanager
def at(moment: datetime, *modules: object) -> Iterator[None]:
    """Modules that believe it is another time."""
    with pytest.MonkeyPatch.context() as patch:
        for module in modules:
            patch.setattr(module, "now", lambda: moment)
        yield
