"""How much memory this process holds, and the most it has held since it was last asked to forget."""

from __future__ import annotations

import ctypes
import gc
import resource
import sys
from pathlib import Path

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


def settle() -> None:
    """Give back what is free: the model must not move into memory that the making of the data left behind."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, musl has not
        if trim:
            trim(0)


def forget_peak() -> bool:
    """Let the peak start again from what is held now; False where the system cannot do that."""
    try:
        CLEAR_REFS.write_text("5")  # proc(5): resets the peak resident set size
    except OSError:
        return False
    return True


def resident() -> int:
    """Bytes held now, or the peak so far where the system does not say."""
    return _status("VmRSS")


def peak() -> int:
    """The most bytes held since the last `forget_peak`, or since the process began."""
    return _status("VmHWM")


def _status(field: str) -> int:
    """A figure of /proc/self/status in bytes, else the peak `getrusage` knows.

    `getrusage` is the second choice because its figure also holds what the parent had when it forked.
    """
    if STATUS.exists():
        for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
