"""Progress as server-sent events, by a real server: the test client reads an answer only when it is over."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from toy_api import OWNER, Serve, Served, listening, refused
from toy_results import toy_result

from crossgate.serving.api import streams
from crossgate.serving.api.routes import events
from crossgate.serving.storage import claims, deletion
from crossgate.serving.storage.projects import all_tokens, revoke_token

Event = tuple[str, Any]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "EVERY", 0.02)


def read(answer: httpx2.Response) -> Iterator[Event]:
    """The events of a stream; comments as `comment`."""
    kind = ""
    for line in answer.iter_lines():
        if line.startswith(":"):
            yield "comment", line[1:].strip()
        elif line.startswith("event: "):
            kind = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield kind, json.loads(line.removeprefix("data: "))


def follow(client: httpx2.Client, id: str, **more: Any) -> Any:
    return client.stream("GET", f"/v1/recordings/{id}/events", **more)


def told(found: Iterator[Event]) -> Event:
    """The next one that is no comment."""
    return next(event for event in found if event[0] != "comment")


def test_every_change_is_told_until_it_is_over(service: Served) -> None:
    recording = service.queued()
    database = service.storage.database
    with listening(service) as client, follow(client, recording.id) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["cache-control"] == "no-store"
        found = read(answer)
        kind, first = told(found)
        assert (kind, first["state"]) == ("progress", "QUEUED")
        assert first == client.get(f"/v1/recordings/{recording.id}").json()
        claims.claim(database, OWNER, 60)
        assert told(found)[1]["state"] == "IN_PROGRESS"
        claims.renew(database, recording.id, OWNER, 60, step="looking for faces", share=0.4)
        assert told(found)[1]["progress"] == {"step": "looking for faces", "share": 0.4}
        service.complete(recording, toy_result())
        kind, last = told(found)
        assert (kind, last["state"], last["turns"]) == ("progress", "COMPLETED", 6)
        assert list(found) == []


def test_one_that_is_over_is_told_once(service: Served) -> None:
    recording = service.completed()
    answer = service.client.get(f"/v1/recordings/{recording.id}/events")
    assert answer.text.count("event: progress\n") == 1
    assert answer.text.startswith(": ")
    assert service.app.state.context.streams.open == 0


def test_a_failure_ends_it(service: Served) -> None:
    recording = service.begun()
    claims.fail(service.storage.database, recording.id, OWNER, {"title": "Cannot be read", "status": 422})
    answer = service.client.get(f"/v1/recordings/{recording.id}/events")
    assert '"state":"FAILED"' in answer.text


def test_a_deletion_ends_it(service: Served) -> None:
    recording = service.begun()
    with listening(service) as client, follow(client, recording.id) as answer:
        found = read(answer)
        assert told(found)[0] == "progress"
        deletion.begin(service.storage.database, recording.project_id, recording.id)
        assert list(found)[-1] == ("gone", {})


def test_a_silent_one_is_kept_alive(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    recording = service.begun()
    with listening(service) as client, follow(client, recording.id) as answer:
        found = read(answer)
        assert told(found)[0] == "progress"
        assert [next(found)[0] for _ in range(3)] == ["comment"] * 3


def test_a_token_that_is_revoked_hears_no_more(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    service = serve(tokens=True)
    recording, headers = service.begun(), service.token("read")
    with listening(service) as client, follow(client, recording.id, headers=headers) as answer:
        found = read(answer)
        assert told(found)[0] == "progress"
        revoke_token(service.storage.database, all_tokens(service.storage.database)[0].id)
        assert all(kind == "comment" for kind, _ in found)


def test_one_that_changes_all_the_time_ends_for_a_revoked_token_too(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT", 0.05)
    changes = iter(range(1_000_000))
    monkeypatch.setattr(events, "pulse", lambda *_: next(changes))
    service = serve(tokens=True)
    recording, headers = service.begun(), service.token("read")
    with listening(service) as client, follow(client, recording.id, headers=headers) as answer:
        found = read(answer)
        assert told(found)[0] == "progress"
        revoke_token(service.storage.database, all_tokens(service.storage.database)[0].id)
        assert len(list(found)) < 10


def test_places_are_limited_and_given_back(service: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MOST_OF_ONE", 1)
    recording = service.begun()
    with listening(service) as client:
        path = f"/v1/recordings/{recording.id}/events"
        with follow(client, recording.id) as answer:
            found = read(answer)
            told(found)
            problem = client.get(path)
            refused(problem, 429)
            assert int(problem.headers["retry-after"]) > 0
        answers = (client.get(path) for _ in range(200))  # until the server sees that the client has gone
        service.complete(recording, toy_result())
        assert any(each.status_code == 200 for each in answers)


def test_a_service_that_stops_ends_all(service: Served) -> None:
    recording = service.begun()
    with listening(service) as client, follow(client, recording.id) as answer:
        found = read(answer)
        told(found)
        service.app.state.context.streams.close()
        assert all(kind == "comment" for kind, _ in found)


def test_nobody_follows_what_is_not_his(serve: Serve) -> None:
    service = serve(tokens=True)
    recording = service.queued(project="theirs")
    refused(service.client.get(f"/v1/recordings/{recording.id}/events", headers=service.token()), 404)
    assert service.app.state.context.streams.open == 0
