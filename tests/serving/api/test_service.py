"""The service itself: what it says of itself, its page, its headers, its errors."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient
from toy_api import ON_SQLITE, Serve, Served, refused

import crossgate
from crossgate.errors import InputError
from crossgate.report.colours import colours
from crossgate.serving.api.app import make_app
from crossgate.serving.api.envelope import HEADERS
from crossgate.serving.api.routes.page import policy_of
from crossgate.serving.problems import of_input_error, problem
from crossgate.serving.storage import recordings
from parsed_page import Page, digest


def test_it_says_who_one_is_and_what_it_does(serve: Serve) -> None:
    service = serve(policy="eu-work-education", max_megabytes=5, max_minutes=2)
    me = service.client.get("/v1/me").json()
    labels = ["neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger"]
    assert me["labels"] == labels
    assert me["colours"] == colours(labels)
    assert (me["model"], me["live_model"]) == ("crossgate-meld", None)
    assert (me["limits"]["bytes"], me["limits"]["seconds"]) == (5_000_000, 120)
    assert (me["policy"], me["retention_days"]) == ("eu-work-education", None)
    assert me["version"] == crossgate.__version__


def test_a_checkpoint_that_is_not_there_is_said_at_the_start(serve: Serve, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no-such"):
        serve(model=Path("no-such"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no checkpoint"):
        serve(model=tmp_path / "empty")
    (tmp_path / "empty" / "config.json").write_text("{}")
    with pytest.raises(InputError, match="emotions"):
        serve(model=tmp_path / "empty")


def test_its_health(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    service = serve(tokens=True, workers=lambda: 2)
    answer = service.client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "database": "ok", "workers": 2})
    monkeypatch.setattr(service.storage.database, "healthy", lambda: False)
    sick = refused(service.client.get("/healthz"), 503)
    assert (sick["database"], sick["workers"]) == ("unreachable", 2)


def samples(service: Served) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = service.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_its_metrics(serve: Serve) -> None:
    service = serve(workers=lambda: 3)
    recording = service.completed()
    service.queued()
    for _ in range(2):
        service.client.get(f"/v1/recordings/{recording.id}")
    service.client.get("/v1/recordings/none")
    service.client.get("/made/up/by/somebody")
    service.client.request("MADEUP", "/v1/recordings")
    found = samples(service)

    def counted(route: str, method: str, status: str) -> float:
        labels = frozenset({"route": route, "method": method, "status": status}.items())
        return found[("crossgate_http_requests_total", labels)]

    assert counted("/v1/recordings/{id}", "GET", "200") == 2
    assert counted("/v1/recordings/{id}", "GET", "404") == 1
    assert counted("(none)", "GET", "404") == 1
    assert counted("/v1/recordings", "OTHER", "405") == 1
    assert found[("crossgate_workers", frozenset())] == 3
    states = {
        dict(labels)["state"]: value
        for (name, labels), value in found.items()
        if name == "crossgate_recordings"
    }
    assert states == {"QUEUED": 1, "IN_PROGRESS": 0, "COMPLETED": 1, "FAILED": 0}
    assert not any(recording.id in str(key) or "somebody" in str(key) for key in found)
    assert ("crossgate_live_sessions", frozenset()) not in found


@ON_SQLITE
def test_live_conversations_are_counted_where_there_are_any(service: Served) -> None:
    app = make_app(service.storage, service.settings, live_sessions=lambda: 4)
    text = TestClient(app, base_url="http://127.0.0.1").get("/metrics").text
    assert "crossgate_live_sessions 4.0" in text


def rules(policy: str) -> dict[str, str]:
    return dict(rule.strip().split(" ", 1) for rule in policy.split(";"))


@ON_SQLITE
def test_the_page_may_do_what_it_needs_and_no_more(serve: Serve) -> None:
    answer = serve(tokens=True).client.get("/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    page = Page(answer.text)
    policy = rules(answer.headers["content-security-policy"])
    assert policy == {
        "default-src": "'none'",
        "script-src": f"{digest(page.text('script'))} blob:",
        "style-src": digest(page.text("style")),
        "connect-src": "'self'",
        "media-src": "'self' blob:",
        "img-src": "'self' data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    for name, value in page.policy.items():  # the service allows all that the page's own policy does
        assert set(value.split()) <= set(policy[name].split())
    assert answer.headers["permissions-policy"] == "camera=(self), microphone=(self), geolocation=()"


def test_every_script_and_style_of_a_page_is_named() -> None:
    text = "<style>a{}</style><script>1 < 2 && '</p>'</script><p>x</p><script>2</script>"
    policy = rules(policy_of(text))
    assert policy["script-src"] == f"{digest('1 < 2 && ' + repr('</p>'))} {digest('2')} blob:"
    assert policy["style-src"] == digest("a{}")


@ON_SQLITE
def test_every_answer_carries_the_headers(service: Served) -> None:
    recording = service.completed()
    for path in (
        "/",
        "/healthz",
        "/openapi.json",
        "/none",
        "/v1/me",
        "/metrics",
        f"/v1/recordings/{recording.id}/media",
        f"/v1/recordings/{recording.id}/result",
        f"/v1/recordings/{recording.id}/events",
        f"/v1/recordings/{recording.id}/exports/html",
    ):
        headers = service.client.get(path).headers
        assert headers.keys() >= {name.lower() for name in HEADERS}
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == ("no-cache" if path == "/" else "no-store")


@ON_SQLITE
def test_what_is_not_there_is_a_problem(service: Served) -> None:
    for path in (
        "/v1",
        "/v1/nothing",
        "/v1/recordings/",
        "/docs",
        "/redoc",
        "/favicon.ico",
        "/%00",
        "/%ff",
        "/v1/live",
    ):
        assert refused(service.client.get(path), 404)["instance"].isascii()


@ON_SQLITE
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", f"/v1/recordings/{'0' * 32}", "DELETE, GET"),
        ("GET", f"/v1/recordings/{'0' * 32}/corrections/u", "DELETE, PUT"),
        ("DELETE", "/v1/recordings", "GET, POST"),
        ("POST", f"/v1/recordings/{'0' * 32}/media", "GET, HEAD"),
        ("POST", "/healthz", "GET"),
        ("TRACE", "/", "GET, HEAD"),
    ],
)
def test_another_method_is_told_which_there_are(
    service: Served, method: str, path: str, allowed: str
) -> None:
    answer = service.client.request(method, path)
    refused(answer, 405)
    assert answer.headers["allow"] == allowed


@pytest.fixture
def break_listing(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    def breaks(error: Exception) -> None:
        def listed(*_: object) -> None:
            raise error

        monkeypatch.setattr("crossgate.serving.api.routes.recordings.listed", listed)

    return breaks


@ON_SQLITE
def test_a_failure_says_nothing_of_the_inside(
    service: Served, break_listing: Callable[[Exception], None], caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise KeyError("a private text")
    except KeyError as inner:
        error = RuntimeError("a private text")
        error.__cause__ = inner
    break_listing(error)
    with caplog.at_level(logging.DEBUG):
        problem = refused(service.client.get("/v1/recordings", params={"name": "private"}), 500)
    assert "private" not in str(problem)
    assert "RuntimeError" not in str(problem)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("crossgate")]
    assert any("RuntimeError at" in line and "KeyError" in line for line in lines)
    assert not any("private" in line for line in lines)


@ON_SQLITE
def test_a_database_that_is_away_is_503(service: Served, break_listing: Callable[[Exception], None]) -> None:
    break_listing(OperationalError("SELECT 1", {}, Exception("password in here")))
    answer = service.client.get("/v1/recordings")
    assert "password" not in str(refused(answer, 503))
    assert int(answer.headers["retry-after"]) > 0


def test_problem_documents() -> None:
    assert problem(404, "Not here", None) == {"type": "about:blank", "title": "Not here", "status": 404}
    error = InputError("is 3, expected 1 or 2", where="turns", fix="leave it out")
    document = of_input_error(error, 400, instance="/v1/x")
    assert document == {
        "type": "about:blank",
        "title": "Bad Request",
        "status": 400,
        "detail": "turns: is 3, expected 1 or 2. Leave it out.",
        "instance": "/v1/x",
    }
    assert of_input_error(InputError("is wrong"))["detail"] == "is wrong."


def test_a_recording_s_pulse_changes_with_it(service: Served) -> None:
    recording = service.queued()
    database, project = service.storage.database, recording.project_id
    before = recordings.pulse(database, project, recording.id)
    assert before == recordings.pulse(database, project, recording.id)
    assert recordings.pulse(database, "0" * 32, recording.id) is None
    assert recordings.pulse(database, project, "0" * 32) is None
    service.client.delete(f"/v1/recordings/{recording.id}")
    assert recordings.pulse(database, project, recording.id) is None
