"""What stands between the service and a worker process on another machine: an actor of Ray."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossgate.pipeline.processes.scratch import LockedFolder
from crossgate.report.reading import RESULT_FILE
from crossgate.scale.ray_session import end_with_ray
from crossgate.serving.work.process import WorkerProcess
from crossgate.serving.work.worker.messages import Analyse, Maker
from crossgate.serving.work.workers import EndedError

LISTEN = 0.2
"""Seconds that the actor listens to its worker process before it says that there is nothing new."""


@dataclass(frozen=True)
class Heard:
    """What a worker process said.

    Attributes:
        answer: None where it said nothing.
        weight: bytes in memory.
        ended: whether it has.
        exit_code: of one that has ended, as `EndedError` has it.
    """

    answer: dict[str, Any] | None = None
    weight: int = 0
    ended: bool = False
    exit_code: int | None = None


class Relay:
    """Has one worker process and a folder for what its errand needs; does what it is told, a call at a time.

    Nothing that befalls the worker process befalls this one, and what it says is read here as JSON: what the
    service is told is made by this class alone.
    """

    def __init__(self, make: Maker) -> None:
        end_with_ray()
        self._home = LockedFolder()
        self._folder: Path | None = None
        self._worker = WorkerProcess(make)

    def stay(self) -> None:
        """Until the worker process has ended."""
        self._worker.wait()

    def listen(self) -> Heard:
        """What the worker process says, waited for a little."""
        try:
            answer = self._worker.answer(LISTEN)
        except EndedError as error:
            return Heard(ended=True, exit_code=error.exit_code)
        return Heard(answer, self._worker.bytes_in_memory())

    def open(self) -> str:
        """A fresh folder for an errand; that of the one before is gone."""
        self.clear()
        self._folder = Path(tempfile.mkdtemp(dir=self._home.path))
        return str(self._folder)

    def write(self, path: str, block: bytes) -> None:
        """Append to a file in the folder."""
        with Path(path).open("ab") as file:
            file.write(block)

    def send(self, errand: Analyse) -> None:
        """Hand an errand on; of a worker process that is gone, `listen` tells."""
        with contextlib.suppress(EndedError):
            self._worker.send(errand)

    def read(self, offset: int, size: int) -> bytes | None:
        """A piece of the result, empty at its end; None where there is no result."""
        assert self._folder is not None  # an errand is at hand
        try:
            with (self._folder / "result" / RESULT_FILE).open("rb") as file:
                file.seek(offset)
                return file.read(size)
        except FileNotFoundError:
            return None

    def clear(self) -> None:
        """Remove the folder of the errand."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def close(self, kill: bool) -> None:
        """End the worker process, or let it end, and remove every file."""
        if kill:
            self._worker.kill()
        else:
            self._worker.end()
        self._home.remove()
