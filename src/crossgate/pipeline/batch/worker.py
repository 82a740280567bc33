"""A worker's life: load the model once, analyse one recording after another, never outlive its parent."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath
from typing import Any, Self

from crossgate.errors import CrossgateError, InputError, reason_of
from crossgate.pipeline.batch import places
from crossgate.pipeline.batch.manifest import Entry
from crossgate.pipeline.batch.output import Written, whole_one, write_result
from crossgate.pipeline.batch.places import Folder
from crossgate.pipeline.batch.recordings import Recording
from crossgate.pipeline.processes.answers import send_answer, teller
from crossgate.pipeline.processes.settling import settle
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.pipeline.steps import Step
from crossgate.report.result import Result

Analysis = Callable[[Path, Path | None, Step], Result]
"""A recording and its transcript in, its result out."""

Maker = Callable[[], Analysis]
"""Loads what is needed for analyses, once a worker; can be pickled."""

REFUSED, STORE, MEMORY, ERROR = "refused", "store", "memory", "error"
"""Causes of failures: nothing can be made of the file; its store; want of memory; a mistake of ours."""


@dataclass(frozen=True)
class Job:
    """One attempt at one recording.

    Attributes:
        recording: which.
        written: how its result is.
        attempt: the how many-eth, from 1.
    """

    recording: Recording
    written: Written
    attempt: int = 1

    def to_json(self) -> dict[str, Any]:
        """As it is sent to a worker."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Read there."""
        return cls(Recording(**content["recording"]), Written(**content["written"]), content["attempt"])


def recognizer_analysis(model: str, settings: AnalysisSettings) -> Analysis:
    """Load a checkpoint. Raises InputError where there is none of that name.

    One thread a worker: the workers share the cores, and a result does not depend on how many they are.
    """
    import cv2
    import torch

    from crossgate.pipeline.recognizer import Recognizer

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    recognizer = Recognizer.from_pretrained(Path(model))

    def analyse(source: Path, transcript: Path | None, step: Step) -> Result:
        return recognizer.analyze(source, transcript, settings, step=step)

    return analyse


def work(connection: Connection, make: Maker, parent: int) -> None:
    """Answer jobs until the connection is closed.

    Args:
        connection: to the parent.
        make: loads the model.
        parent: id of its process.
    """
    settle(parent)
    try:
        try:
            analyse = make()
        except CrossgateError as error:
            send_answer(connection, "refused", what=error.what, where=error.where, fix=error.fix)
            return
        except Exception as error:
            send_answer(connection, "refused", what=_place(error), where=None, fix=None)
            return
        send_answer(connection, "ready")
        while True:
            content = json.loads(connection.recv_bytes())
            # What is put aside meanwhile goes with the job's folder, also where this process is killed.
            tempfile.tempdir = content["scratch"]
            job = Job.from_json(content["job"])
            send_answer(connection, "ended", **attempt(job, analyse, teller(connection)))
    except (EOFError, OSError):  # the parent has gone
        os._exit(0)


def attempt(job: Job, analyse: Analysis, step: Step) -> dict[str, Any]:
    """One attempt: `entry` of a result that is written, or `cause`, `message` and whether to try `again`."""
    recording, how = job.recording, job.written
    out, began = Folder(how.out), time.monotonic()
    try:
        entry = whole_one(out, recording, how.settings)
        if entry is None:
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    source, transcript = _fetched(recording, Path(scratch), step)
                except InputError as error:
                    return _failed(STORE, str(error), again=True)
                result = analyse(source, transcript, step)
                entry = _entry(recording, how, result, job.attempt, time.monotonic() - began)
                step("writing", None)
                write_result(how, result, entry, source)
    except CrossgateError as error:
        # Somebody who was taken for dead may have been faster.
        entry = whole_one(out, recording, how.settings)
        if entry is None:
            named = f"{PurePosixPath(recording.source).name}: "  # the manifest has the name already
            return _failed(REFUSED, str(error).removeprefix(named))
    except MemoryError:
        return _failed(MEMORY, "there was not enough memory", again=True)
    except Exception as error:
        return _failed(ERROR, _place(error))
    return {"entry": entry.to_json()}


def _failed(cause: str, message: str, *, again: bool = False) -> dict[str, Any]:
    return {"entry": None, "cause": cause, "message": message, "again": again}


def _fetched(recording: Recording, scratch: Path, step: Step) -> tuple[Path, Path | None]:
    """Recording and transcript as files of this machine."""
    local: list[Path | None] = []
    for number, location in enumerate((recording.source, recording.transcript)):
        if location is not None and places.is_url(location):
            step("fetching", None)
            target = scratch / str(number) / PurePosixPath(location).name
            target.parent.mkdir()
            places.fetch(location, target)
            local.append(target)
        else:
            local.append(None if location is None else Path(location))
    source, transcript = local
    assert source is not None  # a recording has one
    return source, transcript


def _entry(recording: Recording, how: Written, result: Result, attempt: int, seconds: float) -> Entry:
    expressed = Counter(turn.emotion for turn in result.utterances if turn.measured)
    return Entry.of(
        recording,
        how.settings,
        "done",
        attempts=attempt,
        seconds=round(seconds, 3),
        duration=result.media.duration,
        kind=result.media.kind,
        utterances=len(result.utterances),
        emotions={label: expressed[label] for label in result.labels},
        machine=socket.gethostname(),
    )


def _place(error: Exception) -> str:
    """An error nobody has thought of, and where it was raised."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {reason_of(error)}{where}"
