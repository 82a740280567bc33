"""The log of a recording: one id through web process, supervisor and worker, and nothing anybody said."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from toy_analyses import SECRET
from toy_work import toy_work, wait_for

from crossgate.serving import logs
from crossgate.serving.api.app import make_app
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import Storage


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    yield
    logs.end()


def lines_of(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_job_can_be_followed_by_its_id_through_all_processes(
    storage: Storage, settings: ServiceSettings, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.begin("json", "service")
    client = TestClient(make_app(storage, settings), base_url="http://127.0.0.1", client=("127.0.0.1", 5))
    with toy_work(storage, settings):
        ids = {}
        for word in ("ok", "raise"):
            files = {"recording": (f"{SECRET}.mp4", word.encode())}
            ids[word] = client.post("/v1/recordings", files=files, data={"name": SECRET}).json()["id"]
        for id in ids.values():
            path = f"/v1/recordings/{id}"
            wait_for(lambda path=path: client.get(path).json()["state"] in ("COMPLETED", "FAILED"))
        assert client.delete(f"/v1/recordings/{ids['ok']}").status_code == 200
    text = capfd.readouterr().err
    assert SECRET not in text
    lines = lines_of(text)
    told = [(line["process"], line["message"]) for line in lines if line.get("recording") == ids["ok"]]
    about = f"recording {ids['ok']}: "
    for expected in (
        ("service", f"{about}queued"),
        ("service", f"{about}begun"),
        ("worker", f"{about}at work"),
        ("worker", f"{about}done"),
        ("service", f"{about}completed"),
        ("service", f"{about}deleted"),
    ):
        assert expected in told
    assert len({line["pid"] for line in lines if line.get("recording") == ids["ok"]}) == 2
    queued = next(line for line in lines if line["message"] == f"{about}queued")
    (asked,) = (line for line in lines if line.get("request") == queued["request"] and "status" in line)
    assert (asked["method"], asked["route"], asked["status"]) == ("POST", "/v1/recordings", 202)
    failed = [line for line in lines if line.get("recording") == ids["raise"]]
    assert any(line["level"] == "error" for line in failed)


@pytest.mark.parametrize("style", ["json", "text"])
def test_no_line_holds_what_somebody_said(style: Any) -> None:
    logging.getLogger("uvicorn.error").setLevel(
        logging.NOTSET
    )  # a server of another test may have been told to be quiet
    logs.begin(style, "service")
    (handler,) = (each for each in logging.getLogger().handlers if isinstance(each, logs._Lines))
    handler.stream = io.StringIO()
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("crossgate.serving").exception("it failed")
        logging.getLogger("uvicorn.error").exception(SECRET)
    logging.getLogger("transformers").warning("read %s", SECRET)
    logging.getLogger("faster_whisper").info(SECRET)
    text = handler.stream.getvalue()
    assert SECRET not in text
    assert text.count("builtins.ValueError") == 2
    assert text.count("a library said something at test_log_of_a_job.py") == 2
    if style == "json":
        assert [line["level"] for line in lines_of(text)] == ["error", "error", "warning"]
