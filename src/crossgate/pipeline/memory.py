"""Keeps the memory of a process that analyses long recordings small."""

from __future__ import annotations

import ctypes
import sys

# glibc's names for what `mallopt` sets, from its malloc.h.
M_MMAP_THRESHOLD = -3
M_ARENA_MAX = -8

LARGE = 1 << 20
"""Bytes from which a block goes back to the system when it is freed."""


def give_back_what_is_freed() -> None:
    """Let the C library keep little of what was freed, where it is glibc; elsewhere nothing happens.

    It would else give every thread of a decoder, detector or network a heap of its own, and keep blocks of up
    to 32 MB in them: the peak for two hours of video was hundreds of MB higher (docs/performance.md). To be
    called before the work begins, and only by who owns the process: a command or a benchmark, not a library
    call.
    """
    if sys.platform != "linux":
        return
    try:
        library = ctypes.CDLL("libc.so.6")
        library.mallopt(M_ARENA_MAX, 1)
        library.mallopt(M_MMAP_THRESHOLD, LARGE)
    except (OSError, AttributeError):  # another C library
        return
