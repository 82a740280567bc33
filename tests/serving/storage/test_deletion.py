"""Deletion: everything of a recording goes, nothing else does, and the receipt is what is found."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from crossgate.serving.storage import claims, deletion, recordings
from crossgate.serving.storage.corrections import correct, corrections_of
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.projects import ensure_project, set_retention
from crossgate.serving.storage.tables import OF_A_RECORDING, Base, Recording, now
from toy_service import OWNER, analysed, at, found, queue


def corrected(database: Database, store: MediaStore, folder: Path, name: str = "meeting") -> Recording:
    recording = analysed(database, store, folder, name=name)
    for turn in ("u1", "u2"):
        correct(
            database,
            recording.project_id,
            recording.id,
            turn,
            predicted="joy",
            emotion="anger",
            note="a secret note",
            author="Ada",
        )
    return recording


def test_all_of_it_is_gone_and_counted(database: Database, store: MediaStore, tmp_path: Path) -> None:
    recording, other = corrected(database, store, tmp_path), corrected(database, store, tmp_path, "other")
    assert deletion.begin(database, recording.project_id, recording.id)
    receipt = deletion.finish(database, store, recording.id)
    assert receipt is not None
    # The recording, an attempt, three emotions, two speakers, two corrections.
    assert (receipt.files, receipt.bytes, receipt.rows) == (("media", "result-1"), 11, 9)
    assert (receipt.files_left, receipt.rows_left) == (0, 0)
    assert deletion.receipt_of(database, store, recording.project_id, recording.id) == receipt
    assert store.sizes(recordings.folder_of(recording)) == {}
    with database.reading() as session:
        assert deletion.rows_of(session, recording.id) == 0
    assert recordings.found(database, recording.project_id, recording.id) is None
    assert found(database, other).corrections == 2
    assert set(store.sizes(recordings.folder_of(other))) == {"media", "result-1"}


def test_every_table_that_speaks_of_a_recording_is_emptied() -> None:
    speaking = {name for name, table in Base.metadata.tables.items() if "recording_id" in table.columns}
    assert speaking == {table.__tablename__ for table in OF_A_RECORDING}


def test_hidden_from_the_first_moment(database: Database, store: MediaStore, tmp_path: Path) -> None:
    recording = corrected(database, store, tmp_path)
    assert deletion.begin(database, recording.project_id, recording.id)
    assert not deletion.begin(database, recording.project_id, recording.id)
    assert recordings.found(database, recording.project_id, recording.id) is None
    page = recordings.listed(database, recording.project_id, recordings.Filter(), 10, None)
    assert page.items == ()
    assert corrections_of(database, recording.project_id, recording.id) is None
    assert deletion.receipt_of(database, store, recording.project_id, recording.id) is None


def test_another_project_deletes_nothing(database: Database, store: MediaStore, tmp_path: Path) -> None:
    recording = corrected(database, store, tmp_path)
    other = ensure_project(database, "other").id
    assert not deletion.begin(database, other, recording.id)
    assert not deletion.begin(database, recording.project_id, "0" * 32)
    assert found(database, recording).corrections == 2
    deletion.begin(database, recording.project_id, recording.id)
    deletion.finish(database, store, recording.id)
    assert deletion.receipt_of(database, store, other, recording.id) is None


def test_not_while_somebody_works_on_it(database: Database, store: MediaStore, tmp_path: Path) -> None:
    recording = queue(database)
    claims.claim(database, OWNER, 60)
    deletion.begin(database, recording.project_id, recording.id)
    assert deletion.unfinished(database) == []
    assert deletion.finish(database, store, recording.id) is None
    with at(now() + timedelta(seconds=61), deletion):
        assert deletion.unfinished(database) == [recording.id]
    assert claims.release(database, recording.id, OWNER)
    assert deletion.unfinished(database) == [recording.id]
    assert deletion.finish(database, store, recording.id) is not None
    assert deletion.unfinished(database) == []


def test_an_interrupted_deletion_is_ended_with_all_it_removed(
    database: Database, store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = corrected(database, store, tmp_path)
    deletion.begin(database, recording.project_id, recording.id)
    remove = store.remove

    def killed(key: str) -> None:
        remove(key + "/media")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(store, "remove", killed)
        with pytest.raises(KeyboardInterrupt):
            deletion.finish(database, store, recording.id)
    assert deletion.unfinished(database) == [recording.id]
    receipt = deletion.finish(database, store, recording.id)
    assert receipt is not None
    assert (receipt.files, receipt.bytes, receipt.rows) == (("media", "result-1"), 11, 9)
    assert deletion.finish(database, store, recording.id) == receipt  # a second time changes nothing


def test_no_receipt_while_the_store_keeps_a_file(
    database: Database, store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = corrected(database, store, tmp_path)
    deletion.begin(database, recording.project_id, recording.id)
    monkeypatch.setattr(store, "remove", lambda key: None)
    with pytest.raises(OSError, match="still holds 2 files"):
        deletion.finish(database, store, recording.id)
    assert deletion.receipt_of(database, store, recording.project_id, recording.id) is None
    assert deletion.unfinished(database) == [recording.id]


def test_a_receipt_says_what_is_found_when_it_is_asked_for(
    database: Database, store: MediaStore, tmp_path: Path
) -> None:
    recording = corrected(database, store, tmp_path)
    deletion.begin(database, recording.project_id, recording.id)
    deletion.finish(database, store, recording.id)
    (tmp_path / "stray").write_bytes(b"left")
    store.take(tmp_path / "stray", recordings.key_of(recording, "stray"))
    receipt = deletion.receipt_of(database, store, recording.project_id, recording.id)
    assert receipt is not None
    assert receipt.files_left == 1


def test_no_text_of_it_stays_in_sqlites_files(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'service.sqlite'}")
    store = MediaStore(str(tmp_path / "media"))
    recording = corrected(database, store, tmp_path, "a name to forget")
    deletion.begin(database, recording.project_id, recording.id)

    def holds(words: bytes) -> bool:
        return any(words in file.read_bytes() for file in tmp_path.glob("service.sqlite*"))

    assert holds(b"a name to forget")
    deletion.finish(database, store, recording.id)
    assert not holds(b"a name to forget")
    assert not holds(b"a secret note")
    database.close()


def test_what_has_been_kept_long_enough(database: Database) -> None:
    moment = now()
    old = queue(database, "old", created=moment - timedelta(days=10))
    queue(database, "new", created=moment - timedelta(days=1))
    theirs = queue(database, "theirs", "other", created=moment - timedelta(days=3))
    assert deletion.expired(database, None) == []
    assert deletion.expired(database, 5) == [(old.project_id, old.id)]
    set_retention(database, "other", 2)
    set_retention(database, "default", 30)
    assert deletion.expired(database, 5) == [(theirs.project_id, theirs.id)]
    deletion.begin(database, theirs.project_id, theirs.id)
    assert deletion.expired(database, 5) == []


def test_what_was_announced_and_never_arrived_is_removed(
    database: Database, store: MediaStore, tmp_path: Path
) -> None:
    recording = recordings.new_recording(
        "c" * 32,
        ensure_project(database).id,
        "talk",
        bytes=5,
        settings={},
        policy=None,
        model="toy",
        media_file="media",
    )
    recordings.announce(database, recording)
    (tmp_path / "new").write_bytes(b"media")
    store.take(tmp_path / "new", recordings.key_of(recording, "media"))
    # The service dies here. Nobody sees the recording or works on it, and for a day it may still arrive.
    assert recordings.found(database, recording.project_id, recording.id) is None
    assert claims.claim(database, OWNER, 60) is None
    assert not any(recordings.counts_by_state(database).values())
    assert deletion.abandoned(database) == []
    with at(now() + timedelta(days=2), deletion):
        assert deletion.abandoned(database) == [recording.id]
        assert deletion.abandoned(database) == []
    assert recordings.arrived(database, recording.id) is None
    assert deletion.unfinished(database) == [recording.id]
    receipt = deletion.finish(database, store, recording.id)
    assert receipt is not None
    assert (receipt.files, receipt.files_left, receipt.rows_left) == (("media",), 0, 0)


def test_what_arrives_is_seen_and_what_is_withdrawn_is_not(database: Database) -> None:
    project = ensure_project(database).id
    for id in ("d" * 32, "e" * 32):
        kept = recordings.new_recording(
            id, project, "talk", bytes=5, settings={}, policy=None, model="toy", media_file="media"
        )
        recordings.announce(database, kept)
    arrived = recordings.arrived(database, "d" * 32)
    assert arrived is not None
    assert arrived.corrections == 0
    for id in ("d" * 32, "e" * 32):
        recordings.withdraw(database, id)  # which what has arrived no longer heeds
    assert recordings.found(database, project, "d" * 32) is not None
    assert recordings.arrived(database, "e" * 32) is None
    claimed = claims.claim(database, OWNER, 60)
    assert claimed is not None
    assert claimed.id == "d" * 32
