"""A database that is killed and begun again under load, and one that is locked for longer than one waits."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

from checks._postgres import Postgres, postgres
from checks._service import Service, judged, problem_of, send, service, wait
from promise import Effort, Outcome

PROMISE = "a database that is killed or locked is told of by 503, and no accepted job is lost or done twice"
LIMIT = 900

UP, DOWN = 5.0, 2.0
"""Seconds that the database runs between two kills, and that it is gone."""

LOCKED = 33.0
"""Seconds for which SQLite is locked; the service waits for 30."""

PATIENCE = 240.0
"""Seconds in which all jobs have to be over afterwards: a lost claim is noticed after 70."""


class Senders:
    """Two people who send and look, and write down what they are told.

    Attributes:
        accepted: recording -> its name.
        statuses: of all answers.
        wrong: a line for each that should not have been.
    """

    def __init__(self, running: Service, token: str, pause: float = 0.3) -> None:
        self.accepted: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.wrong: list[str] = []
        self._running, self._token, self._pause = running, token, pause
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._go, args=(who,)) for who in ("Ann", "Ben")]

    def __enter__(self) -> Senders:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _go(self, who: str) -> None:
        number = 0
        with self._running.client(self._token, timeout=90) as client:
            while not self._over.wait(self._pause):
                number += 1
                name = f"{who} {number}"
                try:
                    answer = send(client, name)
                    self._note(answer, 202)
                    if answer.status_code == 202:
                        self.accepted[answer.json()["id"]] = name
                    self._note(client.get("/v1/recordings"), 200)
                    self._note(client.get("/healthz"), 200)
                except httpx2.HTTPError as error:
                    self.wrong.append(f"{name}: no answer ({type(error).__name__})")

    def _note(self, answer: httpx2.Response, good: int) -> None:
        self.statuses[answer.status_code] += 1
        said = "" if answer.status_code == good else problem_of(answer)
        if answer.status_code not in (good, 503) or said:
            self.wrong.append(
                f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {said}"
            )


def check(effort: Effort) -> Outcome:
    """PostgreSQL where it is installed, and SQLite."""
    outcome = Outcome()
    effort.work.mkdir(exist_ok=True)
    with postgres() as server:
        if server is None:
            outcome.said = "PostgreSQL is not installed here, and was not tried; "
        else:
            _killed(outcome, effort, server)
    _locked(outcome, effort)
    return outcome


def _killed(outcome: Outcome, effort: Effort, server: Postgres) -> None:
    with service(effort.work / "killed", database=server.url) as running:
        token = running.token("team")
        with Senders(running, token) as senders:
            for _ in range(effort.cases(5)):
                time.sleep(UP)
                server.kill()
                time.sleep(DOWN)
                server.start()
                outcome.met()
            time.sleep(UP)
        judge(outcome, running, token, senders, "PostgreSQL killed")


def _locked(outcome: Outcome, effort: Effort) -> None:
    with service(effort.work / "locked") as running:
        token = running.token("team")
        with Senders(running, token, pause=1.0) as senders, running.client(token) as client:
            wait(lambda: len(senders.accepted) > 1, 60)
            with _lock(running.data / "service.sqlite"):
                until = time.monotonic() + LOCKED
                while time.monotonic() < until:
                    status = client.get("/v1/recordings").status_code
                    judged(outcome, status == 200, f"a list while SQLite is locked: {status}")
                    time.sleep(1)
            time.sleep(2)
        judge(outcome, running, token, senders, "SQLite locked")


def judge(outcome: Outcome, running: Service, token: str, senders: Senders, how: str) -> None:
    """Told in words, nothing lost, nothing twice, and all goes on by itself."""
    for wrong in senders.wrong:
        outcome.broken(f"{how}: {wrong}")
    judged(outcome, senders.statuses[503] > 0, f"{how}: nobody noticed, so that nothing was tried")
    with running.client(token) as client:
        wait(lambda: not [one for one in _all(client) if one["state"] in ("QUEUED", "IN_PROGRESS")], PATIENCE)
        there, attempts = {one["id"]: one for one in _all(client)}, running.outcomes()
        judged(outcome, send(client, "afterwards").status_code == 202, f"{how}: it does not go on")
    for id, name in senders.accepted.items():
        state, tries = there.get(id, {}).get("state"), attempts.get(id, [])
        good = state == "COMPLETED" and tries.count("completed") == 1
        judged(outcome, good, f"{how}: {name} was accepted and is {state} after {tries}")
    twice = [name for name, times in Counter(one["name"] for one in there.values()).items() if times > 1]
    judged(outcome, not twice, f"{how}: there twice: {twice}")
    strangers = [one for id, one in there.items() if id not in senders.accepted]
    half = [one["name"] for one in strangers if one["state"] != "COMPLETED"]
    judged(outcome, not half, f"{how}: told by 503, there, and not whole: {half}")
    again = sum(len(tries) > 1 for tries in attempts.values())
    answers = ", ".join(f"{times} x {status}" for status, times in sorted(senders.statuses.items()))
    outcome.said += f"{how}: {answers}; {len(senders.accepted)} jobs accepted, {again} begun again; "


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, timeout=30, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def _all(client: httpx2.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    asked: dict[str, Any] = {"limit": 200}
    while True:
        page = client.get("/v1/recordings", params=asked).json()
        found += page["items"]
        if page["next"] is None:
            return found
        asked["cursor"] = page["next"]
