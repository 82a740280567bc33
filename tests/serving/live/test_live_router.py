"""Live conversations through the WebSocket: who may connect, and what closes it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient, WebSocketDenialResponse
from starlette.websockets import WebSocketDisconnect

from crossgate.prediction import Prediction
from crossgate.serving.live.room import OpenSessions
from crossgate.serving.live.router import live_router
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import Storage, open_storage
from crossgate.serving.storage.projects import create_token, revoke_token
from toy_talk import Ready, Turn, message

START = {"type": "start", "policy": None, "consent": True}
HOST = "http://127.0.0.1:8080"
WS = "ws://127.0.0.1:8080"  # the test client does not ask its base_url for it


@contextmanager
def service(ready: Any, folder: Path, **wanted: Any) -> Iterator[tuple[TestClient, Storage, OpenSessions]]:
    settings = ServiceSettings(data=folder / "service", **wanted)
    sessions = OpenSessions()
    with open_storage(settings) as storage:
        app = FastAPI()
        app.include_router(live_router(storage, settings, shared=ready, sessions=sessions))
        yield TestClient(app), storage, sessions


def connect(client: TestClient, *more: str, **headers: str) -> Any:
    return client.websocket_connect(f"{WS}/v1/live", subprotocols=["crossgate.v1", *more], headers=headers)


def test_a_conversation_is_that_of_python(
    ready: Ready, tmp_path: Path, turns: list[Turn], expected: list[Prediction]
) -> None:
    with service(ready, tmp_path) as (client, _, sessions), connect(client) as socket:
        assert socket.accepted_subprotocol == "crossgate.v1"
        assert sessions.count == 1
        socket.send_json(START)
        assert socket.receive_json()["type"] == "ready"
        for turn, wanted in zip(turns, expected, strict=True):
            socket.send_json(message(turn, id={"any": "thing"}))
            found = socket.receive_json()
            assert found["probabilities"] == pytest.approx(wanted.distribution, abs=1e-6)
            assert found["shares"] == pytest.approx(wanted.shares, abs=1e-6)
            assert (found["emotion"], found["id"]) == (wanted.emotion, {"any": "thing"})
        socket.send_json({"type": "end"})
        assert socket.receive_json() == {"type": "ended", "utterances": len(turns)}
        assert socket.receive() == {"type": "websocket.close", "code": 1000, "reason": ""}
    assert sessions.count == 0


def test_conversations_side_by_side_do_not_meet(
    ready: Ready, tmp_path: Path, turns: list[Turn], expected: list[Prediction]
) -> None:
    found: dict[int, list[float]] = {}

    def converse(client: TestClient, number: int) -> None:
        with connect(client) as socket:
            socket.send_json(START)
            socket.receive_json()
            answers = []
            for turn in turns:
                socket.send_json(message(turn))
                answers.append(socket.receive_json()["confidence"])
            found[number] = answers

    with service(ready, tmp_path) as (client, _, sessions):
        threads = [threading.Thread(target=converse, args=(client, number)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sessions.count == 0
    wanted = [prediction.confidence for prediction in expected]
    assert len(found) == 4
    for answers in found.values():
        assert answers == pytest.approx(wanted, abs=1e-6)


def refused(client: TestClient, *more: str, **headers: str) -> tuple[int, dict[str, Any]]:
    with pytest.raises(WebSocketDenialResponse) as raised, connect(client, *more, **headers):
        pass
    assert raised.value.headers["content-type"] == "application/problem+json"
    return raised.value.status_code, raised.value.json()


def test_tokens_open_the_socket(ready: Ready, tmp_path: Path) -> None:
    with service(ready, tmp_path, tokens=True) as (client, storage, _):
        secret, _ = create_token(storage.database, "team", "laptop", ("write",))
        reader, _ = create_token(storage.database, "team", "reader", ("read", "admin"))
        assert refused(client)[0] == 401
        assert refused(client, "crossgate.bearer.cg_wrong")[0] == 401
        assert refused(client, authorization=f"Bearer {reader}")[0] == 403
        for ways in ({"more": (f"crossgate.bearer.{secret}",)}, {"authorization": f"Bearer {secret}"}):
            with connect(client, *ways.pop("more", ()), **ways) as socket:  # type: ignore[arg-type]
                socket.send_json(START)
                assert socket.receive_json()["type"] == "ready"
                # The secret is not sent back as the protocol that was agreed upon.
                assert socket.accepted_subprotocol == "crossgate.v1"


def test_a_revoked_token_ends_the_conversation(ready: Ready, tmp_path: Path) -> None:
    with service(ready, tmp_path, tokens=True) as (client, storage, _):
        secret, info = create_token(storage.database, "team", "laptop", ("write",))
        with connect(client, authorization=f"Bearer {secret}") as socket:
            socket.send_json(START)
            socket.receive_json()
            revoke_token(storage.database, info.id)
            socket.send_json(message(Turn("Ann", "Hello"), id=3))
            told = socket.receive_json()
            assert (told["problem"]["status"], told["id"]) == (401, 3)
            assert socket.receive()["code"] == 1008


def test_whoever_asks_too_often_is_told_to_wait(ready: Ready, tmp_path: Path) -> None:
    with service(ready, tmp_path, tokens=True, requests_per_minute=3) as (client, storage, _):
        secret, _ = create_token(storage.database, "team", "laptop", ("write",))
        with connect(client, authorization=f"Bearer {secret}") as socket:
            answers = []
            for content in (START, message(Turn("Ann", "Hello")), message(Turn("Ann", "Hello"), id=5)):
                socket.send_json(content)
                answers.append(socket.receive_json())
        assert [answer["type"] for answer in answers] == ["ready", "prediction", "error"]
        assert (answers[2]["id"], answers[2]["problem"]["status"]) == (5, 429)


def test_a_conversation_outlives_a_database_that_does_not_answer(
    ready: Ready, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with service(ready, tmp_path) as (client, _, _), connect(client) as socket:
        socket.send_json(START)
        socket.receive_json()
        with monkeypatch.context() as patch:
            patch.setattr("crossgate.serving.live.router.find_access", fail)
            socket.send_json(message(Turn("Ann", "Hello"), id=1))
            told = socket.receive_json()
            assert (told["id"], told["problem"]["status"]) == (1, 503)
            assert refused(client)[0] == 503
        socket.send_json(message(Turn("Ann", "Hello"), id=2))
        assert socket.receive_json()["type"] == "prediction"


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"origin": HOST}, True),
        ({"origin": "https://friend.example"}, True),
        ({"origin": "https://stranger.example"}, False),
        ({"origin": "http://127.0.0.1:9999"}, False),
        ({"origin": "null"}, False),
        ({"origin": "http://["}, False),
    ],
)
@pytest.mark.parametrize("tokens", [False, True])
def test_pages_from_elsewhere_may_not_ask(
    ready: Ready, tmp_path: Path, headers: dict[str, str], allowed: bool, tokens: bool
) -> None:
    wanted = {"tokens": tokens, "allow_origin": "https://friend.example"}
    with service(ready, tmp_path, **wanted) as (client, storage, _):
        secret, _ = create_token(storage.database, "team", "laptop", ("write",))
        headers = headers | {"authorization": f"Bearer {secret}"}
        if allowed:
            with connect(client, **headers) as socket:
                socket.send_json({"type": "end"})
        else:
            assert refused(client, **headers)[0] == 403


def test_a_socket_without_the_protocol_is_refused(ready: Ready, tmp_path: Path) -> None:
    with service(ready, tmp_path) as (client, _, _):
        with pytest.raises(WebSocketDenialResponse) as raised, client.websocket_connect(f"{WS}/v1/live"):
            pass
        assert raised.value.status_code == 400


def test_there_is_room_for_so_many(ready: Ready, tmp_path: Path) -> None:
    with service(ready, tmp_path, live_sessions=1) as (client, _, sessions), connect(client):
        with connect(client) as second:
            told = second.receive_json()
            assert (told["type"], told["problem"]["status"]) == ("error", 503)
            closed = second.receive()
            assert (closed["code"], "try again later" in closed["reason"]) == (1013, True)
        assert sessions.count == 1


def test_silence_ends_the_conversation(ready: Ready, tmp_path: Path) -> None:
    with service(ready, tmp_path, live_idle_seconds=0.05) as (client, _, sessions):
        with connect(client) as socket:
            assert socket.receive_json()["problem"]["status"] == 408
            with pytest.raises(WebSocketDisconnect) as raised:
                socket.receive_json()
            assert (raised.value.code, raised.value.reason) == (1008, "nothing was said for 0.05 s")
        assert sessions.count == 0


def test_bytes_are_no_message(ready: Ready, tmp_path: Path) -> None:
    with service(ready, tmp_path) as (client, _, _), connect(client) as socket:
        socket.send_bytes(json.dumps(START).encode())
        assert socket.receive_json()["problem"]["status"] == 415
        with pytest.raises(WebSocketDisconnect) as raised:  # else it could hold its place for ever so
            socket.receive_json()
        assert raised.value.code == 1003


def test_no_project_takes_all_places() -> None:
    sessions = OpenSessions()
    with ExitStack() as stack:
        mine = [stack.enter_context(sessions.one_more(4, "mine")) for _ in range(5)]
        assert mine == [True, True, True, False, False]
        assert stack.enter_context(sessions.one_more(4, "theirs"))
        assert not stack.enter_context(sessions.one_more(4, "theirs"))
        assert sessions.count == 4
    assert sessions.count == 0


def test_nothing_of_a_conversation_is_kept(
    ready: Ready, tmp_path: Path, turns: list[Turn], caplog: pytest.LogCaptureFixture
) -> None:
    with service(ready, tmp_path) as (client, _, _), caplog.at_level("DEBUG"), connect(client) as socket:
        before = sorted(path for path in tmp_path.rglob("*") if path.is_file())
        socket.send_json(START)
        socket.receive_json()
        for turn in turns:
            socket.send_json(message(turn))
            socket.receive_json()
    files = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    assert files == [path for path in before if path.exists()]
    kept = b"".join(path.read_bytes() for path in files) + caplog.text.encode()
    assert b"sofa is on fire" not in kept
    assert b"You did what" not in kept
