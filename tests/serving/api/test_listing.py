"""Recordings found again: filters, pages, one of them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from toy_api import ON_SQLITE, OWNER, Serve, Served, refused
from toy_results import toy_result

from crossgate.serving.storage import claims
from crossgate.serving.storage.projects import set_retention


def names(service: Served, **wanted: Any) -> list[str]:
    answer = service.client.get("/v1/recordings", params=wanted)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


def test_the_newest_come_first_page_by_page(service: Served) -> None:
    for number in range(5):
        service.queued(f"call {number}")
    first = service.client.get("/v1/recordings", params={"limit": 2}).json()
    second = service.client.get("/v1/recordings", params={"limit": 2, "cursor": first["next"]}).json()
    third = service.client.get("/v1/recordings", params={"limit": 2, "cursor": second["next"]}).json()
    assert [each["name"] for page in (first, second, third) for each in page["items"]] == [
        f"call {number}" for number in (4, 3, 2, 1, 0)
    ]
    assert third["next"] is None


def test_filters_narrow_it(service: Served) -> None:
    done = service.completed(toy_result(12), name="Zürich MEETING")
    failed = service.begun(name="torn")
    claims.fail(service.storage.database, failed.id, OWNER, {"title": "Cannot be read", "status": 422})
    service.queued("zürich call 100%_")
    assert names(service) == ["zürich call 100%_", "torn", "Zürich MEETING"]
    assert names(service, name="ZÜRICH") == ["zürich call 100%_", "Zürich MEETING"]
    assert names(service, name="%_") == ["zürich call 100%_"]
    assert names(service, state="FAILED") == ["torn"]
    assert names(service, speaker="Ann") == ["Zürich MEETING"]
    assert names(service, speaker="An") == []
    shown = service.client.get(f"/v1/recordings/{done.id}").json()
    (there, *_) = [emotion for emotion, turns in shown["emotions"].items() if turns]
    assert names(service, emotion=there, state="COMPLETED") == ["Zürich MEETING"]
    assert names(service, emotion="boredom") == []
    assert names(service, created_after=done.created.isoformat()) == names(service)
    assert names(service, created_before=done.created.isoformat()) == []
    later = (done.created + timedelta(microseconds=1)).isoformat()
    assert names(service, created_before=later) == ["Zürich MEETING"]


def test_a_completed_one_tells_what_it_is_found_by(service: Served) -> None:
    result = toy_result(6)
    shown = service.client.get(f"/v1/recordings/{service.completed(result).id}").json()
    assert (shown["state"], shown["kind"], shown["turns"]) == ("COMPLETED", "video", 6)
    assert shown["progress"] == {"step": None, "share": 1.0}
    assert sum(shown["emotions"].values()) == 6
    assert list(shown["emotions"]) == list(result.labels)
    assert shown["speakers"] == ["Ann", "Ben"]
    assert shown["duration"] == result.media.duration
    assert shown["created"].endswith("Z")


def test_a_failed_one_says_why(service: Served) -> None:
    error = {
        "type": "about:blank",
        "title": "Cannot be read",
        "status": 422,
        "detail": "torn",
        "where": "3 s",
    }
    recording = service.begun()
    claims.fail(service.storage.database, recording.id, OWNER, error)
    shown = service.client.get(f"/v1/recordings/{recording.id}").json()
    assert shown["state"] == "FAILED"
    assert shown["error"] == error | {"instance": None}


def test_retention_is_the_project_s_or_the_service_s(serve: Serve) -> None:
    service = serve(retention_days=30)
    recording = service.queued()
    path = f"/v1/recordings/{recording.id}"
    assert (
        service.client.get(path)
        .json()["expires"]
        .startswith((recording.created + timedelta(days=30)).date().isoformat())
    )
    set_retention(service.storage.database, "default", 1)
    assert (
        service.client.get(path)
        .json()["expires"]
        .startswith((recording.created + timedelta(days=1)).date().isoformat())
    )
    assert service.client.get("/v1/me").json()["retention_days"] == 1


@ON_SQLITE
@pytest.mark.parametrize(
    "wanted",
    [
        {"limit": 0},
        {"limit": 201},
        {"limit": "many"},
        {"state": "DONE"},
        {"cursor": "none of ours"},
        {"cursor": "AAAA"},
        {"cursor": "x" * 501},
        {"created_after": "yesterday"},
        {"created_after": "5"},
        {"created_before": "2026-01-31T12:00:00"},
        {"created_before": "0001-01-01T00:00:00+23:00"},
        {"sate": "FAILED"},
    ],
)
def test_what_cannot_be_looked_for_is_refused(service: Served, wanted: dict[str, Any]) -> None:
    problem = refused(service.client.get("/v1/recordings", params=wanted), 422)
    assert next(iter(wanted)) in str(problem["errors"])


@pytest.mark.parametrize("where", ["name", "speaker", "emotion"])
def test_no_database_is_asked_for_what_it_cannot_hold(service: Served, where: str) -> None:
    refused(service.client.get("/v1/recordings", params={where: "a\0b"}), 422)


@ON_SQLITE
@pytest.mark.parametrize("id", ["0" * 32, "x", "..", "%2e%2e", "a" * 31 + "%00", "A" * 32, "%F0%9F%98%80"])
def test_what_is_not_there_is_404(service: Served, id: str) -> None:
    service.queued()
    problem = refused(service.client.get(f"/v1/recordings/{id}/media"), 404)
    assert "instance" in problem
