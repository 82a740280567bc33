"""An analysis that does what its recording says, in a real worker process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from crossgate.errors import CrossgateError, InputError
from crossgate.pipeline.steps import Step
from crossgate.serving.work.worker.messages import Analyse, Analysis

SECRET = "what Ada said in confidence"
"""Stands in messages of errors, which no log may show."""

OUTCOME: dict[str, Any] = {
    "kind": "audio",
    "duration": 2.5,
    "turns": 3,
    "emotions": {"joy": 2, "anger": 0, "sadness": 1},
    "speakers": ["Ada", "Bob"],
}

GROW = "import time; a = []\nwhile True: a.append(bytearray(b'1' * 20_000_000)); time.sleep(0.02)"


def toy_analysis() -> Analysis:
    """Nothing to load."""
    return analyse


def analyse(job: Analyse, step: Step) -> dict[str, Any]:
    """The recording's text is a word, and for some what it is about."""
    word, _, more = Path(job.source).read_text(encoding="utf-8").partition(" ")
    step("listening for speech", 1.0)
    ACTS[word](job, step, more)
    folder = Path(job.folder) / "result"
    folder.mkdir()
    (folder / "result.json").write_text(
        json.dumps({"name": job.name, "settings": job.settings, "process": os.getpid()}), encoding="utf-8"
    )
    return OUTCOME


def _wait(job: Analyse, step: Step, more: str) -> None:
    """Until a file is there; its neighbour tells that it has begun."""
    go = Path(more)
    with go.with_name("begun").open("a", encoding="utf-8") as begun:
        begun.write(f"{os.getpid()}\n")
    while not go.exists():
        step("looking at the faces", 0.5)
        time.sleep(0.05)


def _hang(job: Analyse, step: Step, more: str) -> None:
    """As a decoder may: no signal but the last one ends it, and something temporary is left."""
    handle, path = tempfile.mkstemp()
    os.close(handle)
    Path(more).write_text(f"{os.getpid()} {path}", encoding="utf-8")
    for each in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    while True:
        time.sleep(1)


def _busy(job: Analyse, step: Step, more: str) -> None:
    while True:
        step("looking at the faces", 0.1)
        time.sleep(0.05)


def _grow(job: Analyse, step: Step, more: str) -> None:
    held = []
    while True:
        held.append(bytearray(b"1" * 20_000_000))
        step("looking at the faces", None)
        time.sleep(0.02)


def _child_grows(job: Analyse, step: Step, more: str) -> None:
    with subprocess.Popen([sys.executable, "-c", GROW]) as child:
        Path(more).write_text(f"{child.pid} {job.source}", encoding="utf-8")


def _refuse(job: Analyse, step: Step, more: str) -> None:
    source, transcript = Path(job.source), Path(job.transcript or "none.vtt")
    raise InputError(
        f"{source.name} and {source} do not go with it",
        where=f"{transcript}, line 3",
        fix=f"mend {transcript.name}",
    )


def _complain(job: Analyse, step: Step, more: str) -> None:
    raise CrossgateError("the hub does not answer", where="owner/name", fix="try later")


def _raise(job: Analyse, step: Step, more: str) -> None:
    raise KeyError(SECRET)


def _exhaust(job: Analyse, step: Step, more: str) -> None:
    raise MemoryError(SECRET)


def _where(job: Analyse, step: Step, more: str) -> None:
    """Notes where it works."""
    Path(more).write_text(job.folder, encoding="utf-8")


def _nothing(job: Analyse, step: Step, more: str) -> None:
    pass


ACTS = {
    "abort": lambda *_: os.abort(),
    "busy": _busy,
    "child-grows": _child_grows,
    "complain": _complain,
    "exhaust": _exhaust,
    "exit": lambda *_: os._exit(7),
    "grow": _grow,
    "hang": _hang,
    "killed": lambda *_: os.kill(os.getpid(), signal.SIGKILL),
    "ok": _nothing,
    "raise": _raise,
    "refuse": _refuse,
    "segfault": lambda *_: os.kill(os.getpid(), signal.SIGSEGV),
    "wait": _wait,
    "where": _where,
}
