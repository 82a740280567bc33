"""What a child process says, as JSON over a connection."""

from __future__ import annotations

import json
import time
from multiprocessing.connection import Connection
from typing import Any

from crossgate.pipeline.steps import Step

LARGEST = 64 << 20
"""Bytes of the longest answer; the outcome of many thousand speakers is far below it."""

OFTEN = 0.2
"""Seconds between two messages about one step, at least."""


def send_answer(connection: Connection, kind: str, **content: Any) -> None:
    """To the parent: `ready`, `step`, `done`, `refused` or `broken`."""
    connection.send_bytes(json.dumps({"answer": kind, **content}).encode())


def read_answer(connection: Connection) -> dict[str, Any]:
    """In the parent. Raises EOFError or OSError where the child has gone, ValueError for nonsense."""
    content = json.loads(connection.recv_bytes(LARGEST))
    if not isinstance(content, dict) or not isinstance(content.get("answer"), str):
        raise ValueError("no answer")
    return content


def teller(connection: Connection) -> Step:
    """Tells the parent of steps, each of them not too often."""
    told: dict[str, float] = {}

    def step(words: str, share: float | None) -> None:
        moment = time.monotonic()
        if moment - told.get(words, -OFTEN) >= OFTEN or share == 1:
            told[words] = moment
            send_answer(connection, "step", words=words, share=share)

    return step
