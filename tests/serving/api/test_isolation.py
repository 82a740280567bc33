"""Another project's recordings do not exist: tried at every operation that the OpenAPI document has."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from toy_api import ON_SQLITE, Serve, Served

pytestmark = ON_SQLITE

FILLED = {"id": "", "utterance_id": "u0", "format": "json"}
"""What stands for the parameters of paths; an operation with another one has to be thought about here."""

BODIES: dict[str, dict[str, Any]] = {
    "PUT /v1/recordings/{id}/corrections/{utterance_id}": {"json": {"emotion": "joy"}},
    "POST /v1/recordings": {"files": {"transcript": ("a.csv", b"speaker,text\nA,b\n")}},
}

OPEN = {"GET /healthz"}


def operations(served: Served) -> Iterator[tuple[str, str, list[str]]]:
    """(method, path, parameters of the path) of everything that is answered."""
    for path, item in served.client.get("/openapi.json").json()["paths"].items():
        for method in item:
            yield method.upper(), path, re.findall(r"{(\w+)}", path)


@pytest.fixture
def served(serve: Serve) -> Served:
    return serve(tokens=True)


def everything(served: Served) -> dict[Path, bytes]:
    """All files that are kept."""
    return {path: path.read_bytes() for path in (served.settings.data / "media").rglob("*") if path.is_file()}


def test_another_project_s_recording_is_as_if_it_were_not_there(served: Served) -> None:
    ann, ben = served.token(project="ann"), served.token(project="ben")
    secret = "the name of what Ann keeps"
    mine = served.completed(name=secret, project="ann")
    assert served.correct(mine, "u0", "joy", headers=ann).status_code in (200, 404)
    files, tried = everything(served), 0
    for method, path, parameters in operations(served):
        assert set(parameters) <= FILLED.keys(), f"{path}: say in FILLED how another's is named"
        if "live" in path:
            continue
        answers = []
        for id in (mine.id, "0" * 32):
            filled = path.format(**FILLED | {"id": id})
            more = BODIES.get(f"{method} {path}", {})
            answer = served.client.request(method, filled, headers=ben, **more)
            answers.append((answer.status_code, answer.text.replace(id, "ID")))
            if parameters:
                assert answer.status_code == 404, (method, path, answer.status_code)
                tried += 1
            assert secret not in answer.text, (method, path)
            if method != "POST":  # whose answer names what he has just sent
                assert mine.id not in answer.text.replace(filled, ""), (method, path)
        if parameters:
            assert answers[0] == answers[1], f"{method} {path} tells another's from none"
    assert tried >= 22
    assert everything(served).items() >= files.items()
    assert served.client.get(f"/v1/recordings/{mine.id}", headers=ann).json()["name"] == secret
    assert [item["name"] for item in served.client.get("/v1/recordings", headers=ann).json()["items"]] == [
        secret
    ]


def test_the_other_may_do_all_of_it(served: Served) -> None:
    """Else the test above could pass because nothing works."""
    ann = served.token(project="ann")
    statuses = {}
    for method, path, parameters in operations(served):
        if not parameters or "deletions" in path:
            continue
        mine = served.completed(project="ann")
        content = json.loads(served.client.get(f"/v1/recordings/{mine.id}/result", headers=ann).text)
        turn = content["utterances"][0]["id"]
        served.correct(mine, turn, content["labels"][0], headers=ann)
        filled = path.format(**FILLED | {"id": mine.id, "utterance_id": turn})
        more = {"json": {"emotion": content["labels"][0]}} if method == "PUT" else {}
        statuses[f"{method} {path}"] = served.client.request(method, filled, headers=ann, **more).status_code
    assert {key: status for key, status in statuses.items() if status not in (200, 204)} == {}


def test_without_a_token_nothing_is_told(served: Served) -> None:
    mine = served.completed(project="ann")
    for method, path, _ in operations(served):
        if f"{method} {path}" in OPEN or "live" in path:
            continue
        filled = path.format(**FILLED | {"id": mine.id})
        answer = served.client.request(method, filled, **BODIES.get(f"{method} {path}", {}))
        assert answer.status_code == 401, (method, path)
        assert answer.text == "" or answer.json()["title"] == "Unauthorized"


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data; boundary=x"])
def test_nothing_that_is_sent_is_unpacked(served: Served, kind: str) -> None:
    bomb = gzip.compress(b"[" * 50_000_000)
    assert len(bomb) < 100_000
    answer = served.client.post(
        "/v1/recordings",
        content=bomb,
        headers=served.token() | {"Content-Type": kind, "Content-Encoding": "gzip"},
    )
    assert answer.status_code == 422


ELSEWHERE = [
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:169.254.169.254]/a.mp4",
    "http://2852039166/a.mp4",
    "http://0251.0376.0251.0376/a.mp4",
    "http://127.1/a.mp4",
    "http://localhost/a.mp4",
    "http://talks.example.evil.example/in/a.mp4",
    "http://talks.example@evil.example/in/a.mp4",
    "http://user:password@talks.example/in/a.mp4",
    "http://talks.example/in/../secret.mp4",
    "http://talks.example/in/%2e%2e/secret.mp4",
    "http://talks.example/in/%252e%252e/secret.mp4",
    "http://talks.example/in/a.mp4#http://evil.example",
    "http://talks.example/in/a.mp4?to=http://evil.example",
    "http://talks.example/in\\..\\a.mp4",
    "http://talks.example/inside.mp4",
    "HTTP://TALKS.EXAMPLE/in/a.mp4",
    "https://talks.example/in/a.mp4",
    "simplecache::http://talks.example/in/a.mp4",
    "http://talks.example/in/simplecache::file:///etc/passwd",
    "file:///etc/passwd",
    "file://talks.example/in/a.mp4",
    "/etc/passwd",
    "gopher://127.0.0.1:25/_a",
    "zip://a.mp4::http://talks.example/in/a.zip",
    "http://talks.example/in/\r\nHost: evil.example",
]


def test_no_url_leads_anywhere_but_into_an_allowed_store(serve: Serve) -> None:
    served = serve(tokens=True, allow_store="http://talks.example/in")
    headers = served.token()
    for url in ELSEWHERE:
        for field in ("url", "transcript_url"):
            answer = served.client.post("/v1/recordings", json={field: url}, headers=headers)
            assert answer.status_code == 422, (field, url, answer.text)
    good = {"url": "http://talks.example/in/a.mp4"}
    assert served.client.post("/v1/recordings", json=good, headers=headers).status_code == 202
