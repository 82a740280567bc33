"""Who may come in: tokens and their scopes, this machine's own address, limits of rate."""

from __future__ import annotations

import logging
import re
from typing import Any

import pytest
from starlette.testclient import TestClient
from toy_api import MP4, ON_SQLITE, Serve, Served, refused

from crossgate.serving import access
from crossgate.serving.access import Buckets, Refused, find_access
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.projects import SCOPES, all_tokens, create_token, revoke_token

ID = "0" * 32

ROUTES = [
    ("GET", "/v1/recordings", "read"),
    ("POST", "/v1/recordings", "write"),
    ("GET", f"/v1/recordings/{ID}", "read"),
    ("DELETE", f"/v1/recordings/{ID}", "admin"),
    ("GET", f"/v1/recordings/{ID}/events", "read"),
    ("GET", f"/v1/recordings/{ID}/result", "read"),
    ("GET", f"/v1/recordings/{ID}/view", "read"),
    ("GET", f"/v1/recordings/{ID}/media", "read"),
    ("HEAD", f"/v1/recordings/{ID}/media", "read"),
    ("GET", f"/v1/recordings/{ID}/exports/csv", "read"),
    ("GET", f"/v1/recordings/{ID}/corrections", "read"),
    ("PUT", f"/v1/recordings/{ID}/corrections/u", "write"),
    ("DELETE", f"/v1/recordings/{ID}/corrections/u", "write"),
    ("GET", "/v1/corpus", "read"),
    ("GET", "/metrics", "read"),
]
FREE = {("GET", "/"), ("HEAD", "/"), ("GET", "/healthz"), ("GET", "/openapi.json"), ("HEAD", "/openapi.json")}
ANY = {("GET", "/v1/me"), ("GET", "/v1/deletions/{id}")}


def test_every_route_asks_who_comes(serve: Serve) -> None:
    service = serve(tokens=True)
    listed = {(method, re.sub(ID, "{id}", path)) for method, path, _ in ROUTES}
    known = {
        (method, re.sub(r"\{utterance_id.*\}", "u", route.path).replace("{format}", "csv"))
        for route in service.app.state.routes
        if hasattr(route, "methods")
        for method in route.methods or ()
    }
    assert known - FREE - ANY == listed
    for method, path in known - FREE:
        refused_or_head(service.client.request(method, path.replace("{id}", ID)), method, 401)
    for method, path in FREE:
        assert service.client.request(method, path).status_code == 200


def refused_or_head(answer: Any, method: str, status: int) -> None:
    if method == "HEAD":
        assert answer.status_code == status
    else:
        refused(answer, status)


def test_scopes_hold_for_themselves_alone(serve: Serve) -> None:
    service = serve(tokens=True)
    tokens = {scope: service.token(scope) for scope in SCOPES}
    for method, path, needed in ROUTES:
        for scope, headers in tokens.items():
            status = service.client.request(method, path, headers=headers).status_code
            assert (status == 403) == (scope != needed), (method, path, scope, status)
    for scope, headers in tokens.items():
        assert service.client.get("/v1/me", headers=headers).json()["scopes"] == [scope]


@ON_SQLITE
@pytest.mark.parametrize(
    "header",
    ["", "cg_wrong", "Basic Y2c6eA==", "Bearer", "Bearer ", "Bearer cg_", "Bearer x", "Bearer cg_wrong"],
)
def test_without_a_good_token_nobody_comes_in(serve: Serve, header: str) -> None:
    service = serve(tokens=True)
    answer = service.client.get("/v1/me", headers={"Authorization": header})
    refused(answer, 401)
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_a_revoked_token_opens_nothing(serve: Serve) -> None:
    service = serve(tokens=True)
    headers = service.token()
    assert service.client.get("/v1/me", headers=headers).status_code == 200
    revoke_token(service.storage.database, all_tokens(service.storage.database)[0].id)
    refused(service.client.get("/v1/me", headers=headers), 401)


def test_any_other_address_demands_tokens(serve: Serve) -> None:
    refused(serve(host="0.0.0.0").client.get("/v1/me"), 401)


def test_on_its_own_machine_none_is_needed_but_a_wrong_one_is_said(service: Served) -> None:
    assert service.client.get("/v1/me").json()["project"] == "default"
    assert service.client.get("/v1/me").json()["scopes"] == list(SCOPES)
    theirs = service.token("read", project="theirs")
    assert service.client.get("/v1/me", headers=theirs).json()["project"] == "theirs"
    refused(service.client.get("/v1/me", headers={"Authorization": "Bearer cg_wrong"}), 401)


