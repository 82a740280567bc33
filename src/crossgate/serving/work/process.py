"""A worker process on this machine, seen from its supervisor."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from multiprocessing import connection as connections
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from crossgate.serving.work.worker.main import work
from crossgate.serving.work.worker.messages import Errand, Maker, read_answer, send_errand
from crossgate.serving.work.workers import EndedError

PATIENCE = 5.0
"""Seconds a process has to be gone after it was told to."""


class WorkerProcess:
    """A fresh process that loads its model; its first answer is `ready`, or why it cannot be.

    It ends with the *thread* that makes it, as Linux has it, so that thread is the one to use it.
    """

    def __init__(self, make: Maker) -> None:
        context = multiprocessing.get_context("spawn")  # threads and a fork do not go together
        ours, theirs = context.Pipe()
        self._connection: Connection = ours
        self._process = context.Process(
            target=work, args=(theirs, make, os.getpid()), name="crossgate-worker", daemon=True
        )
        self._process.start()
        theirs.close()  # so that its end is noticed

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    def send(self, errand: Errand) -> None:
        """Give it something to do. Raises EndedError where it is gone."""
        try:
            send_errand(self._connection, errand)
        except OSError:
            raise self._ended() from None

    def answer(self, timeout: float) -> dict[str, Any] | None:
        """What it says next; None where it says nothing for so many seconds. Raises EndedError."""
        try:
            if not self._connection.poll(timeout):
                return None
            return read_answer(self._connection)
        except (EOFError, OSError, ValueError):  # gone, or out of its mind
            raise self._ended() from None

    def bytes_in_memory(self) -> int:
        """Bytes that it and what it started hold in memory at this moment; 0 where there is no /proc.

        The limit is watched and not set: RLIMIT_AS counts address space, of which torch, its threads' stacks
        and heaps, and the mapped weights take many times what they ever touch, so that a limit on it stops
        either good analyses or none.
        """
        return resident_bytes(self._process.pid or 0)

    def wait(self) -> None:
        """Until it has ended, and no longer; another thread may."""
        connections.wait([self._process.sentinel])

    def end(self) -> None:
        """Let an idle one end by itself, or kill it."""
        self._connection.close()
        self._process.join(PATIENCE)
        self.kill()

    def kill(self) -> None:
        """End it and all it has started, at once."""
        self._kill_group()
        self._process.join(PATIENCE)
        self._connection.close()

    def _kill_group(self) -> None:
        pid = self._process.pid
        if pid is None or not self._process.is_alive():
            return
        try:
            os.killpg(pid, signal.SIGKILL)  # it leads a session of its own
        except (ProcessLookupError, PermissionError):  # not yet
            self._process.kill()

    def _ended(self) -> EndedError:
        """It is gone, or as good as gone."""
        self._process.join(PATIENCE)
        code = self._process.exitcode
        self.kill()
        return EndedError(code)


def resident_bytes(pid: int) -> int:
    """Memory of a process and of all that descend from it; 0 for those that are gone."""
    total, waiting = 0, [pid]
    while waiting:
        folder = Path("/proc", str(waiting.pop()))
        with contextlib.suppress(OSError, ValueError, IndexError):  # they come and go while this looks
            total += int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for thread in (folder / "task").iterdir():
                waiting += [int(child) for child in (thread / "children").read_text().split()]
    return total
