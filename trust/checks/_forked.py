"""Work in a forked process, so that it can be killed where one likes without an import of seconds each."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DRAWN = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree"}
"""What changes a disk, besides a file that is opened to be written; names of Python's audit events."""

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True)
class Ended:
    """How a forked process ended.

    Attributes:
        code: its exit code, or minus the signal that killed it.
        said: what it wrote to stdout and stderr.
        seconds: how long it took.
    """

    code: int
    said: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether SIGKILL was what ended it."""
        return self.code == -signal.SIGKILL


@dataclass(frozen=True)
class Running:
    """A forked process that was not waited for."""

    pid: int
    pipe: int
    begun: float

    def ended(self) -> Ended:
        """Wait for its end."""
        with os.fdopen(self.pipe, "rb") as file:
            said = file.read().decode(errors="replace")
        _, status = os.waitpid(self.pid, 0)
        return Ended(os.waitstatus_to_exitcode(status), said, time.monotonic() - self.begun)

    def stopped(self) -> None:
        """Wait until it has stopped itself (SIGSTOP). Raises RuntimeError where it ended instead."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            raise RuntimeError(f"it ended: {os.read(self.pipe, 4000).decode(errors='replace')}")


def begin(work: Callable[[], int | None]) -> Running:
    """Fork a process that does the work; its exit code is what the work returns."""
    sys.stdout.flush()
    sys.stderr.flush()
    ours, theirs = os.pipe()  # a pipe, and no file: limits of file sizes do not hold for it
    begun = time.monotonic()
    pid = os.fork()
    if pid:
        os.close(theirs)
        return Running(pid, ours, begun)
    code = 99
    try:
        os.close(ours)
        os.dup2(theirs, 1)
        os.dup2(theirs, 2)
        code = work() or 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def forked(work: Callable[[], int | None], kill_after: float | None = None) -> Ended:
    """Do the work in a forked process, which is killed after some seconds where it has not ended by then."""
    process = begin(work)
    timer = threading.Timer(kill_after or 0.0, _kill, [process.pid])
    if kill_after is not None:
        timer.start()
    ended = process.ended()
    timer.cancel()
    if kill_after is not None:
        timer.join()
    return ended


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def on_changes(told: Callable[[], None]) -> None:
    """Have `told` called before this process changes anything on a disk. It cannot be undone: fork before."""

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(path, int) or not flags & WRITES or str(path).startswith("/dev/"):
                return
        elif event not in DRAWN:
            return
        told()

    sys.addaudithook(hook)


def die_at_change(number: int) -> None:
    """End this process, as `kill -9` does, before its change of the disk of that number, from 1."""
    left = [number]

    def told() -> None:
        left[0] -= 1
        if left[0] == 0:
            die()

    on_changes(told)


def changes_of(work: Callable[[], int | None]) -> int:
    """How many times work changes the disk. Raises RuntimeError where it fails."""

    def counted() -> int | None:
        seen = [0]
        on_changes(lambda: seen.__setitem__(0, seen[0] + 1))
        code = work()
        print(f"\nchanges {seen[0]}")
        return code

    ended = forked(counted)
    if ended.code:
        raise RuntimeError(ended.said)
    return int(ended.said.rsplit("changes ", 1)[1])


def at_call(module: Any, name: str, number: int, do: Callable[..., Any], *, after: bool = False) -> None:
    """Patch a function of a module: at its call of that number, from 1, `do` is called as well."""
    whole, calls = getattr(module, name), [0]

    def patched(*arguments: Any, **named: Any) -> Any:
        calls[0] += 1
        now = calls[0] == number
        if now and not after:
            do()
        result = whole(*arguments, **named)
        if now and after:
            do()
        return result

    setattr(module, name, patched)


def files_of(folder: Path, but: Sequence[str] = ()) -> dict[str, bytes]:
    """The files of a folder by their path in it, drafts of killed processes left aside."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in but and not _draft(path.relative_to(folder))
    }


def _draft(path: Path) -> bool:
    return any(part.startswith(".") and part.endswith(".tmp") for part in path.parts)
