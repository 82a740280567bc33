"""Keeps the memory of a process that analyses long recordings small."""

from __future__ import annotations

import ctypes
import sys

M_ARENA_MAX = -8
"""glibc's name for the number of heaps that threads may have, from its malloc.h."""


def share_one_heap() -> None:
    """Let all threads take memory from one heap, where the C library is glibc; elsewhere nothing happens.

    Each thread of a decoder, detector or network would else keep a heap of its own, with what it freed in it:
    150 MB more after six minutes of video (docs/performance.md). To be called before the work begins, and
    only by who owns the process: the command and the benchmark, not by a library call.
    """
    if sys.platform != "linux":
        return
    try:
        ctypes.CDLL("libc.so.6").mallopt(M_ARENA_MAX, 1)
    except (OSError, AttributeError):  # another C library
        return
