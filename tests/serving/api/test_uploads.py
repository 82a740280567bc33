"""Sending recordings: what is kept, what is refused, and that nothing is left of what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from toy_api import MP4, ON_SQLITE, Serve, Served, refused

from crossgate.serving.storage.recordings import folder_of, found, key_of
from crossgate.serving.storage.tables import Recording
from crossgate.serving.wishes import wishes_of

VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\n<v Ann>Hello.\n"


def send(service: Served, **parts: Any) -> Any:
    """A form: files are (name, content), texts are texts."""
    form = {name: part if isinstance(part, tuple) else (None, part) for name, part in parts.items()}
    return service.client.post("/v1/recordings", files=form)


def kept(service: Served, id: str) -> Recording:
    with service.storage.database.reading() as session:
        return session.get_one(Recording, id)


def left(service: Served) -> list[str]:
    """Everything that lies in the service's folders, but for the database."""
    folders = (Path(service.settings.media_root), service.settings.scratch)
    return [str(path) for folder in folders if folder.exists() for path in folder.rglob("*")]


def test_a_recording_with_its_transcript_waits(service: Served) -> None:
    answer = send(
        service, recording=("talk.mp4", MP4), transcript=("talk.vtt", VTT), settings='{"speakers": 2}'
    )
    assert answer.status_code == 202
    sent = answer.json()
    assert answer.headers["location"] == f"/v1/recordings/{sent['id']}"
    assert service.client.get(answer.headers["location"]).json() == sent
    assert sent["state"] == "QUEUED"
    assert (sent["name"], sent["bytes"], sent["has_transcript"]) == ("talk.mp4", len(MP4) + len(VTT), True)
    assert (sent["model"], sent["policy"], sent["expires"]) == ("crossgate-meld", None, None)
    assert (sent["emotions"], sent["speakers"], sent["turns"], sent["kind"]) == (None, None, None, None)
    row = kept(service, sent["id"])
    assert service.storage.media.read(key_of(row, row.media_file or "")) == MP4
    assert service.storage.media.read(key_of(row, row.transcript_file or "")) == VTT
    assert (row.transcript_file, row.transcript_name) == ("transcript.vtt", "talk.vtt")
    assert wishes_of(row.settings).speakers == 2


def test_a_transcript_alone_is_a_text(service: Served) -> None:
    sent = send(service, transcript=("chat.CSV", b"speaker,text\nA,hi\n"), name="The chat").json()
    row = kept(service, sent["id"])
    assert (row.media_file, row.transcript_file, sent["name"]) == (None, "transcript.csv", "The chat")


@ON_SQLITE
@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("../../x", "x"),
        ("C:\\talks\\con", "con"),
        ("con", "con"),
        ("zwölf 李.mp4", "zwölf 李.mp4"),
        ("a b'; DROP TABLE recordings;--.mp4", "a b'; DROP TABLE recordings;--.mp4"),
        ('say "hi"\n.mp4', 'say "hi"\n.mp4'),
        ("..", ".."),
        ("", "recording"),
    ],
)
def test_names_are_shown_and_never_paths(service: Served, file_name: str, name: str) -> None:
    sent = send(service, recording=(file_name, MP4) if file_name else (None, MP4)).json()
    assert sent["name"] == name
    row = kept(service, sent["id"])
    assert list(service.storage.media.sizes(folder_of(row))) == ["media"]
    assert [Path(path).name for path in left(service) if Path(path).is_file()] == ["media"]
    given = send(service, recording=("a.mp4", MP4), name=file_name).json()
    assert given["name"] == (file_name.strip() or "a.mp4")


@ON_SQLITE
@pytest.mark.parametrize(
    ("parts", "word"),
    [
        ({"name": "nothing else"}, "nothing was sent"),
        ({"recording": ("a.mp4", b"")}, "empty"),
        ({"transcript": ("a.docx", VTT)}, "transcripts"),
        ({"transcript": ("vtt", VTT)}, "transcripts"),
        ({"recording": ("a.mp4", MP4), "surprise": "!"}, "surprise"),
        ({"recording": ("a.mp4", MP4), "settings": "[]"}, "settings"),
        ({"recording": ("a.mp4", MP4), "settings": "{"}, "settings"),
        ({"recording": ("a.mp4", MP4), "settings": '{"openface": "/etc/passwd"}'}, "openface"),
        ({"recording": ("a.mp4", MP4), "settings": '{"speakers": "two"}'}, "speakers"),
        ({"recording": ("a.mp4", MP4), "settings": '{"speakers": true}'}, "speakers"),
        ({"recording": ("a.mp4", MP4), "settings": '{"face_rate": NaN}'}, "face_rate"),
        ({"recording": ("a.mp4", MP4), "settings": '{"policy": "none-such"}'}, "policy"),
        ({"recording": ("a.mp4", MP4), "settings": '{"modalities": "x"}'}, "modalities"),
        ({"recording": ("a.mp4", MP4), "settings": '{"language": "en"}'}, "whisper"),
        ({"recording": ("a.mp4", MP4), "settings": '{"policy": "a\\u0000b"}'}, "U+0000"),
        ({"recording": ("a.mp4", MP4), "settings": '{"policy": "\\ud800"}'}, "settings"),
        ({"recording": ("a.mp4", MP4), "name": "a\0b"}, "U+0000"),
        ({"recording": ("a.mp4", MP4), "name": "n" * 501}, "501"),
    ],
)
def test_what_cannot_be_used_leaves_nothing(service: Served, parts: dict[str, Any], word: str) -> None:
    answer = send(service, **parts)
    assert word in json.dumps(refused(answer, 422))
    assert service.client.get("/v1/recordings").json()["items"] == []
    assert [path for path in left(service) if Path(path).is_file()] == []


