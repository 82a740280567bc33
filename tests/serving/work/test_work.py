"""Recordings are analysed by processes of their own, whatever befalls those."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from toy_analyses import SECRET, toy_analysis
from toy_work import begun, ended, outcomes, running, send, toy_work, wait_for

from crossgate.errors import InputError
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage import claims, deletion, recordings
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.opened import Storage
from crossgate.serving.storage.tables import Recording
from crossgate.serving.work import analyst
from crossgate.serving.work.supervisor import Work
from toy_makers import dies_at_once, no_model
from toy_service import found


def result_of(storage: Storage, recording: Recording) -> dict[str, object]:
    assert recording.result_file is not None
    content: dict[str, object] = json.loads(
        storage.media.read(recordings.key_of(recording, recording.result_file))
    )
    return content


def test_recordings_are_analysed_by_one_process_that_is_kept(
    database: Database, settings: ServiceSettings, store: MediaStore
) -> None:
    storage = Storage(database, store)
    sent = [send(storage, "ok", f"talk {k}.mp4") for k in range(3)]
    with toy_work(storage, settings) as work:
        done = [ended(storage, each) for each in sent]
        assert work.alive == 1
    assert work.alive == 0
    assert [each.state for each in done] == ["COMPLETED"] * 3
    assert {emotion.emotion: emotion.turns for emotion in done[0].emotions} == {
        "joy": 2,
        "anger": 0,
        "sadness": 1,
    }
    assert [speaker.name for speaker in done[0].speakers] == ["Ada", "Bob"]
    assert (done[0].kind, done[0].duration, done[0].turns, done[0].share) == ("audio", 2.5, 3, 1.0)
    results = [result_of(storage, each) for each in done]
    assert [each["name"] for each in results] == ["talk 0.mp4", "talk 1.mp4", "talk 2.mp4"]
    (process,) = {each["process"] for each in results}
    assert isinstance(process, int)
    assert not running(process)
    assert list(settings.scratch.iterdir()) == []


def test_two_workers_work_at_once(storage: Storage, settings: ServiceSettings, tmp_path: Path) -> None:
    go = tmp_path / "go"
    sent = [send(storage, f"wait {go}") for _ in range(2)]
    with toy_work(storage, replace(settings, workers=2)) as work:
        wait_for(lambda: len(set(begun(go))) == 2)
        assert work.alive == 2
        go.touch()
        assert [ended(storage, each).state for each in sent] == ["COMPLETED"] * 2


def test_progress_is_seen_while_it_works(storage: Storage, settings: ServiceSettings, tmp_path: Path) -> None:
    go = tmp_path / "go"
    sent = send(storage, f"wait {go}")
    with toy_work(storage, settings):
        wait_for(lambda: found(storage.database, sent).step == "looking at the faces")
        assert 0 < found(storage.database, sent).share < 1
        go.touch()
        assert ended(storage, sent).step is None


BREAKS = {
    "abort": (500, "SIGABRT"),
    "segfault": (500, "SIGSEGV"),
    "killed": (500, "ended by the system"),
    "exit": (500, "exit code 7"),
    "exhaust": (422, "more than 6000 MB"),
    "raise": (500, "log says where"),
    "complain": (500, "owner/name: the hub does not answer. Try later."),
}


def test_what_breaks_one_analysis_breaks_no_other(
    storage: Storage, settings: ServiceSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bad = {does: send(storage, does, "Ada's secret.mp4") for does in BREAKS}
    good = send(storage, "ok")
    with toy_work(storage, settings):
        failed = {does: ended(storage, each) for does, each in bad.items()}
        assert ended(storage, good).state == "COMPLETED"
    for does, (status, says) in BREAKS.items():
        error = failed[does].error
        assert error is not None, does
        assert (failed[does].state, error["status"]) == ("FAILED", status), does
        assert says in error["detail"], does
        assert SECRET not in str(error), does
        assert outcomes(storage, bad[does]) == ["failed"], does
    assert caplog.text.count("_raise") == 1  # the log says where it was
    assert SECRET not in caplog.text
    assert "Ada" not in caplog.text


def test_what_is_refused_is_said_in_the_names_people_gave(
    storage: Storage, settings: ServiceSettings
) -> None:
    recording = send(
        storage, "refuse", "Überraschung.mp4", transcript="", transcript_name="Who says what.vtt"
    )
    with toy_work(storage, settings):
        failed = ended(storage, recording)
    assert failed.error is not None
    assert failed.error["status"] == 422
    assert failed.error["detail"] == (
        "Who says what.vtt, line 3: Überraschung.mp4 and Überraschung.mp4 do not go with it. "
        "Mend Who says what.vtt."
    )


@pytest.mark.parametrize(
    ("does", "limit", "says"),
    [
        ("hang", {"silent_minutes": 0.04}, "hung"),
        ("busy", {"job_minutes": 0.04}, "took too long"),
        ("grow", {"job_megabytes": 500.0}, "took too much memory"),
        ("child-grows", {"job_megabytes": 500.0}, "took too much memory"),
    ],
)
def test_whoever_goes_past_a_limit_is_ended(
    storage: Storage, settings: ServiceSettings, tmp_path: Path, does: str, limit: dict[str, float], says: str
) -> None:
    note = tmp_path / "process"
    bad = send(storage, f"{does} {note}")
    good = send(storage, "ok")
    with toy_work(storage, replace(settings, **limit)):
        failed, done = ended(storage, bad), ended(storage, good)
    assert failed.error is not None
    assert says in failed.error["title"]
    assert done.state == "COMPLETED"
    if note.exists():
        process, left = note.read_text().split()
        assert not running(int(process))
        assert not Path(left).exists()
    assert list(settings.scratch.iterdir()) == []


@pytest.mark.parametrize("asked", [True, False], ids=["by cancel", "elsewhere"])
def test_a_recording_that_is_deleted_is_left_soon(
    database: Database, settings: ServiceSettings, tmp_path: Path, asked: bool
) -> None:
    storage = Storage(database, MediaStore(str(tmp_path / "media")))
    go = tmp_path / "go"
    sent = send(storage, f"wait {go}")
    with toy_work(storage, settings) as work:
        wait_for(lambda: begun(go))
        (process,) = begun(go)
        assert deletion.begin(database, sent.project_id, sent.id)
        assert deletion.finish(database, storage.media, sent.id) is None
        if asked:
            work.cancel(sent.id)
        receipt = wait_for(lambda: deletion.finish(database, storage.media, sent.id))
        assert not running(process)
        assert (receipt.files, receipt.files_left, receipt.rows_left) == (("media",), 0, 0)
        assert ended(storage, send(storage, "ok")).state == "COMPLETED"
    assert list(settings.scratch.iterdir()) == []


def test_what_is_at_work_when_the_service_stops_is_done_by_the_next(
    database: Database, settings: ServiceSettings, tmp_path: Path
) -> None:
    storage = Storage(database, MediaStore(str(tmp_path / "media")))
    go = tmp_path / "go"
    sent = send(storage, f"wait {go}")
    with toy_work(storage, settings):
        wait_for(lambda: begun(go))
    (process,) = begun(go)
    assert not running(process)
    assert found(database, sent).state == "QUEUED"
    go.touch()
    with toy_work(storage, settings):
        assert ended(storage, sent).state == "COMPLETED"
    assert outcomes(storage, sent) == ["released", "completed"]


def test_the_policy_of_the_service_holds(storage: Storage, settings: ServiceSettings) -> None:
    policy = "eu-work-education"
    silent, willing = send(storage, "ok"), send(storage, "ok", settings={"policy": policy, "speakers": 2})
    contrary = send(storage, "ok", settings={"policy": "mine"})
    noted = send(storage, "ok", policy=policy)
    with toy_work(storage, replace(settings, policy=policy)):
        for each in (silent, willing, noted):
            how = result_of(storage, ended(storage, each))["settings"]
            assert isinstance(how, dict)
            assert how["policy"] == policy
        failed = ended(storage, contrary)
    assert failed.error is not None
    assert failed.error["status"] == 422
    assert policy in failed.error["detail"]


def test_a_recording_the_store_has_lost_fails(storage: Storage, settings: ServiceSettings) -> None:
    lost = send(storage, None, media_file="media")
    with toy_work(storage, settings):
        failed = ended(storage, lost)
    assert failed.error is not None
    assert failed.error["title"] == "The recording is missing"


@pytest.mark.parametrize("make", [no_model, dies_at_once], ids=["refused", "crashes"])
def test_without_a_model_nothing_is_claimed(
    storage: Storage, settings: ServiceSettings, caplog: pytest.LogCaptureFixture, make
) -> None:
    sent = send(storage, "ok")
    with Work(storage, settings, make=make) as work:
        wait_for(lambda: "the model cannot be loaded" in caplog.text)
        assert work.alive == 0
    assert found(storage.database, sent).attempts == 0


def test_a_store_that_fails_is_asked_again_and_not_for_ever(
    storage: Storage, settings: ServiceSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no space left")

    sent = send(storage, "ok")
    monkeypatch.setattr(storage.media, "take", fail)
    monkeypatch.setattr(analyst, "PAUSE", 0.01)
    with toy_work(storage, replace(settings, attempts=2)):
        failed = ended(storage, sent)
    assert failed.state == "FAILED"
    assert outcomes(storage, sent) == ["released", "failed"]


def test_without_workers_uploads_wait(storage: Storage, settings: ServiceSettings) -> None:
    sent = send(storage, "ok")
    with Work(storage, replace(settings, workers=0), make=toy_analysis) as work:
        assert work.alive == 0
    assert found(storage.database, sent).state == "QUEUED"


def test_a_second_service_in_the_same_folder_is_refused(storage: Storage, settings: ServiceSettings) -> None:
    sent = send(storage, "ok")
    with toy_work(storage, settings):
        with pytest.raises(InputError, match="another service"), toy_work(storage, settings):
            pass
        assert ended(storage, sent).state == "COMPLETED"  # it is left in peace
    with toy_work(storage, settings):
        pass


def test_scratch_is_emptied_at_the_start(storage: Storage, settings: ServiceSettings) -> None:
    (settings.scratch / "half").mkdir(parents=True)
    (settings.scratch / "half" / "upload").touch()
    (settings.scratch / "link").symlink_to(settings.data)
    with toy_work(storage, replace(settings, workers=0)):
        assert list(settings.scratch.iterdir()) == []
    assert settings.data.is_dir()


def test_what_another_machine_does_is_left_alone(storage: Storage, settings: ServiceSettings) -> None:
    sent = send(storage, "ok")
    assert claims.claim(storage.database, "a" * 32, 60) is not None
    with toy_work(storage, settings):
        assert ended(storage, send(storage, "ok")).state == "COMPLETED"
        assert found(storage.database, sent).owner == "a" * 32
