"""What nobody waits for is done all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from toy_work import begun, send, toy_work, wait_for

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims, deletion
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.projects import set_retention
from crossgate.serving.storage.recordings import found as find
from crossgate.serving.storage.tables import now
from crossgate.serving.work.janitor import Janitor
from toy_service import OWNER, at, found

MakeJanitor = Callable[..., Janitor]


@pytest.fixture
def janitor(storage: Storage, settings: ServiceSettings) -> MakeJanitor:
    def make(**more: object) -> Janitor:
        return Janitor(storage, replace(settings, **more), list, lambda id: None)  # type: ignore[arg-type]

    return make


def test_retention_is_applied(storage: Storage, janitor: MakeJanitor) -> None:
    old, young = send(storage, "ok"), send(storage, "ok")
    set_retention(storage.database, "kept", 1000)
    with storage.database.writing() as session:
        session.merge(old).created = now() - timedelta(days=8)
    janitor(retention_days=9.0).round()
    assert find(storage.database, old.project_id, old.id) is not None
    janitor(retention_days=7.0).round()
    assert find(storage.database, old.project_id, old.id) is None
    assert find(storage.database, young.project_id, young.id) is not None
    receipt = deletion.receipt_of(storage.database, storage.media, old.project_id, old.id)
    assert receipt is not None
    assert (receipt.files, receipt.files_left, receipt.rows_left) == (("media",), 0, 0)


def test_retention_reaches_what_is_at_work(storage: Storage, settings: ServiceSettings, tmp_path) -> None:
    go = tmp_path / "go"
    sent = send(storage, f"wait {go}")
    with toy_work(storage, settings) as work:
        wait_for(lambda: begun(go))
        janitor = Janitor(storage, replace(settings, retention_days=1e-9), work._leases, work.cancel)

        def gone() -> object:
            janitor.round()
            return deletion.receipt_of(storage.database, storage.media, sent.project_id, sent.id)

        wait_for(gone)


def test_a_deletion_left_half_way_is_finished_in_the_second_round(
    storage: Storage, janitor: MakeJanitor
) -> None:
    sent = send(storage, "ok")
    assert deletion.begin(storage.database, sent.project_id, sent.id)
    rounds = janitor()
    rounds.round()  # whoever asked for it may be about to finish it
    assert deletion.unfinished(storage.database) == [sent.id]
    rounds.round()
    assert deletion.unfinished(storage.database) == []


def test_a_store_that_keeps_its_files_keeps_nothing_else_from_being_done(
    storage: Storage, janitor: MakeJanitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, lost = send(storage, "ok"), send(storage, "ok")
    assert deletion.begin(storage.database, stuck.project_id, stuck.id)
    assert claims.claim(storage.database, OWNER, -1) is not None
    remove = storage.media.remove

    def fail(key: str) -> None:
        raise PermissionError(key)

    monkeypatch.setattr(storage.media, "remove", fail)
    rounds = janitor()
    for _ in range(3):
        rounds.round()
    assert found(storage.database, lost).state == "QUEUED"
    assert deletion.unfinished(storage.database) == [stuck.id]
    monkeypatch.setattr(storage.media, "remove", remove)
    rounds.round()
    assert deletion.unfinished(storage.database) == []


def test_a_claim_whose_lease_ran_out_waits_again_and_fails_at_last(
    storage: Storage, janitor: MakeJanitor
) -> None:
    sent = send(storage, "ok")
    rounds = janitor(attempts=2)
    for state in ("QUEUED", "FAILED"):
        assert claims.claim(storage.database, OWNER, 60) is not None
        rounds.round()
        assert found(storage.database, sent).state == "IN_PROGRESS"
        with at(now() + timedelta(seconds=61), claims):
            rounds.round()
        assert found(storage.database, sent).state == state
