"""A real service under attack: strangers, other projects, slow and silent clients, floods and bombs."""

from __future__ import annotations

import re
import time

from checks._attacks import BODIES, BOUNDARY, HEADS, PATHS, STOLEN, Raw, ask, forms, head, status_of
from checks._service import TALK, Service, judged, send, service, wait
from checks.soak import held
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.projects import all_tokens, revoke_token
from promise import Effort, Outcome

PROMISE = "hostile clients are refused or cut off, see nothing of others, and leave the service as it was"
LIMIT = 600

IDLE = 2.0
"""Seconds the service lets an upload stand still here."""

CUT = 75.0
"""Seconds within which a silent client is cut off: 30 s for a head, and some for a busy machine."""

GROWTH = 150.0
"""MB by which the service may grow under all of it; what the bombs would unpack to is far more."""

POOLED = 18
"""Descriptors by which it may: the connections to SQLite that are kept are opened as many ask at once, up to
five of three files each; and of clients a few are not yet closed."""

FORM = f"multipart/form-data; boundary={BOUNDARY}"


def check(effort: Effort) -> Outcome:
    """One service, and everything against it."""
    outcome = Outcome()
    effort.work.mkdir(exist_ok=True)
    options = ("--workers", "0", "--upload-idle-seconds", str(IDLE), "--max-megabytes", "20")
    with service(effort.work, *options, "--requests-per-minute", "100000") as running:
        ann, ben = running.token("ann"), running.token("ben")
        with running.client(ann) as client:
            mine = send(client, "what Ann keeps").json()["id"]
        before = held(running)
        silent = _silent(running, effort.cases(300, at_least=30))
        _others(
            outcome,
            running,
            mine,
            {"another's": (ben, 404), "none": (None, 401), "a revoked": (_revoked(running), 401)},
        )
        _bytes(outcome, running, ann, effort)
        _slow(outcome, running, ann, effort.cases(20, at_least=3))
        _cut(outcome, silent)
        wait(lambda: held(running)["descriptors"] <= before["descriptors"] + POOLED, 30)
        _unharmed(outcome, running, ann, mine, before)
    return outcome


def _others(outcome: Outcome, running: Service, mine: str, keys: dict[str, tuple[str | None, int]]) -> None:
    """Every operation of the document that names a recording, with every token that is not its own."""
    with running.client() as client:
        paths = client.get("/openapi.json").json()["paths"]
    for who, (token, expected) in keys.items():
        with running.client(token) as client:
            for path, methods in paths.items():
                if "{id}" not in path:
                    continue
                for method in methods:
                    filled = path.format(id=mine, format="json", utterance_id="u")
                    more = {"json": {"emotion": "joy"}} if method == "put" else {}
                    answer = client.request(method.upper(), filled, **more)
                    said = f"{who} token at {method.upper()} {path}: {answer.status_code}"
                    judged(outcome, answer.status_code == expected and "Ann" not in answer.text, said)


