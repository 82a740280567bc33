"""What was found: the result, the view, the recording and its ranges."""

from __future__ import annotations

import asyncio
import io
import json
from typing import Any

import pytest
from starlette.requests import ClientDisconnect
from toy_api import MP4, ON_SQLITE, Serve, Served, refused
from toy_results import RESULTS, toy_result

from crossgate.report.colours import colours, letters
from crossgate.report.schema import validate
from crossgate.serving.api import sending
from crossgate.serving.api.kinds import media_type
from crossgate.serving.api.sending import range_of
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.recordings import key_of


@ON_SQLITE
@pytest.mark.parametrize("kind", ["usual", "odd", "wordless", "policy"])
def test_the_result_is_what_is_kept(service: Served, kind: str) -> None:
    recording = service.completed(RESULTS[kind])
    answer = service.client.get(f"/v1/recordings/{recording.id}/result")
    assert answer.headers["content-type"] == "application/json"
    kept = service.storage.media.read(f"{recording.project_id}/{recording.id}/result-1")
    assert answer.content == kept
    content = answer.json()
    validate(content, "the answer")
    assert content["summary"] is not None
    assert content["utterances"] == json.loads(json.dumps(RESULTS[kind].to_json()))["utterances"]


def test_the_view_is_what_the_viewer_wants(service: Served) -> None:
    result = toy_result()
    recording = service.completed(result)
    view = service.client.get(f"/v1/recordings/{recording.id}/view").json()
    assert view == {
        "result": service.client.get(f"/v1/recordings/{recording.id}/result").json(),
        "colours": colours(result.labels),
        "letters": letters(result.labels),
        "media": f"/v1/recordings/{recording.id}/media",
    }
    assert service.client.get(view["media"]).content == MP4


def test_a_text_has_nothing_to_play(service: Served) -> None:
    recording = service.completed(toy_result(kind="text", timed=False))
    assert service.client.get(f"/v1/recordings/{recording.id}/view").json()["media"] is None


@ON_SQLITE
@pytest.mark.parametrize("what", ["result", "view", "exports/csv"])
def test_there_is_none_before_the_end(service: Served, what: str) -> None:
    recording = service.queued()
    problem = refused(service.client.get(f"/v1/recordings/{recording.id}/{what}"), 409)
    assert "QUEUED" in problem["detail"]


@pytest.mark.parametrize(
    "what", ["", "/result", "/view", "/exports/csv", "/media", "/corrections", "/events"]
)
def test_another_project_s_are_not_there(serve: Serve, what: str) -> None:
    service = serve(tokens=True)
    recording = service.completed(project="theirs")
    theirs, ours = service.token(project="theirs"), service.token()
    path = f"/v1/recordings/{recording.id}{what}"
    assert service.client.get(path, headers=theirs).status_code == 200
    problem = refused(service.client.get(path, headers=ours), 404)
    missing = refused(service.client.get(path.replace(recording.id, "0" * 32), headers=ours), 404)
    assert problem | {"instance": ""} == missing | {"instance": ""}


SIZE = len(MP4)


