"""A process of this machine that works for this one, seen from here."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing import connection as connections
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from crossgate.pipeline.processes.answers import read_answer

PATIENCE = 5.0
"""Seconds a process has to be gone after it was told to."""


class EndedError(Exception):
    """The process has ended; `exit_code` is negative for a signal, None where nobody knows."""

    def __init__(self, exit_code: int | None) -> None:
        self.exit_code = exit_code
        super().__init__(f"exit code {exit_code}")


class Child:
    """A fresh process.

    It ends with the *thread* that makes it, as Linux has it, so that thread is the one to use it.

    Args:
        target: called there with the child's end of a connection, the arguments, and this process's id; it
            calls `settle` first.
        arguments: can be pickled.
        name: of the process.
    """

    def __init__(self, target: Callable[..., None], arguments: tuple[Any, ...], name: str) -> None:
        context = multiprocessing.get_context("spawn")  # threads and a fork do not go together
        ours, theirs = context.Pipe()
        self._connection: Connection = ours
        self._process = context.Process(
            target=target, args=(theirs, *arguments, os.getpid()), name=name, daemon=True
        )
        self._process.start()
        theirs.close()  # so that its end is noticed

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.is_alive()

    def send_bytes(self, content: bytes) -> None:
        """Give it something to do. Raises EndedError where it is gone."""
        try:
            self._connection.send_bytes(content)
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


def how_it_ended(exit_code: int | None) -> str:
    """An exit code in words."""
    if exit_code is None:
        return "nobody knows how"
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return signal.Signals(-exit_code).name
    except ValueError:
        return f"signal {-exit_code}"
