"""A recording on standard input, kept in a file for as long as it is needed."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from crossgate.errors import InputError

BLOCK = 1 << 20
SPARE = 256 << 20
"""Bytes of the disk that are left free."""

NAME = "standard input"


@contextmanager
def spooled(stream: BinaryIO | None = None) -> Iterator[tuple[Path, str]]:
    """Write the stream to a temporary file, as most formats need their end first; removed at the end.

    Args:
        stream: to read to its end; standard input where it is None.

    Yields:
        the file, and the SHA-256 of its bytes.

    Raises InputError where nothing comes, or the disk is too full for it.
    """
    if stream is None:
        if sys.stdin is None or sys.stdin.isatty():
            raise InputError(
                "standard input is a terminal, expected a recording",
                where=NAME,
                fix="pipe a file in: `cat talk.mp4 | crossgate analyze - ...`",
            )
        stream = sys.stdin.buffer
    with tempfile.TemporaryDirectory(prefix=f"crossgate-{os.getpid()}-") as folder:
        path = Path(folder) / "recording"
        # `read` fills a whole block before it returns, and a signal that comes meanwhile is heard only then.
        read = getattr(stream, "read1", stream.read)
        digest = hashlib.sha256()
        try:
            with path.open("wb") as file:
                while block := read(BLOCK):
                    if not isinstance(block, bytes):
                        raise InputError(
                            "the stream gives text, expected bytes", where=NAME, fix="open it as binary"
                        )
                    if shutil.disk_usage(folder).free < SPARE + len(block):
                        raise _disk_full(folder, file.tell())
                    file.write(block)
                    digest.update(block)
        except OSError as error:
            raise InputError(f"could not be kept: {error.strerror}", where=NAME) from None
        yield path, digest.hexdigest()


def _disk_full(folder: str, size: int) -> InputError:
    return InputError(
        f"the disk is full after {size >> 20} MiB of the recording",
        where=f"{NAME}, kept in {Path(folder).parent}",
        fix="free some space, name another folder in the variable TMPDIR, or give the recording as a file",
    )