@ON_SQLITE
@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, SIZE),
        ("bytes=-5", SIZE - 5, SIZE),
        ("bytes=5-999999999", 5, SIZE),
        ("bytes=-999999999", 0, SIZE),
        ("BYTES = 1-2", 1, 3),
    ],
)
def test_a_range_is_sent_alone(service: Served, asked: str, first: int, end: int) -> None:
    path = f"/v1/recordings/{service.queued().id}/media"
    answer = service.client.get(path, headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == MP4[first:end]
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{SIZE}"
    head = service.client.head(path, headers={"Range": asked})
    assert (head.status_code, head.content) == (206, b"")
    assert head.headers == answer.headers


@ON_SQLITE
@pytest.mark.parametrize(
    "asked", ["bytes=2-1", "bytes=0-1,5-6", "bytes=-", "bytes=a-b", "lines=0-1", "bytes", "bytes=1-2-3", ""]
)
def test_what_is_no_single_range_gets_the_whole(service: Served, asked: str) -> None:
    answer = service.client.get(f"/v1/recordings/{service.queued().id}/media", headers={"Range": asked})
    assert (answer.status_code, answer.content) == (200, MP4)
    assert answer.headers["accept-ranges"] == "bytes"
    assert "content-range" not in answer.headers


@ON_SQLITE
@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", f"bytes={SIZE}-{SIZE + 5}"])
def test_a_range_beyond_the_end_is_refused(service: Served, asked: str) -> None:
    answer = service.client.get(f"/v1/recordings/{service.queued().id}/media", headers={"Range": asked})
    refused(answer, 416)
    assert answer.headers["content-range"] == f"bytes */{SIZE}"


def test_ranges_put_together_are_the_whole() -> None:
    for size in (1, 2, 10):
        for first in range(size):
            assert range_of(f"bytes={first}-", size) == (first, size)
            for last in range(first, size + 3):
                assert range_of(f"bytes={first}-{last}", size) == (first, min(last + 1, size))
        for suffix in range(1, size + 3):
            assert range_of(f"bytes=-{suffix}", size) == (max(0, size - suffix), size)


def test_another_s_tag_gets_the_whole(service: Served) -> None:
    path = f"/v1/recordings/{service.queued().id}/media"
    tag = service.client.head(path).headers["etag"]
    headers = {"Range": "bytes=0-1", "If-Range": tag}
    assert service.client.get(path, headers=headers).status_code == 206
    assert service.client.get(path, headers=headers | {"If-Range": '"other"'}).status_code == 200


def test_it_is_the_same_from_a_store_that_is_no_folder(serve: Serve, store: MediaStore) -> None:
    service = serve(store=store)
    recording = service.completed()
    path = f"/v1/recordings/{recording.id}"
    assert service.client.get(f"{path}/media", headers={"Range": "bytes=10-19"}).content == MP4[10:20]
    assert service.client.get(f"{path}/result").json()["summary"]
    assert service.client.get(f"{path}/exports/csv").status_code == 200
    assert service.client.delete(path).json()["remaining"] == {"files": 0, "rows": 0}
    refused(service.client.get(f"{path}/media"), 404)


def test_a_file_that_is_gone_is_404(service: Served) -> None:
    recording = service.completed()
    for file, what in (
        ("media", "media"),
        ("result-1", "result"),
        ("result-1", "view"),
        ("result-1", "exports/csv"),
    ):
        service.storage.media.remove(key_of(recording, file))
        refused(service.client.get(f"/v1/recordings/{recording.id}/{what}"), 404)


@ON_SQLITE
def test_what_is_sent_as_a_recording_never_runs(service: Served) -> None:
    recording = service.queued("page.html", media=b"<script>alert(1)</script>")
    answer = service.client.get(f"/v1/recordings/{recording.id}/media")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("head", "kind", "expected"),
    [
        (MP4, "video", "video/mp4"),
        (MP4, "audio", "audio/mp4"),
        (MP4, None, "video/mp4"),
        (b"\0\0\0\x14ftypqt  ", "video", "video/quicktime"),
        (b"\x1a\x45\xdf\xa3....webm", "video", "video/webm"),
        (b"\x1a\x45\xdf\xa3....matroska", "audio", "audio/x-matroska"),
        (b"OggS", "audio", "audio/ogg"),
        (b"RIFF\0\0\0\0WAVEfmt ", "audio", "audio/wav"),
        (b"RIFF\0\0\0\0WEBP", None, "application/octet-stream"),
        (b"fLaC", None, "audio/flac"),
        (b"ID3\x04", None, "audio/mpeg"),
        (b"\xff\xfb\x90", None, "audio/mpeg"),
        (b"\xff\xf1\x50", None, "audio/aac"),
        (b"\xff\xd8\xff\xe0", None, "application/octet-stream"),
        (b"<!doctype html>", "video", "application/octet-stream"),
        (b"", "video", "application/octet-stream"),
    ],
)
def test_recordings_are_told_by_their_first_bytes(head: bytes, kind: str | None, expected: str) -> None:
    assert media_type(head, kind) == expected


@ON_SQLITE
def test_a_download_is_looked_after(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LOOK", 0.0)
    recording = service.completed()
    media = f"/v1/recordings/{recording.id}/media"
    assert service.client.get(media).content == MP4
    monkeypatch.setattr("crossgate.serving.api.routes.results.found", lambda *_: None)  # as after a deletion
    assert service.client.get(media).content == b""


def test_a_download_of_what_is_deleted_breaks_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LOOK", 0.0)
    monkeypatch.setattr(sending, "CHUNK", 10)
    seen = iter([True, True, False])
    chunks = list(sending._chunks(io.BytesIO(b"x" * 100), 100, lambda: next(seen)))
    assert b"".join(chunks) == b"x" * 20


def test_a_client_that_takes_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "STALLED", 0.05)
    file = io.BytesIO(b"x" * 100)
    answer = sending.FileAnswer(file, 100, media_type="video/mp4")

    async def receive() -> dict[str, str]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    scope = {"type": "http", "asgi": {"spec_version": "2.4"}}
    with pytest.raises(ClientDisconnect):
        asyncio.run(asyncio.wait_for(answer(scope, receive, send), 10))
    assert file.closed
