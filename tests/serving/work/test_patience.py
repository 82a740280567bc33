"""A database that fails for a while takes no result with it, and no recording that was accepted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from toy_work import ended, outcomes, send, toy_work

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.recordings import folder_of, key_of
from crossgate.serving.work import analyst, lease, patience
from toy_service import OUTCOME, OWNER, found, queue


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "AGAIN", 0.05)
    monkeypatch.setattr(analyst, "PAUSE", 0.05)


def failing(function: Callable[..., Any], *, before: int = 0, after: int = 0) -> Callable[..., Any]:
    """A function that fails at first: so often `before` it did a thing, then so often `after`."""
    left = [*["before"] * before, *["after"] * after]

    def call(*arguments: Any, **named: Any) -> Any:
        when = left.pop(0) if left else ""
        done = None if when == "before" else function(*arguments, **named)
        if when:
            raise OperationalError("", {}, Exception("gone"))
        return done

    return call


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("what", "said"), [("complete", "ok"), ("fail", "refuse"), ("claim", "ok")])
def test_an_analysis_ends_once_though_the_database_fails_at_it(
    storage: Storage,
    settings: ServiceSettings,
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    said: str,
    when: str,
) -> None:
    if (what, when) == ("claim", "after"):
        monkeypatch.setattr(analyst, "LEASE", 0.2)  # nobody knows of that claim, and it runs out
        monkeypatch.setattr("crossgate.serving.work.supervisor.PERIOD", 0.3)
    monkeypatch.setattr(claims, what, failing(getattr(claims, what), **{when: 2 if when == "before" else 1}))
    sent = send(storage, said)
    with toy_work(storage, settings):
        done = ended(storage, sent)
        lost = ["lost"] if (what, when) == ("claim", "after") else []
        assert outcomes(storage, sent) == [*lost, "failed" if said == "refuse" else "completed"]
    if said == "ok":
        assert done.state == "COMPLETED"
        files = sorted(storage.media.sizes(folder_of(sent)))
        assert files == ["media", f"result-{1 + len(lost)}"]


def test_a_result_the_store_has_no_room_for_fails_by_name_and_leaves_nothing(
    storage: Storage, settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    take = MediaStore.take

    def full(self: MediaStore, source: Path, key: str) -> None:
        if "result" not in key:
            take(self, source, key)
            return
        Path(self._path(key)).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(MediaStore, "take", full)
    sent = send(storage, "ok")
    with toy_work(storage, settings):
        done = ended(storage, sent)
    assert done.state == "FAILED"
    assert done.error is not None
    assert done.error["title"] == "The result could not be kept"
    assert sorted(storage.media.sizes(folder_of(sent))) == ["media"]


def test_what_is_asked_of_the_database_is_given_up_with_its_claim(database: Database) -> None:
    held = lease.Lease(database, "a" * 32, OWNER)
    asked = []

    def fail() -> bool:
        asked.append(1)
        if len(asked) == 3:
            held.lost.set()
        raise OperationalError("", {}, Exception("gone"))

    with pytest.raises(OperationalError):
        patience.patiently(fail, held, threading.Event())
    assert len(asked) == 3
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(OperationalError):
        patience.patiently(fail, lease.Lease(database, "a" * 32, OWNER), stopping)
    assert len(asked) == 4


def test_a_result_that_was_kept_is_known_to_its_owner_alone(
    database: Database, store: MediaStore, tmp_path: Path
) -> None:
    sent = queue(database)
    assert claims.claim(database, OWNER, 60) is not None
    result = tmp_path / "new"
    result.write_bytes(b"result")
    assert claims.complete(database, store, sent.id, OWNER, result, OUTCOME)
    assert claims.complete(database, store, sent.id, OWNER, result, OUTCOME)  # he asks again
    assert not claims.complete(database, store, sent.id, "b" * 32, result, OUTCOME)
    assert store.read(key_of(sent, "result-1")) == b"result"
    assert found(database, sent).state == "COMPLETED"
