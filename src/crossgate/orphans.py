"""No worker process outlives the one it works for."""

from __future__ import annotations

import multiprocessing
import os
import threading
from multiprocessing import connection


def end_with_parent() -> None:
    """Let a worker process end when its parent does, however that ends.

    A parent that is killed cannot tell its workers, and they would write beside its successor's.
    """
    parent = multiprocessing.parent_process()
    assert parent is not None  # this is a worker

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
