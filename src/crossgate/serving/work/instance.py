"""One service a data folder: a lock that ends with the process, and the names of those who held it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from crossgate.errors import InputError
from crossgate.serving.storage.recordings import ID

LOCK_FILE = "service.lock"


@dataclass
class Instance:
    """This run of the service.

    Attributes:
        id: a UUID of version 4 in hexadecimal: the owner of its claims.
        dead: ids of earlier runs in this folder that may have left claims; the lock is proof that they ended.
    """

    dead: tuple[str, ...]
    descriptor: int
    id: str = field(default_factory=lambda: uuid4().hex)

    def take_over(self) -> None:
        """The claims of the dead are dealt with: only this run's own are left."""
        self.dead = ()
        self.note()

    def note(self, *, clean: bool = False) -> None:
        """Write down who may hold claims; `clean` where this run has given all of its own back."""
        owners = [*self.dead, *([] if clean else [self.id])]
        content = json.dumps({"process": os.getpid(), "owners": owners}).encode()
        os.pwrite(self.descriptor, content, 0)
        os.ftruncate(self.descriptor, len(content))
        os.fsync(self.descriptor)


@contextmanager
def only_instance(data: Path) -> Iterator[Instance]:
    """Be the only service that works in a data folder, until the block ends.

    The lock is the kernel's (`flock`): it ends with the process, however that ends.

    Raises InputError where another one does.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            process = _read(descriptor).get("process")
            raise InputError(
                f"another service (process {process}) works in this folder",
                where=str(data),
                fix="stop it, or give this one a folder of its own with --data",
            ) from None
        owners = _read(descriptor).get("owners", [])
        dead = tuple(each for each in owners if isinstance(each, str) and ID.fullmatch(each))
        instance = Instance(dead, descriptor)
        instance.note()
        yield instance
    finally:
        os.close(descriptor)


def _read(descriptor: int) -> dict[str, Any]:
    """What the file says; nothing where a run was killed before it wrote."""
    try:
        content = json.loads(os.pread(descriptor, 1 << 20, 0))
    except ValueError:
        return {}
    return content if isinstance(content, dict) and isinstance(content.get("owners"), list) else {}
