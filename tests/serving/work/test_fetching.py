"""Recordings by URL come from allowed stores alone, whole, and not too large."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toy_work import ended, send, toy_work

from crossgate.errors import InputError
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims, recordings
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.tables import Recording
from crossgate.serving.work.failures import StoppedError
from crossgate.serving.work.fetched import fetch_files, to_fetch
from crossgate.serving.work.worker.fetching import fetch
from crossgate.serving.work.worker.messages import Errand, Fetch
from toy_service import found

OWNER = "a" * 32


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """A folder that serves as a store."""
    folder = tmp_path / "talks"
    folder.mkdir()
    (folder / "talk.mp4").write_text("ok")
    (folder / "talk.vtt").write_text("WEBVTT")
    (tmp_path / "secret").write_text("ok")
    (folder / "way-out").symlink_to(tmp_path / "secret")
    return folder


def errand(talks: Path, name: str = "talk.mp4", **more: Any) -> Fetch:
    given: dict[str, Any] = {
        "folder": str(talks.parent),
        "url": f"file://{talks}/{name}",
        "stores": ["memory://other", f"file://{talks}/"],
        "target": str(talks.parent / "copy"),
        "limit": 1000,
        "name": "Talk",
        "words": "fetching",
    }
    return Fetch(**given | more)


def test_a_file_is_copied_with_its_progress(talks: Path) -> None:
    told: list[tuple[str, float | None]] = []
    assert fetch(errand(talks), lambda words, share: told.append((words, share))) == 2
    assert (talks.parent / "copy").read_text() == "ok"
    assert told == [("fetching", 1.0)]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"stores": []}, "no store"),
        ({"stores": ["memory://talks"]}, "no store"),
        ({"name": "../secret"}, "leads out"),
        ({"name": "way-out"}, "leads out"),
        ({"name": "absent.mp4"}, "not in the store"),
        ({"name": "", "limit": 10**6}, "cannot be fetched"),
        ({"limit": 1}, "more than"),
        ({"url": "nonsense://talks/talk.mp4", "stores": ["nonsense://talks"]}, "cannot be fetched"),
        ({"url": "memory://talks/absent", "stores": ["memory://talks"]}, "not in the store"),
    ],
)
def test_what_may_not_or_cannot_be_fetched_is_refused(talks: Path, change: dict[str, Any], says: str) -> None:
    name = change.pop("name", "talk.mp4")
    with pytest.raises(InputError, match=says) as raised:
        fetch(errand(talks, name, **change), lambda words, share: None)
    assert raised.value.where == "Talk"
    assert str(talks) not in str(raised.value)


def test_a_store_beside_the_allowed_one_is_none(talks: Path) -> None:
    beside = talks.with_name("talks-of-others")
    beside.mkdir()
    (beside / "talk.mp4").write_text("ok")
    with pytest.raises(InputError, match="no store"):
        fetch(errand(talks, url=f"file://{beside}/talk.mp4"), lambda words, share: None)


def test_a_file_that_grows_is_stopped_at_the_limit(talks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.implementations.local import LocalFileSystem

    monkeypatch.setattr(LocalFileSystem, "size", lambda *_: 0)
    with pytest.raises(InputError, match="more than"):
        fetch(errand(talks, limit=1), lambda words, share: None)


def test_a_recording_by_url_is_fetched_and_analysed(
    storage: Storage, settings: ServiceSettings, talks: Path
) -> None:
    settings = replace(settings, allow_store=f"file://{talks}")
    both = send(storage, None, url=f"file://{talks}/talk.mp4", transcript_url=f"file://{talks}/talk.vtt")
    absent = send(storage, None, "Talk", url=f"file://{talks}/absent.mp4")
    odd = send(storage, None, url=f"file://{talks}/talk.mp4", transcript_url=f"file://{talks}/talk.mp4")
    with toy_work(storage, settings):
        done, failed, refused = (ended(storage, each) for each in (both, absent, odd))
    assert done.state == "COMPLETED"
    assert (done.media_file, done.transcript_file, done.bytes) == ("media-1", "transcript-1.vtt", 8)
    assert storage.media.read(recordings.key_of(done, "transcript-1.vtt")) == b"WEBVTT"
    assert failed.error is not None
    assert failed.error["detail"] == "Talk: is not in the store. Check its URL."
    assert refused.error is not None
    assert "known are" in refused.error["detail"].lower()


def test_a_transcript_alone_may_be_named_as_the_recording(
    storage: Storage, settings: ServiceSettings, talks: Path
) -> None:
    (talks / "ok.vtt").write_text("ok")
    sent = send(storage, None, url=f"file://{talks}/ok.vtt")
    with toy_work(storage, replace(settings, allow_store=f"file://{talks}")):
        done = ended(storage, sent)
    assert (done.state, done.media_file, done.transcript_file) == ("COMPLETED", None, "transcript-1.vtt")


@pytest.mark.parametrize("lost", [True, False])
def test_who_loses_the_claim_while_he_fetches_leaves_nothing(
    storage: Storage, settings: ServiceSettings, talks: Path, lost: bool
) -> None:
    send(storage, None, url=f"file://{talks}/talk.mp4")
    recording = claims.claim(storage.database, OWNER, 60)
    assert recording is not None
    assert to_fetch(recording)
    settings.scratch.mkdir()

    def ask(errand: Errand) -> dict[str, Any]:
        assert isinstance(errand, Fetch)
        Path(errand.target).write_text("ok")
        if lost:
            claims.requeue_lost(storage.database, 3, {}, [OWNER])
        return {"bytes": 2}

    def go(recording: Recording, owner: str) -> None:
        fetch_files(storage, settings, recording, owner, settings.scratch, ask)

    if lost:
        with pytest.raises(StoppedError):
            go(recording, OWNER)
        assert storage.media.sizes(recordings.folder_of(recording)) == {}
        assert to_fetch(found(storage.database, recording))
    else:
        go(recording, OWNER)
        assert not to_fetch(found(storage.database, recording))


def test_what_a_dead_one_fetched_does_not_stay(
    storage: Storage, settings: ServiceSettings, talks: Path
) -> None:
    sent = send(storage, None, url=f"file://{talks}/ok.mp4")
    (talks / "ok.mp4").write_text("ok")
    (talks / "left").write_text("half")
    storage.media.take(talks / "left", recordings.key_of(sent, "media-1"))
    assert claims.claim(storage.database, OWNER, 60) is not None
    claims.requeue_lost(storage.database, 3, {}, [OWNER])
    with toy_work(storage, replace(settings, allow_store=f"file://{talks}")):
        assert ended(storage, sent).state == "COMPLETED"
    assert sorted(storage.media.sizes(recordings.folder_of(sent))) == ["media-2", "result-2"]