def test_another_kind_of_body_is_refused(service: Served) -> None:
    refused(service.client.post("/v1/recordings", content=b"x", headers={"Content-Type": "video/mp4"}), 415)
    refused(service.client.post("/v1/recordings"), 415)
    headers = {"Content-Type": "multipart/form-data"}
    assert "boundary" in refused(service.client.post("/v1/recordings", headers=headers), 422)["detail"]
    headers = {"Content-Type": f"multipart/form-data; boundary={'x' * 1000}"}
    answer = service.client.post("/v1/recordings", content=b"--x", headers=headers)
    assert "oundary" in refused(answer, 422)["detail"]


def test_the_service_s_policy_holds_for_all(serve: Serve) -> None:
    service = serve(policy="eu-work-education")
    assert send(service, recording=("a.mp4", MP4)).json()["policy"] == "eu-work-education"


def test_a_store_that_takes_nothing_leaves_nothing(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(service.storage.media, "take", full)
    refused(send(service, recording=("a.mp4", MP4)), 507)
    assert service.client.get("/v1/recordings").json()["items"] == []
    assert [path for path in left(service) if Path(path).is_file()] == []


STORES = "s3://talks/incoming, https://files.example/a"


@ON_SQLITE
@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("s3://talks/incoming/a.mp4", True),
        ("s3://talks/incoming/deeper/a b%20c.mp4", True),
        ("https://files.example/a/b.wav", True),
        ("s3://talks/incoming", False),
        ("s3://talks/incoming/", False),
        ("s3://talks/incoming-private/a.mp4", False),
        ("s3://talks/incoming/../secret/a.mp4", False),
        ("s3://talks/incoming/%2e%2e/secret/a.mp4", False),
        ("s3://talks/incoming/%252e%252E/secret/a.mp4", False),
        ("s3://talks/incoming/..%2fsecret", False),
        ("s3://talks/incoming/..\\secret", False),
        ("s3://talks/incoming/./a.mp4", False),
        ("s3://key:secret@talks/incoming/a.mp4", False),
        ("https://files.example@evil.example/a/b.wav", False),
        ("https://files.example/a/b.wav?token=1", False),
        ("https://files.example/a/b.wav#x", False),
        ("https://files.example/a/*.wav", False),
        ("file:///etc/passwd", False),
        ("/etc/passwd", False),
        ("http://169.254.169.254/latest", False),
        ("simplecache::s3://talks/incoming/a.mp4", False),
        ("s3://talks/incoming/zip://a.mp4::s3://other/b", False),
        ("s3://talks/incoming/a\n.mp4", False),
        ("s3://talks/incoming/a%00.mp4", False),
    ],
)
def test_urls_lie_in_allowed_stores(serve: Serve, url: str, allowed: bool) -> None:
    service = serve(allow_store=STORES)
    answer = service.client.post("/v1/recordings", json={"url": url})
    if not allowed:
        assert "url" in json.dumps(refused(answer, 422)["errors"])
        return
    assert answer.status_code == 202, answer.text
    row = kept(service, answer.json()["id"])
    assert (row.url, row.media_file, row.bytes) == (url, None, 0)


def test_a_transcript_by_url(serve: Serve) -> None:
    service = serve(allow_store=STORES)
    base = "s3://talks/incoming/"
    body = {"url": f"{base}a.mp4", "transcript_url": f"{base}b%20c.srt", "settings": {"speakers": 2}}
    sent = service.client.post("/v1/recordings", json=body).json()
    row = kept(service, sent["id"])
    assert (row.transcript_name, row.transcript_file, sent["has_transcript"]) == ("b c.srt", None, True)
    assert (sent["name"], row.settings) == ("a.mp4", {"speakers": 2})
    refused(service.client.post("/v1/recordings", json={"transcript_url": f"{base}b.doc"}), 422)
    refused(service.client.post("/v1/recordings", json={"name": "nothing"}), 422)
    refused(service.client.post("/v1/recordings", json={"url": f"{base}a", "path": "/"}), 422)


def test_no_store_is_allowed_by_default(service: Served) -> None:
    answer = service.client.post("/v1/recordings", json={"url": "file:///tmp/a.mp4"})
    assert "--allow-store" in refused(answer, 422)["detail"]


def test_a_json_body_has_a_limit(service: Served) -> None:
    refused(service.client.post("/v1/recordings", json={"name": "n" * 200_000}), 413)


def test_a_recording_of_another_project_is_not_there(serve: Serve) -> None:
    service = serve(tokens=True)
    ours, theirs = service.token(project="ours"), service.token(project="theirs")
    answer = service.client.post("/v1/recordings", files={"recording": ("a.mp4", MP4)}, headers=ours)
    id = answer.json()["id"]
    assert service.client.get(f"/v1/recordings/{id}", headers=ours).status_code == 200
    refused(service.client.get(f"/v1/recordings/{id}", headers=theirs), 404)
    assert service.client.get("/v1/recordings", headers=theirs).json()["items"] == []
    project = kept(service, id).project_id
    assert found(service.storage.database, project, id) is not None
