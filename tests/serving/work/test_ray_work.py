"""The same work on a Ray that is started for the tests, whatever befalls its workers."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toy_analyses import toy_analysis
from toy_work import begun, ended, outcomes, running, send, wait_for

from crossgate.pipeline.processes.scratch import PREFIX
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import deletion, recordings
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.tables import Recording
from crossgate.serving.work.engine import workers_of
from crossgate.serving.work.on_ray import worker as on_ray
from crossgate.serving.work.supervisor import Work
from crossgate.serving.work.workers import StartWorker
from toy_makers import no_model

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def there() -> Iterator[Path]:
    """Where workers keep their files; Ray's sockets want a shorter path than pytest's own."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def start(there: Path) -> Iterator[StartWorker]:
    """What starts workers on a Ray of two CPUs, whose processes find the analyses of the tests."""
    ray = pytest.importorskip("ray")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_TMPDIR", str(there))
        patch.setenv("TMPDIR", str(there))
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        with workers_of(ServiceSettings(engine="ray", workers=2)) as start:
            yield start
    assert not ray.is_initialized()


@pytest.fixture(autouse=True)
def nothing_left(there: Path) -> Iterator[None]:
    """Whatever happens, no recording stays where it was analysed."""
    yield
    assert list(there.glob(f"{PREFIX}*")) == []


def content_of(storage: Storage, done: Recording) -> dict[str, Any]:
    assert done.state == "COMPLETED", done.error
    assert done.result_file is not None
    content: dict[str, Any] = json.loads(storage.media.read(recordings.key_of(done, done.result_file)))
    return content


