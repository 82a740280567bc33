"""What reading a stranger's bytes may not do: fail, hang, fill the memory, write elsewhere, start anything."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from crossgate.errors import CrossgateError

SECONDS = 2.0
"""Most a case may take, of the processor's time: other work on the machine does not count."""

MEGABYTES = 500
"""Most that a case may add to what the process takes."""

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_PATHS = {
    "os.remove": (0,),
    "os.rename": (0, 1),
    "os.mkdir": (0,),
    "os.rmdir": (0,),
    "os.link": (1,),
    "os.symlink": (1,),
    "os.truncate": (0,),
    "os.chmod": (0,),
    "os.utime": (0,),
    "shutil.rmtree": (0,),
}
_BANNED = frozenset(
    {"os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.putenv", "subprocess.Popen"}
    | {"socket.connect", "socket.bind", "ctypes.dlopen", "code.__new__", "os.kill", "webbrowser.open"}
)


class Hang(BaseException):
    """A case took longer than `SECONDS`; no `except Exception` of a reader hides it."""


class Forbidden(Exception):
    """A case did what it may not; kept aside, since a reader may catch it."""


class Guard:
    """Runs cases and says what each of them did that it may not.

    Audit hooks cannot be taken out again: one guard a process, in a process of its own.

    Args:
        folder: the only one that may be written.
        seconds: of the processor, a case.
        megabytes: that all cases together may add to the process at its highest.
    """

    def __init__(self, folder: Path, seconds: float = SECONDS, megabytes: float = MEGABYTES) -> None:
        self.folder = str(folder.resolve())
        self.seconds, self.megabytes = seconds, megabytes
        self.slowest = 0.0
        self._did: list[str] = []
        self._inside = False
        self._start = peak_megabytes()
        sys.dont_write_bytecode = True
        signal.signal(signal.SIGPROF, _hang)
        sys.addaudithook(self._hear)

    def fault_of(self, read: Callable[[bytes], Any], case: bytes) -> tuple[str, str]:
        """What became of a case: (`read` or `refused`, "") or (`fault`, what and where)."""
        self._did.clear()
        before = time.process_time()
        signal.setitimer(signal.ITIMER_PROF, self.seconds)
        self._inside = True
        try:
            read(case)
            became, fault = "read", ""
        except CrossgateError as error:
            became, fault = "refused", "" if str(error).strip() else "refused without a word"
        except Hang as error:
            became, fault = "fault", f"hangs: over {self.seconds:g} s{_place(error)}"
        except Exception as error:
            became, fault = "fault", f"{type(error).__name__}: {str(error)[:120]}{_place(error)}"
        finally:
            self._inside = False
            signal.setitimer(signal.ITIMER_PROF, 0)
        spent = time.process_time() - before
        self.slowest = max(self.slowest, spent)
        if spent > self.seconds and not fault:  # what runs in an event loop can lose the alarm
            fault = f"hangs: {spent:.1f} s, over {self.seconds:g}"
        if self._did:
            fault = f"did what it may not: {self._did[0]}"
        elif self.added > self.megabytes:
            fault = fault or f"fills the memory: {self.added:.0f} MB more than before"
            self._start = peak_megabytes()  # the peak stays: what follows is measured from it
        return ("fault", fault) if fault else (became, "")

    @property
    def added(self) -> float:
        """Megabytes by which the process has grown at its highest."""
        return peak_megabytes() - self._start

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self._inside:
            return
        if event in _BANNED:
            self._object(f"{event} {arguments!r:.150}")
        elif event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITES and not isinstance(path, int):
                self._must_be_inside(event, path)
        elif event in _PATHS:
            at = arguments[-1] if isinstance(arguments[-1], int) and len(arguments) > 1 else -1
            for place in _PATHS[event]:
                self._must_be_inside(event, arguments[place], at)

    def _must_be_inside(self, event: str, path: Any, at: int = -1) -> None:
        """`at` is the descriptor of the folder that a relative path starts from."""
        if isinstance(path, int):
            return
        start = f"/proc/self/fd/{at}" if at >= 0 else ""
        where = os.path.realpath(os.path.join(start, os.fsdecode(path)))  # noqa: PTH118  # may be bytes
        if not (where + os.sep).startswith(self.folder + os.sep) and where != os.devnull:
            self._object(f"{event} of {where}")

    def _object(self, what: str) -> None:
        self._did.append(what)
        raise Forbidden(what)


def peak_megabytes() -> float:
    """The most this process has taken so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def limit_address_space(megabytes: int) -> None:
    """Let what asks for absurd amounts fail at once, and not the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * 2**20, resource.RLIM_INFINITY))


def _hang(number: int, frame: FrameType | None) -> None:
    raise Hang


def _place(error: BaseException) -> str:
    """The last line of ours that the error came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}crossgate{os.sep}" in frame.filename] or frames[-1:]
    last = ours[-1]
    return f" (in {Path(last.filename).name}, line {last.lineno}, {last.name})"
