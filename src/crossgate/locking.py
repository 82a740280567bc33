"""One process at a time in a folder."""

from __future__ import annotations

import errno
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crossgate.errors import InputError

if sys.platform != "win32":
    import fcntl

LOCK_FILE = "lock"

UNLOCKABLE = {errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL}
"""What file systems say that know no locks."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, a file with this process's id in it; the folder is made where it is not there.

    The operating system lets go of it when the process ends, however it ends, so that no stale lock is ever
    left: a file of a process that was killed holds nobody up. At the end of the block the file goes, and so
    does a folder that was made for it and has stayed empty. Raises InputError where another process holds it.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError("is no folder", where=str(folder), fix="name another one")
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":  # pragma: no cover - no flock there: two at once are not noticed
        yield
        return
    path = folder / LOCK_FILE
    handle = _held(path)
    try:
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        yield
    finally:
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), path.stat()):
                path.unlink()  # while it is held: who opened it meanwhile finds that it is gone
        os.close(handle)
        if made:
            with suppress(OSError):
                folder.rmdir()


def _held(path: Path) -> int:
    """The open lock file. Raises InputError where another process holds it."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except FileNotFoundError:  # the folder went in between
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_nlink:
                return handle
        except BlockingIOError:
            holder = os.read(handle, 100).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise InputError(
                f"another process (id {holder}) works in here",
                where=str(path.parent),
                fix="wait for it to end, or name another folder",
            ) from None
        except OSError as error:
            if error.errno not in UNLOCKABLE:
                os.close(handle)
                raise
            warnings.warn(
                f"{path.parent}: this file system has no locks, so a second process here would go unnoticed",
                RuntimeWarning,
                stacklevel=4,
            )
            return handle
        os.close(handle)  # its holder had just removed it
