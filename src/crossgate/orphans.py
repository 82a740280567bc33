"""No worker process outlives the one it works for."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from multiprocessing import connection

PR_SET_PDEATHSIG = 1
"""From Linux's sys/prctl.h."""


def end_with_parent() -> None:
    """Let a worker process of multiprocessing end when its parent does, however that ends.

    A parent that is killed cannot tell its workers, and they would write beside its successor's.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a worker

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def be_killed_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; on Linux.

    Its word holds also where a decoder never gives Python's lock back, and no thread can watch.

    Args:
        parent: id of the process that began this one; where it has ended already, this one ends at once.
    """
    if sys.platform == "linux":
        import ctypes  # only what decodes has a use for it

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
