"""Deletion over HTTP: gone at once for everybody, gone for sure, and a receipt of it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from toy_api import MP4, OWNER, Serve, Served, refused

from crossgate.serving.api.routes import deletions
from crossgate.serving.storage import claims, deletion
from crossgate.serving.storage.deletion import begun


def test_all_of_it_goes_and_the_receipt_says_so(service: Served) -> None:
    recording = service.completed()
    service.correct(recording, "u001", "joy")
    other = service.completed(name="other")
    path = f"/v1/recordings/{recording.id}"
    answer = service.client.delete(path)
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["id"] == recording.id
    assert receipt["removed"]["files"] == ["media", "result-1"]
    assert receipt["removed"]["bytes"] > len(MP4)
    assert (
        receipt["removed"]["rows"] > 10
    )  # the recording, an attempt, a correction, seven emotions, two speakers
    assert receipt["remaining"] == {"files": 0, "rows": 0}
    assert service.client.get(f"/v1/deletions/{recording.id}").json() == receipt
    for what in ("", "/result", "/media", "/corrections", "/events", "/exports/csv", "/view"):
        refused(service.client.get(path + what), 404)
    refused(service.client.delete(path), 404)
    store = Path(service.settings.media_root)
    assert {file.parent.name for file in store.rglob("*") if file.is_file()} == {other.id}


def test_one_that_waits_goes_at_once(service: Served) -> None:
    recording = service.queued()
    assert service.client.delete(f"/v1/recordings/{recording.id}").json()["removed"]["files"] == ["media"]


def test_an_analysis_is_stopped_first(serve: Serve) -> None:
    def stop(id: str) -> None:
        threading.Timer(0.3, claims.release, (service.storage.database, id, OWNER)).start()

    service = serve(cancel=stop)
    recording = service.begun()
    answer = service.client.delete(f"/v1/recordings/{recording.id}")
    assert (answer.status_code, answer.json()["remaining"]) == (200, {"files": 0, "rows": 0})


def test_one_that_does_not_stop_is_promised(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "PATIENCE", 0.3)
    asked: list[str] = []
    service = serve(cancel=asked.append)
    recording = service.begun()
    answer = service.client.delete(f"/v1/recordings/{recording.id}")
    assert answer.status_code == 202
    assert asked == [recording.id]
    assert answer.json() == {"id": recording.id, "deleted": None, "receipt": answer.headers["location"]}
    refused(service.client.get(f"/v1/recordings/{recording.id}"), 404)
    assert service.client.get(answer.headers["location"]).status_code == 202
    claims.release(service.storage.database, recording.id, OWNER)
    deletion.finish(service.storage.database, service.storage.media, recording.id)  # as the service does
    receipt = service.client.get(answer.headers["location"])
    assert (receipt.status_code, receipt.json()["remaining"]) == (200, {"files": 0, "rows": 0})


def test_a_store_that_keeps_a_file_is_not_said_to_be_empty(
    service: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "PATIENCE", 0.1)
    monkeypatch.setattr(service.storage.media, "remove", lambda key: None)
    recording = service.queued()
    assert service.client.delete(f"/v1/recordings/{recording.id}").status_code == 202
    assert service.client.get(f"/v1/deletions/{recording.id}").status_code == 202
    refused(service.client.get(f"/v1/recordings/{recording.id}"), 404)


def test_only_who_may_delete_deletes_and_only_his_own(serve: Serve) -> None:
    service = serve(tokens=True)
    recording = service.queued(project="theirs")
    path = f"/v1/recordings/{recording.id}"
    refused(service.client.delete(path, headers=service.token("read", "write", project="theirs")), 403)
    refused(service.client.delete(path, headers=service.token()), 404)
    assert not begun(service.storage.database, recording.project_id, recording.id)
    assert service.client.delete(path, headers=service.token("admin", project="theirs")).status_code == 200
    receipt = f"/v1/deletions/{recording.id}"
    refused(service.client.get(receipt, headers=service.token()), 404)
    refused(service.client.get(receipt, headers=service.token("write", project="theirs")), 403)
    for scope in ("read", "admin"):
        headers = service.token(scope, project="theirs")
        assert service.client.get(receipt, headers=headers).status_code == 200


def test_there_is_no_receipt_of_what_was_not_deleted(service: Served) -> None:
    refused(service.client.get(f"/v1/deletions/{service.queued().id}"), 404)
    refused(service.client.get("/v1/deletions/x"), 404)
    refused(service.client.delete("/v1/recordings/x"), 404)