def parent_of(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def test_recordings_are_analysed_elsewhere_by_one_process_that_is_kept(
    storage: Storage,
    settings: ServiceSettings,
    start: StartWorker,
    there: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(on_ray, "BLOCK", 7)  # every file in several pieces
    note = tmp_path / "where"
    sent = [send(storage, does, f"{does[:2]}.mp4", transcript="") for does in ("ok", f"where {note}")]
    refused = send(storage, "refuse", "Überraschung.mp4", transcript="WEBVTT", transcript_name="Who.vtt")
    with Work(storage, settings, make=toy_analysis, start=start) as work:
        done = [ended(storage, each) for each in sent]
        failed = ended(storage, refused)
        assert work.alive == 1
    assert work.alive == 0
    contents = [content_of(storage, each) for each in done]
    assert [each["name"] for each in contents] == ["ok.mp4", "wh.mp4"]
    (process,) = {each["process"] for each in contents}
    wait_for(lambda: not running(process))
    assert there in Path(note.read_text()).parents
    assert failed.error is not None
    assert failed.error["status"] == 422
    assert failed.error["detail"] == (
        "Who.vtt, line 3: Überraschung.mp4 and Überraschung.mp4 do not go with it. Mend Who.vtt."
    )
    assert list(settings.scratch.iterdir()) == []


def test_what_lies_in_a_store_is_fetched_here_and_analysed_there(
    storage: Storage, settings: ServiceSettings, start: StartWorker, tmp_path: Path
) -> None:
    store = f"file://{tmp_path}/talks"
    (tmp_path / "talks").mkdir()
    (tmp_path / "talks" / "talk.mp4").write_text("ok")
    sent, absent = (send(storage, None, url=f"{store}/{name}.mp4") for name in ("talk", "absent"))
    with Work(storage, replace(settings, allow_store=store), make=toy_analysis, start=start) as work:
        done, failed = ended(storage, sent), ended(storage, absent)
        assert work.alive == 1
    assert content_of(storage, done)["name"] == "Meeting.mp4"
    assert failed.error is not None
    assert failed.error["detail"].startswith("Meeting.mp4: is not in the store")


def test_what_breaks_one_analysis_breaks_no_other(
    storage: Storage, settings: ServiceSettings, start: StartWorker
) -> None:
    breaks = {"segfault": "SIGSEGV", "killed": "ended by the system", "exit": "exit code 7"}
    bad = {does: send(storage, does) for does in breaks}
    good = send(storage, "ok")
    with Work(storage, settings, make=toy_analysis, start=start):
        failed = {does: ended(storage, each) for does, each in bad.items()}
        assert ended(storage, good).state == "COMPLETED"
    for does, says in breaks.items():
        error = failed[does].error
        assert error is not None
        assert says in error["detail"]
        assert outcomes(storage, bad[does]) == ["failed"]


@pytest.mark.parametrize(
    ("does", "limit", "says"),
    [
        ("hang", {"silent_minutes": 0.4}, "hung"),
        ("busy", {"job_minutes": 0.02}, "took too long"),
        ("child-grows", {"job_megabytes": 600.0}, "took too much memory"),
    ],
)
def test_whoever_goes_past_a_limit_is_ended(
    storage: Storage,
    settings: ServiceSettings,
    start: StartWorker,
    tmp_path: Path,
    does: str,
    limit: dict[str, float],
    says: str,
) -> None:
    note = tmp_path / "process"
    bad = send(storage, f"{does} {note}")
    # How long it may be silent goes for its beginning as well, which is slow on a busy machine.
    with Work(storage, replace(settings, **limit), make=toy_analysis, start=start):
        failed = ended(storage, bad)
    assert failed.error is not None
    assert says in failed.error["title"]
    if note.exists():
        assert not running(int(note.read_text()))


def test_a_recording_that_is_deleted_is_left_soon(
    storage: Storage, settings: ServiceSettings, start: StartWorker, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    sent = send(storage, f"wait {go}")
    with Work(storage, settings, make=toy_analysis, start=start) as work:
        (process,) = wait_for(lambda: begun(go))
        assert deletion.begin(storage.database, sent.project_id, sent.id)
        work.cancel(sent.id)
        receipt = wait_for(lambda: deletion.finish(storage.database, storage.media, sent.id))
        assert not running(process)
        assert (receipt.files_left, receipt.rows_left) == (0, 0)
        assert ended(storage, send(storage, "ok")).state == "COMPLETED"


def test_two_do_the_work_of_the_queue_once(
    storage: Storage, settings: ServiceSettings, start: StartWorker, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    sent = [send(storage, f"wait {go}") for _ in range(2)] + [send(storage, "ok") for _ in range(8)]
    with Work(storage, replace(settings, workers=2), make=toy_analysis, start=start) as work:
        wait_for(lambda: len(set(begun(go))) == 2)
        assert work.alive == 2
        go.touch()
        done = [ended(storage, each) for each in sent]
    assert [outcomes(storage, each) for each in sent] == [["completed"]] * 10
    assert {content_of(storage, each)["process"] for each in done} == set(begun(go))


def test_what_is_lost_with_its_machine_is_begun_again_and_not_for_ever(
    storage: Storage, settings: ServiceSettings, start: StartWorker, tmp_path: Path, there: Path
) -> None:
    go = tmp_path / "go"
    sent = send(storage, f"wait {go}")
    with Work(storage, replace(settings, attempts=2), make=toy_analysis, start=start):
        for times in (1, 2):
            process = wait_for(lambda times=times: len(begun(go)) == times and begun(go)[-1])
            os.kill(parent_of(process), signal.SIGKILL)  # the actor: more of a machine is not here to lose
            wait_for(lambda process=process: not running(process))
        failed = ended(storage, sent)
        assert ended(storage, send(storage, "ok")).state == "COMPLETED"  # and the next removes what was left
        assert len(list(there.glob(f"{PREFIX}*"))) == 1
    assert failed.error is not None
    assert failed.error["title"] == "The analysis was lost"
    assert outcomes(storage, sent) == ["released", "failed"]


def test_an_idle_one_that_is_lost_costs_nobody_anything(
    storage: Storage, settings: ServiceSettings, start: StartWorker
) -> None:
    first = send(storage, "ok")
    with Work(storage, settings, make=toy_analysis, start=start) as work:
        process = content_of(storage, ended(storage, first))["process"]
        os.kill(parent_of(process), signal.SIGKILL)
        wait_for(lambda: not work.alive)
        second = send(storage, "ok")
        assert content_of(storage, ended(storage, second))["process"] != process
    assert outcomes(storage, second) == ["completed"]


def test_without_a_model_nothing_is_claimed(
    storage: Storage, settings: ServiceSettings, start: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    sent = send(storage, "ok")
    with Work(storage, settings, make=no_model, start=start) as work:
        wait_for(lambda: "the model cannot be loaded: nowhere: no checkpoint of that name" in caplog.text)
        assert work.alive == 0
    assert outcomes(storage, sent) == []
