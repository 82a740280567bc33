"""Recordings and results as files: in a folder, or in any store fsspec knows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from crossgate.errors import InputError, reason_of

BLOCK = 1 << 20
"""Bytes that are copied at a time."""


class MediaStore:
    """Files by keys such as `project/recording/media`; every part of a key is made by us, never by a user.

    Args:
        root: a folder, or a URL such as `s3://bucket/crossgate`.

    Raises InputError where there is no such store, or it cannot be written to.
    """

    def __init__(self, root: str) -> None:
        try:
            self._files, base = url_to_fs(root)
            self._files.makedirs(base, exist_ok=True)
        except (ImportError, ValueError, OSError) as error:
            raise InputError(
                f"the media store cannot be used: {reason_of(error)}",
                where=root if "@" not in root else None,
                fix="name a folder of your own, or install the library of the store's kind (s3fs, gcsfs, ...)",
            ) from error
        self._base = str(base).rstrip("/")
        self._local = isinstance(self._files, LocalFileSystem)
        if self._local:
            Path(self._base).chmod(0o700)

    def take(self, source: Path, key: str) -> None:
        """Move a file into the store."""
        if self._local:
            target = Path(self._path(key))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
            return
        self._files.put_file(str(source), self._path(key))
        source.unlink()

    def open(self, key: str, start: int = 0) -> BinaryIO:
        """A file for reading, from a byte on. Raises FileNotFoundError where there is none."""
        file = cast(BinaryIO, self._files.open(self._path(key), "rb"))
        file.seek(start)
        return file

    def read(self, key: str) -> bytes:
        """The whole of a file."""
        with self.open(key) as file:
            return file.read()

    def size(self, key: str) -> int:
        """Bytes of a file."""
        return int(self._files.size(self._path(key)))

    @contextmanager
    def as_file(self, key: str, scratch: Path) -> Iterator[Path]:
        """A file under a path of this machine; of another store a copy, which is removed at the end."""
        if self._local:
            yield Path(self._path(key))
            return
        copy = scratch / key.rpartition("/")[2]
        try:
            self._files.get_file(self._path(key), str(copy))
            yield copy
        finally:
            copy.unlink(missing_ok=True)

    def sizes(self, prefix: str) -> dict[str, int]:
        """Name -> bytes of all files under a prefix."""
        self._files.invalidate_cache()
        base = self._path(prefix)
        found = self._files.find(base, detail=True)
        begin = len(self._files._strip_protocol(base)) + 1
        return {name[begin:]: int(info["size"] or 0) for name, info in found.items()}

    def remove(self, prefix: str) -> None:
        """Remove everything under a prefix, or the one file; nothing happens where there is nothing."""
        path = self._path(prefix)
        self._files.invalidate_cache()
        if self._files.exists(path):
            self._files.rm(path, recursive=True)

    def _path(self, key: str) -> str:
        assert all(part and part not in (".", "..") for part in key.split("/")), "a key of ours"
        return f"{self._base}/{key}"


def copy_limited(source: BinaryIO, target: Path, limit: int, name: str) -> int:
    """Copy a stream into a file; returns the bytes. Raises InputError where it holds more than `limit`."""
    copied = 0
    with target.open("wb") as file:
        while block := source.read(BLOCK):
            copied += len(block)
            if copied > limit:
                raise InputError(
                    f"has more than {limit / 1e6:.0f} MB", where=name, fix="cut it into parts, or make it smaller"
                )
            file.write(block)
    return copied
