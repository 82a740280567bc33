"""Claims: one owner at a time, exactly one result, and nobody's work is lost with him."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from crossgate.serving.storage import claims, deletion, recordings
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.tables import Attempt, Recording, now
from toy_service import LOST, OUTCOME, OWNER, RIVAL, at, found, queue


def outcomes(database: Database, recording: Recording) -> list[str | None]:
    with database.reading() as session:
        wanted = select(Attempt.outcome).where(Attempt.recording_id == recording.id).order_by(Attempt.number)
        return list(session.scalars(wanted))


def complete(database: Database, store: MediaStore, folder: Path, id: str, owner: str) -> bool:
    file = folder / f"result-of-{owner[:1]}"
    file.write_text(owner)
    return claims.complete(database, store, id, owner, file, OUTCOME)


def test_the_oldest_is_claimed_first_and_by_one(database: Database) -> None:
    first, second = queue(database, "first"), queue(database, "second", "other")
    claimed = claims.claim(database, OWNER, 60)
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.owner, claimed.attempts) == (first.id, "IN_PROGRESS", OWNER, 1)
    following = claims.claim(database, RIVAL, 60)
    assert following is not None
    assert following.id == second.id
    assert claims.claim(database, OWNER, 60) is None


def test_claimants_at_once_get_every_recording_exactly_once(database: Database) -> None:
    wanted = {queue(database, f"{k}").id for k in range(12)}
    start = threading.Barrier(4)

    def take(owner: str) -> list[str]:
        start.wait()
        mine = []
        while (claimed := claims.claim(database, owner, 60)) is not None:
            mine.append(claimed.id)
        return mine

    with ThreadPoolExecutor(4) as pool:
        taken = Counter(id for ids in pool.map(take, [uuid4().hex for _ in range(4)]) for id in ids)
    assert taken == Counter(wanted)


def test_progress_is_the_owners_alone(database: Database) -> None:
    recording = queue(database)
    claims.claim(database, OWNER, 60)
    assert claims.renew(database, recording.id, OWNER, 60, step="voices", share=0.5)
    assert not claims.renew(database, recording.id, RIVAL, 60, step="faces", share=0.9)
    assert (found(database, recording).step, found(database, recording).share) == ("voices", 0.5)


def test_a_result_is_kept_with_what_it_is_found_by(
    database: Database, store: MediaStore, tmp_path: Path
) -> None:
    recording = queue(database)
    claims.claim(database, OWNER, 60)
    assert complete(database, store, tmp_path, recording.id, OWNER)
    done = found(database, recording)
    assert (done.state, done.owner, done.lease, done.step, done.share) == ("COMPLETED", None, None, None, 1.0)
    assert (done.kind, done.duration, done.turns) == ("video", 12.5, 3)
    assert {each.emotion: each.turns for each in done.emotions} == OUTCOME.emotions
    assert [each.name for each in done.speakers] == ["Ada", "Bob"]
    assert done.finished is not None
    assert done.result_file is not None
    assert store.read(recordings.key_of(done, done.result_file)) == OWNER.encode()
    assert outcomes(database, recording) == ["completed"]
    assert complete(database, store, tmp_path, recording.id, OWNER)  # asked again: it is so
    assert claims.claim(database, RIVAL, 60) is None


def test_a_failure_says_why(database: Database) -> None:
    recording = queue(database)
    claims.claim(database, OWNER, 60)
    assert not claims.fail(database, recording.id, RIVAL, LOST)
    assert claims.fail(database, recording.id, OWNER, {"title": "no sound"})
    done = found(database, recording)
    assert (done.state, done.error, done.owner) == ("FAILED", {"title": "no sound"}, None)
    assert claims.claim(database, OWNER, 60) is None


def test_what_is_released_waits_again(database: Database) -> None:
    recording = queue(database)
    claims.claim(database, OWNER, 60)
    assert not claims.release(database, recording.id, RIVAL)
    assert claims.release(database, recording.id, OWNER)
    again = claims.claim(database, RIVAL, 60)
    assert again is not None
    assert again.attempts == 2
    assert outcomes(database, recording) == ["released", None]


@pytest.mark.parametrize("known", [True, False], ids=["known to be dead", "lease ran out"])
def test_what_a_dead_owner_held_has_effect_once(
    database: Database, store: MediaStore, tmp_path: Path, known: bool
) -> None:
    recording = queue(database)
    claims.claim(database, OWNER, 60 if known else -1)
    assert claims.requeue_lost(database, 3, LOST, [OWNER] if known else []) == [recording.id]
    assert found(database, recording).state == "QUEUED"
    again = claims.claim(database, RIVAL, 60)
    assert again is not None
    assert again.id == recording.id
    # He was not dead after all, and is late: nothing of his has any effect.
    assert not claims.renew(database, recording.id, OWNER, 60, step=None, share=0.9)
    assert not claims.fail(database, recording.id, OWNER, LOST)
    assert not claims.release(database, recording.id, OWNER)
    assert not complete(database, store, tmp_path, recording.id, OWNER)
    assert complete(database, store, tmp_path, recording.id, RIVAL)
    assert outcomes(database, recording) == ["lost", "completed"]
    assert list(store.sizes(recordings.folder_of(recording))) == ["result-2"]
    assert store.read(recordings.key_of(recording, "result-2")) == RIVAL.encode()


def test_who_loses_the_claim_while_he_writes_leaves_nothing(
    database: Database, store: MediaStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = queue(database)
    claims.claim(database, OWNER, 60)
    take = store.take

    def slow(source: Path, key: str) -> None:
        take(source, key)
        claims.requeue_lost(database, 3, LOST, [OWNER])

    monkeypatch.setattr(store, "take", slow)
    assert not complete(database, store, tmp_path, recording.id, OWNER)
    assert store.sizes(recordings.folder_of(recording)) == {}
    assert found(database, recording).state == "QUEUED"


def test_a_living_owner_keeps_what_he_has(database: Database) -> None:
    recording = queue(database)
    claims.claim(database, OWNER, 60)
    assert claims.requeue_lost(database, 3, LOST, [RIVAL]) == []
    with at(now() + timedelta(seconds=59), claims):
        assert claims.renew(database, recording.id, OWNER, 60, step=None, share=0.1)
    with at(now() + timedelta(seconds=100), claims):
        assert claims.requeue_lost(database, 3, LOST) == []
    with at(now() + timedelta(seconds=130), claims):
        assert claims.requeue_lost(database, 3, LOST) == [recording.id]


def test_what_kills_its_owners_fails_at_last(database: Database) -> None:
    recording = queue(database)
    for _ in range(3):
        assert found(database, recording).state == "QUEUED"
        claims.claim(database, OWNER, -1)
        claims.requeue_lost(database, 3, LOST)
    done = found(database, recording)
    assert (done.state, done.error, done.attempts) == ("FAILED", LOST, 3)
    assert outcomes(database, recording) == ["lost"] * 3


def test_what_is_being_deleted_is_stopped_and_not_begun(
    database: Database, store: MediaStore, tmp_path: Path
) -> None:
    running, waiting = queue(database, "running"), queue(database, "waiting")
    claims.claim(database, OWNER, 60)
    for each in (running, waiting):
        assert deletion.begin(database, each.project_id, each.id)
    assert claims.claim(database, RIVAL, 60) is None
    assert not claims.renew(database, running.id, OWNER, 60, step=None, share=0.5)
    assert not claims.fail(database, running.id, OWNER, LOST)
    assert not complete(database, store, tmp_path, running.id, OWNER)
    assert claims.release(database, running.id, OWNER)
    assert outcomes(database, running) == ["stopped"]
    assert claims.claim(database, RIVAL, 60) is None