@ON_SQLITE
@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({}, True),
        ({"Host": "localhost:8080"}, True),
        ({"Host": "[::1]:8080"}, True),
        ({"Host": "127.0.0.1:8080", "Origin": "http://127.0.0.1:8080"}, True),
        ({"Host": "evil.example"}, False),
        ({"Host": "127.0.0.1.evil.example:8080"}, False),
        ({"Host": "192.168.1.5:8080"}, False),
        ({"Host": ""}, False),
        ({"Host": "[::1"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost:3000", "Host": "localhost:8080"}, False),
        ({"Origin": "http://127.0.0.1:8080", "Host": "localhost:8080"}, False),
        ({"X-Forwarded-For": "10.0.0.1"}, False),
        ({"Forwarded": "for=10.0.0.1"}, False),
        ({"Via": "1.1 proxy"}, False),
        ({"CF-Connecting-IP": "10.0.0.1"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
    ],
)
def test_on_its_own_machine_nobody_speaks_for_others(
    service: Served, headers: dict[str, str], allowed: bool
) -> None:
    answers = [
        service.client.get("/v1/me", headers=headers),
        service.client.post("/v1/recordings", files={"recording": ("a", MP4)}, headers=headers),
    ]
    for answer in answers:
        if allowed:
            assert answer.status_code in (200, 202)
        else:
            refused(answer, 403)
    assert len(service.client.get("/v1/recordings").json()["items"]) == int(allowed)


@ON_SQLITE
@pytest.mark.parametrize(
    ("address", "allowed"),
    [("127.0.0.1", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False), ("::2", False)],
)
def test_another_machine_is_told_so(service: Served, address: str, allowed: bool) -> None:
    client = TestClient(service.app, base_url="http://127.0.0.1", client=(address, 5))
    assert client.get("/v1/me").status_code == (200 if allowed else 403)


@ON_SQLITE
def test_pages_that_are_allowed_may_ask(serve: Serve) -> None:
    page = "https://team.example"
    service = serve(allow_origin=f"{page}/")
    headers = {"Origin": page}
    assert service.client.get("/v1/me", headers=headers).headers["access-control-allow-origin"] == page
    wanted = {
        **headers,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type",
    }
    assert service.client.options("/v1/recordings", headers=wanted).status_code == 200
    other = service.client.get("/v1/me", headers={"Origin": "https://evil.example"})
    refused(other, 403)
    assert "access-control-allow-origin" not in other.headers


@ON_SQLITE
def test_no_page_may_ask_by_default(serve: Serve) -> None:
    for service in (serve(), serve(tokens=True)):
        headers = service.token() | {"Origin": "https://team.example"}
        answer = service.client.get("/v1/me", headers=headers)
        assert not any(name.startswith("access-control") for name in answer.headers)
        refused(service.client.options("/v1/me", headers=headers), 405)


def test_a_token_may_ask_only_so_often(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 1000.0
    monkeypatch.setattr(access, "monotonic", lambda: clock)
    service = serve(tokens=True, requests_per_minute=3)
    ann, ben = service.token(), service.token()
    assert [service.client.get("/v1/me", headers=ann).status_code for _ in range(4)] == [200, 200, 200, 429]
    answer = service.client.get("/v1/me", headers=ann)
    refused(answer, 429)
    assert answer.headers["retry-after"] == "20"
    assert service.client.get("/v1/me", headers=ben).status_code == 200
    clock += 20
    assert [service.client.get("/v1/me", headers=ann).status_code for _ in range(2)] == [200, 429]


@ON_SQLITE
def test_guessing_is_slowed_down_and_keeps_nobody_out(serve: Serve) -> None:
    service = serve(tokens=True)
    wrong = {"Authorization": "Bearer cg_wrong"}
    statuses = [service.client.get("/v1/me", headers=wrong).status_code for _ in range(40)]
    assert statuses == [401] * access.FAILURES_PER_MINUTE + [429] * 10
    assert service.client.get("/v1/me", headers=service.token()).status_code == 200
    assert service.client.get("/v1/me").status_code == 401  # no token is no guess


def test_buckets_are_forgotten_when_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "MOST_BUCKETS", 10)
    buckets = Buckets()
    for number in range(1000):
        assert buckets.take(f"address {number}", 5) == 0
    assert len(buckets._buckets) <= 11


def test_a_socket_brings_its_token_as_a_subprotocol(database: Database) -> None:
    settings = ServiceSettings(tokens=True)
    secret, info = create_token(database, "team", "Ann", ("read",))
    subprotocols = ["crossgate.v1", f"crossgate.bearer.{secret}"]
    found = find_access(database, settings, {}, subprotocols, "10.0.0.1")
    assert (found.project, found.token, found.author) == ("team", info.id, "Ann")
    for wrong in ([], ["crossgate.v1"], ["crossgate.bearer."], ["crossgate.bearer.cg_wrong"]):
        with pytest.raises(Refused) as refusal:
            find_access(database, settings, {}, wrong, "10.0.0.1")
        assert refusal.value.status == 401


@ON_SQLITE
def test_no_secret_and_no_text_is_logged(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    service = serve(tokens=True)
    headers = service.token(name="Ann Secret")
    secret = headers["Authorization"].removeprefix("Bearer ")
    with caplog.at_level(logging.DEBUG):
        service.client.get("/v1/recordings", params={"name": "private name"}, headers=headers)
        form = {"recording": ("private name.mp4", MP4), "name": (None, "private name")}
        sent = service.client.post("/v1/recordings", files=form, headers=headers).json()
        service.client.get(f"/v1/recordings/{sent['id']}", headers=headers)
        service.client.get("/v1/private name", headers=headers)
        service.client.get("/v1/me", headers={"Authorization": "Bearer cg_private name"})
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("crossgate")]
    assert any("GET /v1/recordings 200" in line for line in ours)
    assert not any(word in line for line in ours for word in (secret, "private", "Secret"))
    # What becomes of a recording is told by its id; who looks at it is nobody's business.
    assert [line for line in ours if sent["id"] in line] == [f"recording {sent['id']}: queued"]
