"""A service that is killed: its work is done by the next, once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from toy_work import begun, ended, outcomes, running, send, toy_work, wait_for

from crossgate.errors import InputError
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims, recordings
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.opened import Storage
from crossgate.serving.work import lease
from crossgate.serving.work.instance import LOCK_FILE, only_instance
from toy_service import found

SERVICE = """
import sys, time
from pathlib import Path
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.opened import Storage
from toy_work import toy_work

if __name__ == "__main__":
    data, url, media = sys.argv[1:]
    with toy_work(Storage(Database(url), MediaStore(media)), ServiceSettings(data=Path(data))):
        time.sleep(600)
"""


def start(settings: ServiceSettings, url: str, media: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", SERVICE, str(settings.data), url, str(media)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def kill(service: subprocess.Popen[bytes]) -> None:
    service.send_signal(signal.SIGKILL)
    service.wait()


def test_what_a_killed_service_was_at_is_done_once_by_the_next(
    database_url: str, settings: ServiceSettings, tmp_path: Path
) -> None:
    database, media, go = Database(database_url), tmp_path / "media", tmp_path / "go"
    storage = Storage(database, MediaStore(str(media)))
    sent = send(storage, f"wait {go}")
    service = start(settings, database_url, media)
    try:
        wait_for(lambda: begun(go))
        with pytest.raises(InputError, match="another service"), toy_work(storage, settings):
            pass
        (process,) = begun(go)
    finally:
        kill(service)
    wait_for(lambda: not running(process))  # a worker does not outlive its service
    assert found(database, sent).state == "IN_PROGRESS"
    go.touch()
    with toy_work(storage, settings):  # at once, though the lease still runs
        done = ended(storage, sent)
    assert done.state == "COMPLETED"
    assert outcomes(storage, sent) == ["lost", "completed"]
    assert sorted(storage.media.sizes(recordings.folder_of(sent))) == ["media", "result-2"]
    assert list(settings.scratch.iterdir()) == []
    database.close()


def test_what_kills_every_service_is_given_up(storage: Storage, settings: ServiceSettings) -> None:
    settings = replace(settings, workers=0, attempts=2)
    sent = send(storage, "ok")
    for _ in range(2):
        with only_instance(settings.data) as instance:
            assert claims.claim(storage.database, instance.id, 60) is not None
        with toy_work(storage, settings):
            pass
    failed = found(storage.database, sent)
    assert failed.state == "FAILED"
    assert failed.error is not None
    assert "2 times" in failed.error["detail"]


def test_the_dead_are_remembered_until_they_are_dealt_with(tmp_path: Path) -> None:
    runs = []
    for _ in range(2):  # the second dies before it dealt with the first
        with only_instance(tmp_path) as instance:
            runs.append(instance.id)
    with only_instance(tmp_path) as instance:
        assert instance.dead == tuple(runs)
        instance.take_over()
    with only_instance(tmp_path) as following:
        assert following.dead == (instance.id,)
        following.take_over()
        following.note(clean=True)
    with only_instance(tmp_path) as last:
        assert last.dead == ()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"owners": 3}', '{"owners": [1, "x", "../y"]}'])
def test_a_damaged_lock_file_names_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / LOCK_FILE).write_text(content)
    with only_instance(tmp_path) as instance:
        assert instance.dead == ()


def test_work_goes_on_where_its_lease_ran_out_in_sleep(
    storage: Storage, settings: ServiceSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossgate.serving.work.analyst.LEASE", -1.0)  # run out from the first moment
    go = tmp_path / "go"
    sent = send(storage, f"wait {go}")
    with toy_work(storage, settings) as work:
        wait_for(lambda: begun(go))
        for each in work._leases():
            each.renew()
        assert claims.requeue_lost(storage.database, 3, {}) == []
        go.touch()
        assert ended(storage, sent).state == "COMPLETED"
    assert outcomes(storage, sent) == ["completed"]


def test_a_lease_that_cannot_be_renewed_is_lost_when_it_has_run_out(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy.exc import OperationalError

    def fail(*_: object, **__: object) -> bool:
        raise OperationalError("", {}, Exception("gone"))

    sent = send(storage, "ok")
    assert claims.claim(storage.database, "a" * 32, 60) is not None
    held = lease.Lease(storage.database, sent.id, "a" * 32)
    monkeypatch.setattr(claims, "renew", fail)
    held.renew()
    assert not held.lost.is_set()
    monkeypatch.setattr(lease, "LEASE", 0.0)
    held.renew()
    assert held.lost.is_set()