def _bytes(outcome: Outcome, running: Service, token: str, effort: Effort) -> None:
    """Paths, heads and bodies that are none."""
    for path in PATHS:
        answer = ask(running.url, head("GET", path, token))
        stolen = any(word in answer for word in STOLEN)
        judged(
            outcome, status_of(answer) in (404, 405, 422) and not stolen, f"GET {path[:60]}: {answer[:60]!r}"
        )
    for name, content in HEADS.items():
        status = status_of(ask(running.url, content))
        judged(outcome, status in (0, 400, 405), f"{name}: {status}")
    for _ in range(effort.cases(10)):
        for name, content in BODIES.items():
            _refused(outcome, running, token, name, content, "application/json")
        for name, content in forms().items():
            _refused(outcome, running, token, name, content, FORM)
    endless = head("POST", "/v1/recordings", token, f"Content-Type: {FORM}", "Transfer-Encoding: chunked")
    raw = Raw(running.url)
    raw.send(endless)
    top = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="recording"; filename="a"\r\n\r\n'.encode()
    piece, until = top + b"x" * 100_000, time.monotonic() + CUT
    while (taken := raw.send(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")) and time.monotonic() < until:
        piece = b"x" * 1_000_000
        time.sleep(0.05)
    raw.close()
    judged(outcome, not taken, f"an upload without end was taken for {CUT:g} s")


def _refused(outcome: Outcome, running: Service, token: str, name: str, content: bytes, kind: str) -> None:
    sent = head(
        "POST",
        "/v1/recordings",
        token,
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
        "Content-Encoding: gzip" if name == "gzipped" else "X: y",
    )
    answer = ask(running.url, sent + content)
    good = status_of(answer) in (413, 422) and b"application/problem+json" in answer
    judged(outcome, good, f"{name}: {answer[:80]!r}")


def _slow(outcome: Outcome, running: Service, token: str, many: int) -> None:
    """Uploads that stand still, and that come a byte at a time."""
    top = head("POST", "/v1/recordings", token, f"Content-Type: {FORM}", "Content-Length: 10000000")
    top += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="recording"; filename="a"\r\n\r\n'.encode()
    for how in ("stands still", "drop by drop"):
        raws = [Raw(running.url) for _ in range(many)]
        for raw in raws:
            raw.send(top)
        until = time.monotonic() + 4 * IDLE
        while how == "drop by drop" and time.monotonic() < until:
            for raw in raws:
                raw.send(b"x")
            time.sleep(0.3)
        for raw in raws:
            answer, ended = raw.read(CUT)
            # Whoever goes on sending may find the connection reset before he has read the answer.
            good = ended and status_of(answer) in ((408,) if how == "stands still" else (408, 0))
            judged(outcome, good, f"an upload that {how}: {answer[:60]!r}, {'' if ended else 'not '}ended")
            raw.close()
    wait(lambda: not list(running.data.glob("scratch/*")), 10)
    judged(outcome, not list(running.data.glob("scratch/*")), "slow uploads left files")


def _silent(running: Service, many: int) -> list[tuple[str, Raw]]:
    """Connections that say nothing, half a head, or go on with what was refused."""
    refused = head("POST", "/v1/recordings", None, f"Content-Type: {FORM}", "Content-Length: 1000000")
    kinds = {"says nothing": b"", "half a head": b"GET / HTTP/1.1\r\nX: ", "was refused": refused}
    found = []
    for number in range(many):
        name = list(kinds)[number % 3]
        raw = Raw(running.url)
        raw.send(kinds[name])
        found.append((name, raw))
    return found


def _cut(outcome: Outcome, silent: list[tuple[str, Raw]]) -> None:
    """All of them are gone in time, though some go on sending."""
    until = time.monotonic() + CUT
    left = list(silent)
    while left and time.monotonic() < until:
        left = [(name, raw) for name, raw in left if _goes_on(name, raw)]
        time.sleep(0.5)
    for name, raw in silent:
        judged(outcome, (name, raw) not in left, f"a client that {name} was not cut off in {CUT:g} s")
        raw.close()


def _goes_on(name: str, raw: Raw) -> bool:
    sent = name == "says nothing" or raw.send(b"x")
    return sent and not raw.read(0.001)[1]


def _unharmed(outcome: Outcome, running: Service, token: str, mine: str, before: dict[str, float]) -> None:
    """It works, holds what it held, and has told no secret."""
    with running.client(token) as client:
        judged(outcome, client.get("/healthz").status_code == 200, "it does not answer any more")
        listed = [item["id"] for item in client.get("/v1/recordings").json()["items"]]
        judged(outcome, listed == [mine], f"{len(listed)} recordings, where one was sent")
        statuses = re.findall(r'status="(5\d\d)"', client.get("/metrics").text)
        judged(outcome, not statuses, f"answers of {sorted(set(statuses))}")
    after = held(running)
    judged(outcome, after["web MB"] <= before["web MB"] + GROWTH, f"memory: {before} to {after}")
    few = after["descriptors"] <= before["descriptors"] + POOLED
    judged(outcome, few, f"descriptors: {before} to {after}")
    log = running.log.read_text(encoding="utf-8", errors="replace")
    for secret in ("Traceback", token, "what Ann keeps", TALK.splitlines()[1]):
        judged(outcome, secret not in log, f"the log holds {secret[:12]!r}")
    outcome.said = ", ".join(f"{name} {before[name]:,.0f} -> {after[name]:,.0f}" for name in before)


def _revoked(running: Service) -> str:
    secret = running.token("ann")
    database = Database(running.database)
    try:
        revoke_token(database, all_tokens(database)[0].id)
    finally:
        database.close()
    return secret
