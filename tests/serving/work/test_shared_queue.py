"""Several services on one database and one media store: each recording is analysed by one of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sqlalchemy import select
from toy_work import begun, ended, outcomes, send, toy_work, wait_for

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import deletion
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.tables import Attempt


def test_two_services_share_the_queue(database_url: str, settings: ServiceSettings, tmp_path: Path) -> None:
    folder, go = str(tmp_path / "media"), tmp_path / "go"
    one, other = Database(database_url), Database(database_url)
    storage, second = Storage(one, MediaStore(folder)), Storage(other, MediaStore(folder))
    with toy_work(storage, settings) as work:
        sent = [send(storage, f"wait {go}") for _ in range(2)] + [send(storage, "ok") for _ in range(4)]
        wait_for(lambda: begun(go))
        # The one that comes later leaves alone what is at work.
        with toy_work(second, replace(settings, data=tmp_path / "elsewhere")):
            wait_for(lambda: len(set(begun(go))) == 2)
            go.touch()
            done = [ended(storage, each) for each in sent]
            assert work.alive == 1
    assert [each.state for each in done] == ["COMPLETED"] * 6
    assert [outcomes(storage, each) for each in sent] == [["completed"]] * 6
    with one.reading() as session:
        assert len(set(session.scalars(select(Attempt.owner)))) == 2
    one.close()
    other.close()


def test_a_recording_is_deleted_by_a_service_that_does_not_analyse_it(
    database: Database, settings: ServiceSettings, tmp_path: Path
) -> None:
    storage, go = Storage(database, MediaStore(str(tmp_path / "media"))), tmp_path / "go"
    sent = send(storage, f"wait {go}")
    with (
        toy_work(storage, settings),
        toy_work(storage, replace(settings, data=tmp_path / "elsewhere", workers=0)) as other,
    ):
        wait_for(lambda: begun(go))
        assert deletion.begin(database, sent.project_id, sent.id)
        other.cancel(sent.id)  # it has no such work; the one that has it finds out
        receipt = wait_for(lambda: deletion.finish(database, storage.media, sent.id))
        assert (receipt.files_left, receipt.rows_left) == (0, 0)
        assert ended(storage, send(storage, "ok")).state == "COMPLETED"
