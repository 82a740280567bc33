"""Folders for what a worker puts aside; what the dead left is removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

PREFIX = "crossgate-worker-"


class LockedFolder:
    """A folder for temporary files, which is locked as long as its process lives.

    A process that is killed removes nothing. The lock ends with it, however it ends, by which the next one on
    that machine knows that nobody needs the folder any more.
    """

    def __init__(self) -> None:
        _remove_those_of_the_dead()
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            descriptor = _locked(self.path)
            if descriptor is not None:
                self._descriptor = descriptor
                return  # else another one, just starting, took it for one of the dead

    def remove(self) -> None:
        """With all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _remove_those_of_the_dead() -> None:
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        descriptor = _locked(path)
        if descriptor is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(descriptor)


def _locked(path: Path) -> int | None:
    """A lock on a folder of ours; None where another process holds it, or it is gone or somebody else's."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists():
                return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None
