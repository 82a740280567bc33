"""`crossgate.Client` against a whole service: what it sends arrives, what comes back is as in Python."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import crossgate
from crossgate.errors import InputError
from crossgate.sample import TRANSCRIPT
from crossgate.serving.client.answers import Recording
from crossgate.serving.client.client import Client
from crossgate.serving.client.trouble import ServiceError
from crossgate.serving.storage.projects import create_token
from crossgate.serving.storage.recordings import found, key_of
from toy_server import Service, listening

MP4 = b"\0\0\0\x18ftypisom" + bytes(range(256)) * 4000


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with listening(tmp_path) as made:
        yield made


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with crossgate.Client(service.url) as made:
        yield made


@pytest.fixture
def talk(tmp_path: Path) -> Path:
    path = tmp_path / "talk.mp4"
    path.write_bytes(MP4)
    return path


def done(service: Service, client: Client, talk: Path, **wanted: Any) -> Recording:
    """A recording that is analysed."""
    sent = client.upload(talk, **wanted)
    service.complete(service.begin())
    return client.recording(sent.id)


def test_a_recording_goes_and_its_result_comes_back(service: Service, client: Client, talk: Path) -> None:
    shares: list[float] = []
    sent = client.upload(
        talk, TRANSCRIPT, name="Monday", settings={"policy": "eu-work-education"}, sent=shares.append
    )
    assert (sent.name, sent.state, sent.has_transcript) == ("Monday", "QUEUED", True)
    assert (sent.policy, sent.bytes, sent.over) == (
        "eu-work-education",
        len(MP4) + TRANSCRIPT.stat().st_size,
        False,
    )
    assert shares == sorted(shares)
    assert (len(shares) > 5, shares[-1]) == (True, 1.0)
    project = create_token(service.storage.database, "default", "x", ("read",))[1]
    kept = found(service.storage.database, _project(service, project.project), sent.id)
    assert kept is not None
    assert service.storage.media.read(key_of(kept, kept.media_file or "")) == MP4

    seen: list[tuple[str, str | None]] = []
    wanted = None

    def tell(recording: Recording) -> None:
        nonlocal wanted
        seen.append((recording.state, recording.progress.step))
        if recording.state == "QUEUED":
            service.begin("listening to the voices", 0.4)
        elif recording.state == "IN_PROGRESS":
            wanted = service.complete(recording.id)

    over = client.wait(sent, tell=tell)
    assert [state for state, _ in seen] == ["QUEUED", "IN_PROGRESS", "COMPLETED"]
    assert seen[1][1] == "listening to the voices"
    assert over.speakers == ("Ann", "Ben")
    assert client.result(sent) == client.result(sent.id) == wanted


def _project(service: Service, name: str) -> str:
    from crossgate.serving.storage.projects import all_projects

    return next(project.id for project in all_projects(service.storage.database) if project.name == name)


def test_a_transcript_alone_is_a_text(client: Client) -> None:
    sent = client.upload(TRANSCRIPT)
    assert (sent.name, sent.has_transcript, sent.bytes) == ("talk.vtt", True, TRANSCRIPT.stat().st_size)


def test_what_has_no_name_and_no_length_is_sent_as_well(client: Client, talk: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, MP4[:5000])
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        assert client.upload(pipe).bytes == 5000
    assert client.upload(io.BytesIO(MP4), name="in memory").bytes == len(MP4)


def test_what_cannot_be_sent_is_said(client: Client, talk: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        client.upload(tmp_path / "gone.mp4")
    with pytest.raises(InputError, match="nothing to send"):
        client.upload()
    with pytest.raises(ServiceError, match="settings") as raised:
        client.upload(talk, settings={"detector": "eye"})
    assert (raised.value.status, raised.value.exit_code) == (422, 2)
    with pytest.raises(ServiceError) as raised:
        client.take("s3://bucket/talk.mp4")
    assert raised.value.problem["status"] == raised.value.status
    assert list(client.recordings()) == []


def test_the_list_is_walked_page_by_page(
    service: Service, client: Client, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossgate.serving.client.client.PAGE", 2)
    sent = [client.upload(talk, name=f"talk {number}") for number in range(5)]
    assert [each.id for each in client.recordings()] == [each.id for each in reversed(sent)]
    assert [each.name for each in client.recordings(name="talk 3")] == ["talk 3"]
    assert list(client.recordings(state="FAILED")) == []
    after = client.recordings(created_after=sent[3].created)
    assert {each.name for each in after} <= {"talk 3", "talk 4"}


def test_an_analysis_that_fails_is_an_error_in_words(service: Service, client: Client, talk: Path) -> None:
    sent = client.upload(talk)
    service.fail(service.begin(), title="This cannot be used", status=422, detail="There is no sound.")
    with pytest.raises(ServiceError, match=r"talk\.mp4: This cannot be used\. There is no sound") as raised:
        client.wait(sent.id)
    assert raised.value.exit_code == 2
    with pytest.raises(ServiceError, match="FAILED") as raised:
        client.result(sent.id)
    assert raised.value.status == 409


def test_waiting_has_an_end(client: Client, talk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossgate.serving.client.following.EVERY", 0.05)
    with pytest.raises(ServiceError, match=r"not over after 0\.1 s"):
        client.wait(client.upload(talk).id, timeout=0.1)


def test_a_recording_that_is_deleted_is_waited_for_no_longer(client: Client, talk: Path) -> None:
    sent = client.upload(talk)
    with pytest.raises(ServiceError) as raised:
        client.wait(sent.id, tell=lambda recording: client.delete(recording.id) and None)
    assert raised.value.status == 404


def test_exports_are_new_files(service: Service, client: Client, talk: Path, tmp_path: Path) -> None:
    recording = done(service, client, talk)
    csv = client.export(recording.id, "csv", tmp_path / "turns.csv")
    assert csv.read_text(encoding="utf-8-sig").count("\n") >= 7
    (tmp_path / "folder").mkdir()
    page = client.export(recording.id, "html", tmp_path / "folder")
    assert page == tmp_path / "folder" / "report.html"
    assert "<html" in page.read_text(encoding="utf-8")
    with pytest.raises(InputError, match="exists already"):
        client.export(recording.id, "csv", csv)
    with pytest.raises(InputError, match="unknown format"):
        client.export(recording.id, "pdf", tmp_path / "a.pdf")
    with pytest.raises(ServiceError, match=r"no such|There is no"):
        client.export("0" * 32, "csv", tmp_path / "b.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "service", "talk.mp4", "turns.csv"]


def test_corrections_become_a_corpus(service: Service, client: Client, talk: Path, tmp_path: Path) -> None:
    recording = done(service, client, talk)
    predicted = client.result(recording.id).utterances[1].emotion
    emotion = "joy" if predicted != "joy" else "anger"
    made = client.correct(recording.id, "u002", emotion, "she laughs")
    assert (made.utterance_id, made.predicted, made.emotion, made.note) == (
        "u002",
        predicted,
        emotion,
        "she laughs",
    )
    assert client.corrections(recording.id) == [made]
    with zipfile.ZipFile(client.corpus(tmp_path / "corpus.zip")) as corpus:
        names = {Path(name).name for name in corpus.namelist()}
        manifest = json.loads(corpus.read(next(n for n in corpus.namelist() if n.endswith("manifest.json"))))
    assert {"manifest.json", "train.parquet"} <= names
    assert emotion in json.dumps(manifest)
    with pytest.raises(ServiceError):
        client.correct(recording.id, "u002", "boredom")
    client.withdraw(recording.id, "u002")
    assert client.corrections(recording.id) == []


def test_deletion_gives_its_receipt_twice(service: Service, client: Client, talk: Path) -> None:
    recording = done(service, client, talk)
    receipt = client.delete(recording.id)
    assert (receipt.id, receipt.remaining) == (recording.id, 0)
    assert receipt.bytes >= len(MP4)
    assert client.delete(recording.id) == receipt
    with pytest.raises(ServiceError) as raised:
        client.recording(recording.id)
    assert raised.value.status == 404
    with pytest.raises(ServiceError):
        client.delete("0" * 32)


def test_who_asks(tmp_path: Path) -> None:
    with listening(tmp_path, tokens=True, retention_days=30, policy="eu-work-education") as service:
        secret, _ = create_token(service.storage.database, "team", "laptop", ("read",))
        with crossgate.Client(service.url, f" {secret}\n") as client:
            me = client.me()
            assert (me.project, me.scopes, me.policy) == ("team", ("read",), "eu-work-education")
            assert (me.model, me.live_model, me.retention_days) == (
                "crossgate-meld",
                "crossgate-meld-live",
                30,
            )
            assert me.labels[0] == "neutral"
            assert secret not in repr(client)
            with pytest.raises(ServiceError, match="scope write") as raised:
                client.upload(TRANSCRIPT)
            assert raised.value.status == 403
        with crossgate.Client(service.url) as stranger:
            with pytest.raises(ServiceError, match="crossgate token create") as raised:
                stranger.me()
            assert raised.value.status == 401


@pytest.mark.parametrize(
    "url", ["talks.example", "ftp://talks.example", "http://", "http://a:b@c", "http://a:x", "http://[", ""]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="no address"):
        crossgate.Client(url)


@pytest.mark.parametrize("token", ["", "  ", "cg_a b", "cg_ä", "cg_\n\nX-Other: 1"])
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InputError, match="token"):
        crossgate.Client("https://talks.example", token)


def test_a_token_in_the_open_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="unencrypted"):
        crossgate.Client("http://talks.example", "cg_x").close()


def test_nobody_there_is_said_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crossgate.serving.client.wire.PAUSES", (0.0,))
    with (
        crossgate.Client("http://127.0.0.1:9") as client,
        pytest.raises(ServiceError, match="cannot be reached") as raised,
    ):
        client.me()
    assert raised.value.status is None
