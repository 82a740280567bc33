"""Recordings and results as files: in a folder, or in any store fsspec knows."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, cast

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from crossgate.errors import InputError, reason_of
from crossgate.files import new_file

KEY = re.compile(r"[a-z0-9][a-z0-9.-]*(/[a-z0-9][a-z0-9.-]*)*")
"""Keys are made of ids and of names of ours; nothing in them goes up, or is anybody's file name."""


class MediaStore:
    """Files by keys such as `project/recording/media`; every part of a key is made by us, never by a user.

    All methods raise ValueError for what is no key.

    Args:
        root: a folder, or a URL such as `s3://bucket/crossgate`.

    Raises InputError where there is no such store, or it cannot be written to.
    """

    def __init__(self, root: str) -> None:
        try:
            self._files, base = url_to_fs(root)
            self._local = isinstance(self._files, LocalFileSystem)
            if self._local:
                Path(base).mkdir(mode=0o700, parents=True, exist_ok=True)
            else:
                self._files.makedirs(base, exist_ok=True)
        except (ImportError, ValueError, OSError) as error:
            raise InputError(
                f"the media store cannot be used: {reason_of(error)}",
                where=root if "@" not in root else None,  # it may hold a password
                fix="name a folder of your own, or install the library of the store's kind, such as s3fs",
            ) from None
        self._base = str(base).rstrip("/")

    def take(self, source: Path, key: str) -> None:
        """Move a file into the store, in the place of one that has the key."""
        path = self._path(key)
        if self._local:
            Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with new_file(Path(path)) as draft:  # from another disk it is copied, which takes a while
                shutil.move(source, draft)
            return
        self._files.put_file(str(source), path)
        source.unlink()

    def open(self, key: str, start: int = 0) -> BinaryIO:
        """A file for reading, from a byte on. Raises FileNotFoundError where there is none."""
        file = cast(BinaryIO, self._files.open(self._path(key), "rb"))
        file.seek(start)
        return file

    def read(self, key: str) -> bytes:
        """The whole of a file. Raises FileNotFoundError where there is none."""
        with self.open(key) as file:
            return file.read()

    def size(self, key: str) -> int:
        """Bytes of a file. Raises FileNotFoundError where there is none."""
        return int(self._files.size(self._path(key)))

    @contextmanager
    def as_file(self, key: str, scratch: Path) -> Iterator[Path]:
        """A file under a path of this machine, to read; of another store a copy, removed at the end.

        Raises FileNotFoundError where there is none.
        """
        path = self._path(key)
        if self._local:
            if not Path(path).is_file():
                raise FileNotFoundError(key)
            yield Path(path)
            return
        with TemporaryDirectory(dir=scratch) as folder:
            copy = Path(folder) / key.rpartition("/")[2]
            self._files.get_file(path, str(copy))
            yield copy

    def sizes(self, folder: str) -> dict[str, int]:
        """Name -> bytes of all files in a folder, also those further down; empty where there is none."""
        base = self._path(folder)
        self._files.invalidate_cache()
        found = self._files.find(base, detail=True)
        return {name[len(base) + 1 :]: int(info["size"] or 0) for name, info in found.items()}

    def remove(self, key: str) -> None:
        """Remove a file, or a folder with all in it; nothing happens where there is nothing.

        A store that keeps earlier versions of its own keeps them until it is told otherwise.
        """
        path = self._path(key)
        self._files.invalidate_cache()
        if self._files.exists(path):
            self._files.rm(path, recursive=True)

    def _path(self, key: str) -> str:
        if not KEY.fullmatch(key):
            raise ValueError(f"{key!r} is no key")
        return f"{self._base}/{key}"
