"""One process at a time in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crossgate.errors import InputError

if sys.platform != "win32":
    import fcntl

LOCK_FILE = "lock"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, a file with this process's id in it; the folder is made where it is not there.

    The operating system lets go of it when the process ends, however it ends, so that no stale lock is ever
    left. Raises InputError where another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":  # pragma: no cover - no flock there: two at once are not noticed
        yield
        return
    path = folder / LOCK_FILE
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(
                f"another process (id {path.read_text(encoding='utf-8').strip() or 'unknown'}) works in here",
                where=str(folder),
                fix="wait for it to end, or name another folder",
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(handle)
