"""A command's work in a child process, so that a decoder that crashes, hangs or bloats takes down no more.

The child is forked off before anything heavy is loaded, so that nothing is loaded twice, and it goes on where
the command stood: terminal, standard input and exit codes are the command's own. The parent waits, passes
signals on, and says in words what a child that died could not say. On systems other than Linux, and inside
other programs, the work is done in the process itself.
"""

from __future__ import annotations

import contextlib
import glob
import mmap
import os
import shutil
import signal
import struct
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from crossgate.errors import CrossgateError, InputError
from crossgate.orphans import be_killed_with

GLANCE = 0.2
"""Seconds between two looks at the child."""

PATIENCE = 10.0
"""Seconds a child has to end after it was told to; what is stuck in a decoder never hears of it."""

SMALLER = "cut the recording into parts, lower its resolution"
CONVERT = (
    "the file may be damaged: convert it with another program, such as ffmpeg, and analyse what it writes"
)


@dataclass(frozen=True)
class Limits:
    """What holds for a child.

    Attributes:
        about: what is analysed, as people call it.
        out: the folder that is written.
        megabytes: most memory it may take, with all that it starts, in millions of bytes; 0 for no limit.
        silent_minutes: longest it may go without progress, once there was some; 0 for no limit.
    """

    about: str
    out: Path
    megabytes: float
    silent_minutes: float

    def __post_init__(self) -> None:
        for name in ("megabytes", "silent_minutes"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} is {getattr(self, name)}, expected 0 or more")


class _Signs:
    """What the child is at, in memory that parent and child share: it outlives every way to die."""

    FORM = struct.Struct("dd200s")

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self.FORM.size)

    def tell(self, words: str, share: float | None) -> None:
        """In the child: there was progress."""
        told = -1.0 if share is None else share
        self.FORM.pack_into(self._memory, 0, time.monotonic(), told, words.encode()[:200])

    def read(self) -> tuple[float, str]:
        """In the parent: (moment of the last progress, 0 where there was none yet; where it stood)."""
        moment, share, said = self.FORM.unpack_from(self._memory)
        words = said.rstrip(b"\0").decode(errors="replace") or "it got ready"
        return moment, words if share < 0 or not moment else f"{words}, {share:.0%}"


_signs: _Signs | None = None
"""Of the process that this one is the child of."""


def tell(words: str, share: float | None) -> None:
    """Let the parent know that there is progress, where there is a parent."""
    if _signs is not None:
        _signs.tell(words, share)


def in_child(work: Callable[[], int], limits: Limits) -> int:
    """Do the work in a child, in which this returns or raises what `work` does; in the parent its exit code.

    Raises CrossgateError where the child dies, hangs, or takes too much memory; what it had begun to write is
    removed. Only for who owns the process and all its signals: the command.
    """
    if not _possible():
        return work()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    signs, parent = _Signs(), os.getpid()
    with _Parent(limits, signs) as watch:
        pid = os.fork()
        if pid:
            return watch.over(pid)
    _settle(parent, signs)
    return work()


def _possible() -> bool:
    if sys.platform != "linux" or threading.active_count() > 1:
        return False
    return len(list(Path("/proc/self/task").iterdir())) == 1  # no fork where threads may hold locks


