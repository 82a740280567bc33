"""What supervisor and worker say to each other.

It is JSON: a worker that a broken file has taken over could send a pickle that runs code in the service.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from typing import Any

from crossgate.pipeline.steps import Step


@dataclass(frozen=True)
class Analyse:
    """Analyse a recording, or a transcript alone, and write `result.json` into `folder/result`.

    Attributes:
        folder: on this machine, of this job alone; what is temporary lies in it as well.
        source: path of the recording, or of the transcript where that is all.
        transcript: path; None where there is none, or it is the source.
        settings: fields of `AnalysisSettings`.
        longest: seconds a recording may last.
        names: what stands in paths of ours -> what people call it.
        name: what people call the recording.
        transcript_name: what they call the transcript; None where there is none.
        recording: its id, for the log.
    """

    folder: str
    source: str
    transcript: str | None
    settings: dict[str, Any]
    longest: float
    names: dict[str, str]
    name: str
    transcript_name: str | None
    recording: str = ""


@dataclass(frozen=True)
class Fetch:
    """Copy a file out of a store.

    Attributes:
        folder: as of `Analyse`.
        url: of the file.
        stores: URLs of which one must hold it.
        target: path of the copy.
        limit: bytes it may have.
        name: what people call it.
        words: what is told of it while it goes on.
        recording: its id, for the log.
    """

    folder: str
    url: str
    stores: list[str]
    target: str
    limit: int
    name: str
    words: str
    recording: str = ""


Errand = Analyse | Fetch

ERRANDS: dict[str, type[Analyse] | type[Fetch]] = {"analyse": Analyse, "fetch": Fetch}

Analysis = Callable[[Analyse, Step], dict[str, Any]]
"""Does an analysis; returns the fields of `claims.Outcome`."""

Maker = Callable[[], Analysis]
"""Loads what is needed for analyses, once a worker; known by its name in a module, so that it can be sent."""


def errand_bytes(errand: Errand) -> bytes:
    """As it is sent to the worker."""
    (kind,) = (name for name, known in ERRANDS.items() if isinstance(errand, known))
    return json.dumps({"errand": kind, **asdict(errand)}).encode()


def next_errand(connection: Connection) -> Errand:
    """In the worker; waits for it. Raises EOFError where the supervisor has gone."""
    content = json.loads(connection.recv_bytes())
    return ERRANDS[content.pop("errand")](**content)
