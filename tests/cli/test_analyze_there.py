"""`crossgate analyze --server`: the folder of a local analysis, by a service."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest

from crossgate.cli.main import main
from crossgate.report.exports import elan
from crossgate.sample import RECORDING, TRANSCRIPT
from crossgate.serving.storage.projects import create_token
from crossgate.serving.storage.recordings import counts_by_state
from toy_server import Service, listening, toy_result


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    monkeypatch.delenv("CROSSGATE_TOKEN", raising=False)
    with listening(tmp_path / "there") as made:
        yield made


@contextmanager
def analyst(service: Service, result: Any = None, problem: dict[str, Any] | None = None) -> Iterator[None]:
    """Somebody who does the next thing that waits."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            if counts_by_state(service.storage.database).get("QUEUED"):
                id = service.begin()
                if problem is None:
                    service.complete(id, result)
                else:
                    service.fail(id, **problem)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def analyze(folder: Path, service: Service, *arguments: object) -> int:
    words = map(str, arguments)
    return main(["analyze", *words, "--out", str(folder / "out"), "--server", service.url])


class Noon(datetime):
    """A clock that stands: ELAN's files say when they were written."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Noon:
        return cls(2026, 1, 31, 12, tzinfo=tz)


def test_the_folder_is_that_of_an_analysis_here(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elan, "datetime", Noon)
    result = toy_result()
    with analyst(service, result):
        assert (
            analyze(tmp_path, service, RECORDING, "--transcript", TRANSCRIPT, "--format", "html,csv,eaf") == 0
        )
    said = capsys.readouterr()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "result.json",
        "report.html",
        "turns.csv",
        "turns.eaf",
    }
    result.write(tmp_path / "here", ("html", "csv", "eaf"), media=RECORDING)
    for path in (tmp_path / "here").iterdir():
        assert path.read_bytes() == (tmp_path / "out" / path.name).read_bytes(), path.name
    assert str(tmp_path / "out" / "result.json") in said.out
    assert f"{service.url}/#/recordings/" in said.err


def test_wishes_go_along(service: Service, tmp_path: Path) -> None:
    wishes = ("--policy", "eu-work-education", "--speakers", "2", "--face_rate", "2.5")
    with analyst(service, toy_result(kind="text", timed=False)):
        assert analyze(tmp_path, service, TRANSCRIPT, *wishes, "--format", "csv") == 0
    import crossgate

    with crossgate.Client(service.url) as client:
        (sent,) = client.recordings()
    assert (sent.policy, sent.has_transcript, sent.name) == ("eu-work-education", True, "talk.vtt")
    from crossgate.serving.storage.projects import ensure_project
    from crossgate.serving.storage.recordings import found

    row = found(service.storage.database, ensure_project(service.storage.database).id, sent.id)
    assert row is not None
    kept = {name: value for name, value in row.settings.items() if value is not None}
    assert (kept["policy"], kept["speakers"], kept["face_rate"]) == ("eu-work-education", 2, 2.5)


def test_standard_input_goes_as_well(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RECORDING.open("rb") as file, analyst(service):
        monkeypatch.setattr("sys.stdin", type("Stream", (), {"buffer": file}))
        assert analyze(tmp_path, service, "-", "--format", "csv") == 0
    assert json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))["utterances"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--model", "crossgate-meld-live"), "--model: cannot be told to a service"),
        (("--whisper", "base"), "crossgate serve --whisper"),
        (("--pyannote", "x"), "crossgate serve --pyannote"),
        (("--speech_model", "x"), "without --server"),
        (("--speakers_file", str(TRANSCRIPT)), "into the transcript"),
        (("--openface", str(TRANSCRIPT)), "without --server"),
        (("--policy", "mars"), "policy is 'mars'"),
        (("--format", "pdf"), "unknown format"),
        (("--transcript", "gone.vtt"), "no such file"),
        (("--token_file", "gone.txt"), "gone.txt: the token cannot be read"),
        (("--language", "en"), "language"),
    ],
)
def test_what_no_service_takes_is_refused_before_anything_is_sent(
    service: Service,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    assert analyze(tmp_path, service, RECORDING, *arguments) == 2
    assert message in capsys.readouterr().err
    assert not counts_by_state(service.storage.database)
    assert not (tmp_path / "out").exists()


def test_what_the_service_says_is_said(
    service: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with analyst(service, problem={"title": "This cannot be used", "status": 422, "detail": "No sound."}):
        assert analyze(tmp_path, service, RECORDING) == 2
    assert "talk.mp4: This cannot be used. No sound" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_token_comes_from_a_file_or_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CROSSGATE_TOKEN", raising=False)
    with listening(tmp_path / "there", tokens=True) as service, analyst(service):
        secret, _ = create_token(service.storage.database, "team", "laptop", ("read", "write"))
        assert analyze(tmp_path / "a", service, TRANSCRIPT, "--format", "csv") == 2
        assert "crossgate token create" in capsys.readouterr().err
        (tmp_path / "token").write_text(f"{secret}\n")
        assert (
            analyze(
                tmp_path / "b", service, TRANSCRIPT, "--token_file", tmp_path / "token", "--format", "csv"
            )
            == 0
        )
        monkeypatch.setenv("CROSSGATE_TOKEN", secret)
        assert analyze(tmp_path / "c", service, TRANSCRIPT, "--format", "csv") == 0
        said = capsys.readouterr()
        assert secret not in said.out + said.err


def test_a_token_file_without_a_service_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["analyze", str(TRANSCRIPT), "--out", str(tmp_path / "out"), "--token_file", "x"]
    assert main(words) == 2
    assert "give --server" in capsys.readouterr().err