def _settle(parent: int, signs: _Signs) -> None:
    """Make this process the child."""
    import resource

    global _signs
    _signs = signs
    # A group of its own: of what the terminal sends it gets what the parent passes on, and once.
    os.setpgid(0, 0)
    for number in (signal.SIGTTOU, signal.SIGTTIN):
        signal.signal(number, signal.SIG_IGN)  # it may write to the terminal all the same
    be_killed_with(parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold what was said


class _Parent:
    """Waits for a child; within the block signals are kept until they are asked for."""

    WATCHED = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGCHLD})

    def __init__(self, limits: Limits, signs: _Signs) -> None:
        self._limits, self._signs = limits, signs
        self._bytes_of: Callable[[int], int] = lambda pid: 0
        self._told: int | None = None
        self._kill_at = float("inf")
        self._resumed = 0.0

    def __enter__(self) -> _Parent:
        self._before = signal.pthread_sigmask(signal.SIG_BLOCK, self.WATCHED)
        return self

    def __exit__(self, *_: object) -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, self._before)

    def over(self, pid: int) -> int:
        """The exit code of the child."""
        from crossgate.pipeline.processes.child import resident_bytes  # the child need not wait for this

        self._bytes_of = resident_bytes
        with contextlib.suppress(OSError):  # it has done so itself, and may be gone
            os.setpgid(pid, pid)
        trouble: CrossgateError | None = None
        while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            got = signal.sigtimedwait(self.WATCHED, GLANCE)
            if got is not None and got.si_signo != signal.SIGCHLD:
                self._pass_on(pid, signal.Signals(got.si_signo))
            trouble = trouble or self._trouble(pid)
            if trouble is not None or time.monotonic() > self._kill_at:
                _kill(pid)
        code = self._code(pid)
        if code >= 0:
            return code
        self._clear(pid)
        if self._told == signal.SIGINT:
            raise KeyboardInterrupt
        if self._told is not None:
            return 128 + self._told
        raise trouble or self._died(-code)

    def _code(self, pid: int) -> int:
        """Reap the child; whatever it has started is gone with it where it was killed."""
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        if ended is not None and ended.si_code != os.CLD_EXITED:
            _kill(pid)
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _pass_on(self, pid: int, number: signal.Signals) -> None:
        if number == signal.SIGTSTP:  # both stop, and both go on
            os.killpg(pid, signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)
            self._resumed = time.monotonic()
            os.killpg(pid, signal.SIGCONT)
            return
        os.kill(pid, number)
        if signal.getsignal(number) is not signal.SIG_IGN:
            self._told = number
            self._kill_at = min(self._kill_at, time.monotonic() + PATIENCE)

    def _trouble(self, pid: int) -> CrossgateError | None:
        limits, (moment, words) = self._limits, self._signs.read()
        silent = time.monotonic() - max(moment, self._resumed)
        if limits.silent_minutes and moment and silent > 60 * limits.silent_minutes:
            return self._error(
                f"made no progress for {limits.silent_minutes:g} minutes and was ended",
                words,
                f"{CONVERT}; or give it more time by --silent_minutes",
            )
        if limits.megabytes and self._bytes_of(pid) > 1e6 * limits.megabytes:
            return self._error(
                f"took more than {limits.megabytes:g} MB of memory and was ended",
                words,
                f"{SMALLER}, or allow more by --megabytes",
            )
        return None

    def _died(self, number: int) -> CrossgateError:
        _, words = self._signs.read()
        if number == signal.SIGKILL:
            how = "was ended by the system, most likely for want of memory"
            return self._error(how, words, f"{SMALLER}, or close other programs")
        return self._error(f"crashed ({_name(number)})", words, CONVERT)

    def _error(self, how: str, words: str, fix: str) -> CrossgateError:
        out = self._limits.out
        written = (
            "its result was written before" if out.is_dir() and any(out.iterdir()) else "nothing was written"
        )
        return CrossgateError(
            f"the analysis {how} while {words}; {written}", where=self._limits.about, fix=fix
        )

    def _clear(self, pid: int) -> None:
        """Remove what the child had begun to write: drafts of its folder, and standard input."""
        out = self._limits.out.absolute()
        drafts = out.parent.glob(f".{glob.escape(out.name)}.{pid}.*.tmp")  # see crossgate.files
        spooled = Path(tempfile.gettempdir()).glob(f"crossgate-{pid}-*")  # see media.decoding
        for path in (*drafts, *spooled):
            shutil.rmtree(path, ignore_errors=True)


def _kill(pid: int) -> None:
    """End a child and what is in its group, at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
