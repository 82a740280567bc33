"""How a child process makes itself at home: a good neighbour that ends with its parent."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import resource
import signal
from pathlib import Path

from crossgate.orphans import be_killed_with, end_with_parent
from crossgate.pipeline.memory import give_back_what_is_freed


def settle(parent: int, niceness: int = 0) -> None:
    """Make this process a good neighbour, which ends with its parent.

    Args:
        parent: id of the process that began this one.
        niceness: how far others go before, as of nice(1).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    os.setsid()  # so that whatever it starts is killed with it
    be_killed_with(parent)
    end_with_parent()
    os.nice(niceness)
    faulthandler.enable()  # a crash says where: lines of code, no values
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold what was said
    with contextlib.suppress(OSError):
        # Where the machine runs out of memory, this process goes and not its parent.
        Path("/proc/self/oom_score_adj").write_text("1000")
    give_back_what_is_freed()
