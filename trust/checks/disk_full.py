"""A store and a data folder whose disk is full: told in words, nothing half kept, well again with room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from checks._service import TALK, judged, problem_of, send, service, wait
from promise import Effort, Outcome

PROMISE = "a full disk is told of in words, keeps nothing by halves, and the service is well again with room"
LIMIT = 600

MEGABYTES = 6
"""Of the small disk."""

LEFT = 12_000
"""Bytes left for a transcript, and too few for its result."""

LONG = TALK + "Ben,I never said that. It was you who did.\n" * 100


def check(effort: Effort) -> Outcome:
    """On disks in memory, which root alone may make."""
    outcome = Outcome()
    effort.work.mkdir(exist_ok=True)
    try:
        with small_disk(effort.work / "store") as store:
            _store(outcome, effort.work, store)
        with small_disk(effort.work / "disk") as disk:
            _data(outcome, effort.work, disk)
    except (PermissionError, subprocess.CalledProcessError):
        return Outcome(skipped="a small disk can only be made by root")
    return outcome


def _store(outcome: Outcome, work: Path, store: Path) -> None:
    """The disk of recordings and results."""
    with (
        service(work / "one", "--media", str(store / "media"), "--attempts", "1") as running,
        running.client(running.token("team")) as client,
    ):
        big = {"recording": ("a.mp4", os.urandom(MEGABYTES * 2_000_000))}
        answer = client.post("/v1/recordings", files=big)
        judged(outcome, answer.status_code == 507 and not problem_of(answer), f"too large: {answer.text}")
        judged(outcome, not _files(store), f"left of what was refused: {_files(store)}")
        good = send(client, "before").json()["id"]
        judged(outcome, _ends(client, good) == ("COMPLETED", None), "a recording does not fit before")
        with _filled(store, LEFT):
            sent = send(client, "its result does not fit", LONG)
            judged(outcome, sent.status_code == 202, f"a small one does not fit: {sent.text}")
            ended = _ends(client, sent.json()["id"])
            judged(outcome, ended == ("FAILED", "The result could not be kept"), f"no room for it: {ended}")
            results = [path for path in _files(store) if path.name.startswith("result")]
            judged(outcome, len(results) == 1, f"half a result is left: {results}")
            with _filled(store, 0):
                answer = send(client, "no room", LONG)
                judged(outcome, answer.status_code == 507, f"no room at all: {answer.status_code}")
                judged(outcome, client.get("/v1/recordings").status_code == 200, "it lists no more")
                shown = client.get(f"/v1/recordings/{good}/result").status_code
                judged(outcome, shown == 200, f"a result is not to be had: {shown}")
        again = send(client, "afterwards", LONG).json()["id"]
        judged(outcome, _ends(client, again) == ("COMPLETED", None), "it is not well again")


def _data(outcome: Outcome, work: Path, disk: Path) -> None:
    """The disk of the database, and of what is under way."""
    (work / "two").mkdir(parents=True)
    (work / "two" / "data").symlink_to(disk)
    with service(work / "two", "--workers", "0") as running, running.client(running.token("team")) as client:
        sent = send(client, "before")
        judged(outcome, sent.status_code == 202, f"before: {sent.text}")
        with _filled(disk, 0):
            for _ in range(3):
                answer = send(client, "no room", LONG)
                told = answer.status_code in (503, 507) and not problem_of(answer)
                judged(outcome, told, f"no room for the database: {answer.status_code}")
            judged(outcome, client.get("/v1/recordings").status_code in (200, 503), "it lists no more")
        listed = client.get("/v1/recordings").json()["items"]
        judged(outcome, [one["name"] for one in listed] == ["before"], f"there are {len(listed)} recordings")
        judged(outcome, send(client, "afterwards").status_code == 202, "it is not well again")
        gone = client.delete(f"/v1/recordings/{sent.json()['id']}").status_code
        judged(outcome, gone == 200, f"deleting afterwards: {gone}")
        log = running.log.read_text(encoding="utf-8", errors="replace")
        judged(outcome, "Traceback" not in log, f"the log has a traceback: {log[-500:]}")


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A folder on a disk of its own, in memory."""
    folder.mkdir()
    size = f"size={MEGABYTES}m"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True, capture_output=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def _filled(disk: Path, left: int) -> Iterator[None]:
    """So that no more than so many bytes are left."""
    found = os.statvfs(disk)
    size = found.f_bavail * found.f_frsize - left
    path = disk / f"filler-{left}"
    try:
        with path.open("wb") as file:
            if size > 0:
                os.posix_fallocate(file.fileno(), 0, size)
        yield
    finally:
        path.unlink()


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("filler")]


def _ends(client: httpx2.Client, id: str) -> tuple[str, str | None]:
    """State and title of the error, when it is over."""
    wait(lambda: client.get(f"/v1/recordings/{id}").json()["state"] in ("COMPLETED", "FAILED"), 120)
    one = client.get(f"/v1/recordings/{id}").json()
    return one["state"], None if one["error"] is None else one["error"]["title"]
