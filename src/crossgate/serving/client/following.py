"""Waits for an analysis: the service tells of every change, or is asked where that does not come through."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import httpx2

from crossgate.serving.client.answers import Recording
from crossgate.serving.client.trouble import ServiceError
from crossgate.serving.client.wire import Wire, is_passing

HEARTBEAT = 45.0
"""Seconds without even a heartbeat, which comes every 15 s, after which a stream counts as lost."""

EVERY = 2.0
"""Seconds from question to question where there is no stream."""

AGAIN = (1.0, 2.0, 5.0, 10.0)
"""Seconds before a lost stream is opened anew."""

MOST_LOST = 3
"""Streams in a row that may be lost before one word came, after which the service is asked instead."""

MOST_FAILED = 12
"""Failures in a row after which the service is given up: over a minute and a half, time for a restart."""

Tell = Callable[[Recording], None]


class _NoStream(Exception):
    """Something on the way takes streams apart, or holds them back."""


def follow(wire: Wire, path: str, tell: Tell, timeout: float | None) -> Recording:
    """The recording when its analysis is over; `tell` is called at first and at every change.

    Raises ServiceError where it is deleted meanwhile, the service is gone for longer, or the time is up.
    """
    end = None if timeout is None else time.monotonic() + timeout
    # A stream says nothing while nothing changes, and would outlast the time.
    streams = MOST_LOST if end is None else 0
    failed = 0
    told: Recording | None = None
    while True:
        try:
            for recording in _streamed(wire, path) if streams else _asked(wire, path):
                failed, streams = 0, MOST_LOST if streams else 0
                if recording != told:
                    tell(recording)
                    told = recording
                if recording.over:
                    return recording
        except _NoStream:
            streams = 0
            continue
        except ServiceError as error:
            if not is_passing(error) or failed >= MOST_FAILED:
                raise
            failed += 1
        streams = max(0, streams - 1)
        pause = EVERY if failed == 0 else AGAIN[min(failed, len(AGAIN)) - 1]
        if end is not None and time.monotonic() + pause > end:
            raise ServiceError(
                f"the analysis is not over after {timeout:g} s",
                where=wire.url,
                fix="wait for it again: it goes on at the service",
            )
        time.sleep(pause)


def _asked(wire: Wire, path: str) -> Iterator[Recording]:
    """The recording as it is now."""
    yield wire.read(Recording, "GET", path, again=False)


def _streamed(wire: Wire, path: str) -> Iterator[Recording]:
    """The recording now and at every change, until the stream ends."""
    limits = httpx2.Timeout(HEARTBEAT, connect=wire.timeout)
    headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
    with wire.stream(f"{path}/events", headers=headers, timeout=limits) as answer:
        try:
            for event in httpx2.EventSource(answer):
                if event.event == "gone":
                    raise ServiceError("the recording was deleted meanwhile", where=wire.url, status=404)
                if event.event == "progress":
                    yield Recording.of(json.loads(event.data))
        except (httpx2.SSEError, ValueError, KeyError, TypeError) as error:
            raise _NoStream from error
