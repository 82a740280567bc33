"""A real `crossgate serve` in a folder of its own: its address, its processes, what they hold."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from sqlalchemy import select

from crossgate.serving.storage.database import Database
from crossgate.serving.storage.projects import create_token
from crossgate.serving.storage.tables import Attempt
from promise import Outcome

PROGRAM = "import sys; from crossgate.cli.main import main; sys.exit(main())"

TALK = "speaker,text\nAnn,You did what?\nBen,I sold the house. I am so sorry.\nAnn,That is wonderful!\n"
"""A transcript, which is analysed as a text within a second."""


@dataclass
class Service:
    """One that runs.

    Attributes:
        process: the web process; its workers descend from it.
        url: without a slash at its end.
        data: its folder.
        database: URL of its database.
        log: what it writes to stderr.
    """

    process: subprocess.Popen[str]
    url: str
    data: Path
    database: str
    log: Path
    tokens: dict[str, str] = field(default_factory=dict)

    def token(self, project: str, *scopes: str) -> str:
        """A new token of a project."""
        database = Database(self.database)
        try:
            return create_token(database, project, "check", scopes or ("read", "write", "admin"))[0]
        finally:
            database.close()

    def client(self, token: str | None = None, timeout: float = 60.0) -> httpx2.Client:
        """One that carries a token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.url, headers=headers, timeout=timeout)

    def pids(self) -> list[int]:
        """The web process, and all that descend from it."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            try:
                for task in Path(f"/proc/{pid}/task").iterdir():
                    waiting += map(int, (task / "children").read_text().split())
            except OSError:  # it ended meanwhile
                found.remove(pid)
        return found

    def outcomes(self) -> dict[str, list[str | None]]:
        """Recording -> how the attempts at it ended, in their order."""
        database, found = Database(self.database), dict[str, list[str | None]]()
        try:
            with database.reading() as session:
                rows = session.execute(select(Attempt.recording_id, Attempt.outcome).order_by(Attempt.number))
                for id, outcome in rows:
                    found.setdefault(id, []).append(outcome)
        finally:
            database.close()
        return found


@contextmanager
def service(folder: Path, *more: str, database: str = "") -> Iterator[Service]:
    """One on a free port that demands tokens, with its models ready; it is killed at the end.

    Args:
        folder: for its data and its log.
        more: arguments.
        database: URL of PostgreSQL; else SQLite in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    data, log = folder / "data", folder / "log"
    words = ["serve", "--port", "0", "--tokens", "--data", str(data), *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CROSSGATE_DATABASE": database}
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=environment,
        )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip().rstrip("/")
        if not url:
            raise RuntimeError(f"the service did not start: {log.read_text()[-2000:]}")
        running = Service(process, url, data, database or f"sqlite:///{data / 'service.sqlite'}", log)
        if "--workers" not in more:
            with running.client() as client:
                wait(lambda: client.get("/healthz").json().get("workers", 0) > 0, 180)
        yield running
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def wait(what: Callable[[], Any], seconds: float) -> Any:
    """What a function returns as soon as that is true; its last answer where it never is."""
    end = time.monotonic() + seconds
    while not (found := what()) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def send(client: httpx2.Client, name: str, content: str = TALK) -> httpx2.Response:
    """Upload a transcript."""
    return client.post("/v1/recordings", files={"transcript": ("talk.csv", content)}, data={"name": name})


def problem_of(answer: httpx2.Response) -> str:
    """What is wrong with an answer that should be a problem in words; empty where it is one."""
    if answer.headers.get("content-type") != "application/problem+json":
        return f"{answer.status_code} without a problem document"
    return "" if answer.json().get("detail") or answer.json().get("title") else "a problem without words"


def judged(outcome: Outcome, well: bool, how: str) -> None:
    """Count a case, with how it was broken where it went wrong."""
    if well:
        outcome.met()
    else:
        outcome.broken(how)
