"""How a child process makes itself at home: a good neighbour that ends with its parent."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import multiprocessing
import os
import resource
import signal
import sys
import threading
from multiprocessing import connection as connections
from pathlib import Path

from crossgate.pipeline.memory import give_back_what_is_freed

PR_SET_PDEATHSIG = 1
"""From Linux's sys/prctl.h."""


def settle(parent: int, niceness: int = 0) -> None:
    """Make this process a good neighbour, which ends with its parent.

    Args:
        parent: id of the process that began this one.
        niceness: how far others go before, as of nice(1).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    os.setsid()  # so that whatever it starts is killed with it
    _end_with_parent(parent)
    os.nice(niceness)
    faulthandler.enable()  # a crash says where: lines of code, no values
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold what was said
    with contextlib.suppress(OSError):
        # Where the machine runs out of memory, this process goes and not its parent.
        Path("/proc/self/oom_score_adj").write_text("1000")
    give_back_what_is_freed()


def _end_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        # The kernel's word holds also where a decoder never gives Python's lock back.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    process = multiprocessing.parent_process()
    assert process is not None  # this is a worker

    def watch() -> None:
        connections.wait([process.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
