"""What the client does where the service or the way to it fails for a moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from crossgate.serving.client import following, wire
from crossgate.serving.client.client import Client
from crossgate.serving.client.trouble import ServiceError

ID = "0" * 32
ME = {
    "project": "default",
    "scopes": ["read"],
    "labels": ["joy"],
    "model": "m",
    "live_model": None,
    "policy": None,
    "limits": {},
    "retention_days": None,
    "version": "1",
    "later": "a field that a later service adds",
}
RECORDING = {
    "id": ID,
    "name": "talk",
    "kind": None,
    "duration": None,
    "bytes": 5,
    "has_transcript": False,
    "state": "QUEUED",
    "progress": {"step": None, "share": 0.0},
    "created": "2026-01-31T12:00:00Z",
    "started": None,
    "finished": None,
    "expires": None,
    "attempts": 0,
    "error": None,
    "model": "m",
    "policy": None,
    "turns": None,
    "corrections": 0,
    "emotions": None,
    "speakers": None,
}

Handler = Callable[[httpx2.Request], httpx2.Response]


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, in no time."""
    pauses: list[float] = []
    for module in (wire, following):
        clock = type("Clock", (), {"sleep": pauses.append, "monotonic": staticmethod(module.time.monotonic)})
        monkeypatch.setattr(module, "time", clock)
    return pauses


def client_of(handler: Handler) -> Client:
    """A client of a service that answers as told."""
    client = Client("https://talks.example", "cg_x")
    client._wire._client = httpx2.Client(transport=httpx2.MockTransport(handler))
    return client


class Answers:
    """One answer after another; an exception is raised."""

    def __init__(self, *answers: Any) -> None:
        self.rest: Iterator[Any] = iter(answers)
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        answer = next(self.rest)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else httpx2.Response(200, json=answer)


def recording(state: str) -> dict[str, Any]:
    return RECORDING | {"state": state}


def stream(*states: str, gone: bool = False) -> httpx2.Response:
    events = [
        f"event: progress\ndata: {json.dumps(recording(state))}\n\n: still here\n\n" for state in states
    ]
    events += ["event: gone\ndata: {}\n\n"] if gone else []
    return httpx2.Response(200, headers={"Content-Type": "text/event-stream"}, text="".join(events))


def test_what_is_safe_is_asked_again(slept: list[float]) -> None:
    busy = httpx2.Response(503, text="<html>the proxy's own words</html>")
    answers = Answers(httpx2.ConnectError("no route"), busy, httpx2.ReadTimeout("slow"), ME)
    assert client_of(answers).me().project == "default"
    assert slept == list(wire.PAUSES)


def test_patience_has_an_end() -> None:
    answers = Answers(*[httpx2.Response(503)] * 9)
    with pytest.raises(ServiceError, match="status 503") as raised:
        client_of(answers).me()
    assert (len(answers.asked), raised.value.exit_code) == (4, 1)


def test_the_service_says_how_long_to_wait(slept: list[float]) -> None:
    later = httpx2.Response(429, headers={"Retry-After": "7"}, json={"title": "Too Many Requests"})
    assert client_of(Answers(later, ME)).me()
    assert slept == [7.0]
    much_later = httpx2.Response(429, headers={"Retry-After": "3600"}, json={"title": "Too Many Requests"})
    with pytest.raises(ServiceError, match="Too Many Requests"):
        client_of(Answers(much_later, ME)).me()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 422, 500])
def test_what_will_not_be_otherwise_is_asked_once(status: int) -> None:
    answers = Answers(httpx2.Response(status, json={"title": "No", "detail": "It is so.", "status": status}))
    with pytest.raises(ServiceError, match=r"https://talks.example: No\. It is so"):
        client_of(answers).me()
    assert len(answers.asked) == 1


def test_an_upload_is_sent_once(tmp_path: Any) -> None:
    (tmp_path / "talk.mp4").write_bytes(b"talk")
    for failure in (httpx2.ReadError("lost"), httpx2.Response(503)):
        answers = Answers(failure, recording("QUEUED"))
        with pytest.raises(ServiceError):
            client_of(answers).upload(tmp_path / "talk.mp4")
        assert answers.asked == ["POST /v1/recordings"]


def test_single_errors_of_a_validation_are_said() -> None:
    problem = {
        "title": "This cannot be used",
        "status": 422,
        "errors": [{"loc": ["body", "settings", "speakers"], "msg": "expected 1 or more"}, "odd"],
    }
    with pytest.raises(ServiceError, match=r"body\.settings\.speakers: expected 1 or more"):
        client_of(Answers(httpx2.Response(422, json=problem))).me()


def test_something_else_than_a_service_is_told_of() -> None:
    with pytest.raises(ServiceError, match="something else than JSON"):
        client_of(Answers(httpx2.Response(200, text="<html>Hello</html>"))).me()
    with pytest.raises(ServiceError, match="something else than the service"):
        client_of(Answers({"hello": "world"})).me()
    with pytest.raises(ServiceError, match="status 302"):
        client_of(Answers(httpx2.Response(302, headers={"Location": "https://elsewhere.example"}))).me()


def test_a_lost_receipt_is_asked_for() -> None:
    receipt = {
        "id": ID,
        "deleted": "2026-01-31T12:00:00Z",
        "removed": {"files": ["media"], "bytes": 5, "rows": 2},
        "remaining": {"files": 0, "rows": 0},
    }
    gone = httpx2.Response(404, json={"title": "Not Found"})
    answers = Answers(httpx2.ReadError("lost"), gone, receipt)
    assert client_of(answers).delete(ID).rows == 2
    assert answers.asked[-1] == f"GET /v1/deletions/{ID}"


def test_a_lost_stream_is_taken_up_again() -> None:
    answers = Answers(
        stream("QUEUED"), httpx2.ConnectError("restarting"), stream("IN_PROGRESS"), stream("COMPLETED")
    )
    seen: list[str] = []
    client_of(answers).wait(ID, tell=lambda each: seen.append(each.state))
    assert seen == ["QUEUED", "IN_PROGRESS", "COMPLETED"]
    assert set(answers.asked) == {f"GET /v1/recordings/{ID}/events"}


@pytest.mark.parametrize(
    "broken",
    [
        [httpx2.Response(200, json={})],
        [
            httpx2.Response(
                200, headers={"Content-Type": "text/event-stream"}, text="event: progress\ndata: {\n\n"
            )
        ],
        [stream()] * 3,
        [httpx2.ReadTimeout("held back")] * 3,
        [httpx2.Response(429, json={"title": "Too many streams"})] * 3,
    ],
    ids=["no stream", "cut up", "empty", "held back", "too many"],
)
def test_without_streams_the_service_is_asked(broken: list[Any]) -> None:
    answers = Answers(*broken, recording("QUEUED"), recording("QUEUED"), recording("COMPLETED"))
    seen: list[str] = []
    client_of(answers).wait(ID, tell=lambda each: seen.append(each.state))
    assert seen == ["QUEUED", "COMPLETED"]
    assert answers.asked[-3:] == [f"GET /v1/recordings/{ID}"] * 3


def test_a_service_that_stays_away_is_given_up(slept: list[float]) -> None:
    answers = Answers(*[httpx2.ConnectError("gone")] * 100)
    with pytest.raises(ServiceError, match="cannot be reached"):
        client_of(answers).wait(ID)
    assert 60 < sum(slept) < 300


def test_a_deleted_recording_is_not_waited_for() -> None:
    with pytest.raises(ServiceError, match="deleted meanwhile"):
        client_of(Answers(stream("QUEUED", gone=True))).wait(ID)
