"""Files in a folder of this machine, or in any store fsspec knows (`s3://`, `gs://`, `memory://`, ...)."""

from __future__ import annotations

import glob
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from crossgate.errors import InputError, reason_of
from crossgate.files import new_file

VERSIONS = ("ETag", "etag", "md5Hash", "mtime", "LastModified", "last_modified", "updated", "created")
"""What the libraries of stores call that by which a changed file is told, the surest first."""


@dataclass(frozen=True)
class FoundFile:
    """A file.

    Attributes:
        location: path or URL.
        size: bytes.
        version: another one where the file has changed: when it was last written, in nanoseconds, or what its
            store says of it.
    """

    location: str
    size: int
    version: str


HERE = ("file://", "local://")
"""How URLs begin that stand for paths of this machine."""


def is_url(location: str) -> bool:
    """Whether it lies in a store, not in a folder of this machine."""
    return "://" in location and not location.startswith(HERE)


def plain(location: str) -> str:
    """A location as it is compared and written down: a path, or the one spelling of a URL.

    Raises InputError for a URL that carries credentials, which would be written into the manifest, for one
    inside another, and where the library of the store is not installed.
    """
    if is_url(location):
        if "::" in location:
            raise InputError("is a URL inside a URL", where=location, fix="unpack it first")
        try:
            credentials = "@" in urlsplit(location).netloc
        except ValueError:  # half an IPv6 address
            credentials = True
        if credentials:
            raise InputError(
                "the URL carries credentials",
                where=location.partition("://")[0] + "://...",
                fix="give them as the store's library finds them: in the environment, or in its file",
            )
        with _told(location):
            files, inner = opened(location)
            return str(files.unstrip_protocol(inner))
    return location.removeprefix(HERE[0]).removeprefix(HERE[1])


def absolute(location: str) -> str:
    """A location that means the same in another folder, and on another machine that shares the files."""
    return location.rstrip("/") if is_url(location) else os.path.abspath(location)  # noqa: PTH100


def is_pattern(location: str) -> bool:
    """Whether it holds `*`, `?` or `[...]`, and is no file of that very name."""
    return glob.has_magic(location) and (is_url(location) or not Path(location).exists())


def fixed_part(pattern: str) -> str:
    """The folder above the first part of a pattern that may vary."""
    parts = pattern.split("/")
    first = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    if first == 0:
        return "."
    return "/".join(parts[:first]) or "/"


def matching(pattern: str) -> list[FoundFile]:
    """The files a pattern means, by name; `**` stands for folders, however deep. Hidden ones are left out."""
    if not is_url(pattern):
        # Path.glob takes no absolute pattern, and hidden files along.
        paths = (Path(each) for each in glob.glob(pattern, recursive=True))  # noqa: PTH207
        return sorted((_on_disk(path) for path in paths if path.is_file()), key=lambda one: one.location)
    with _told(pattern):
        files, inner = opened(pattern)
        return _in_store(files, files.glob(inner, detail=True))


def below(folder: str) -> list[FoundFile] | None:
    """The files in a folder, however deep, by name, hidden ones left out; None where it is no folder."""
    if not is_url(folder):
        path = Path(folder)
        if not path.is_dir():
            return None
        paths = (each for each in path.rglob("*") if not _hidden(each.relative_to(path).parts))
        return sorted((_on_disk(each) for each in paths if each.is_file()), key=lambda one: one.location)
    with _told(folder):
        files, inner = opened(folder)
        if not files.isdir(inner):
            return None
        return _in_store(files, files.find(inner, detail=True))


def beside(folder: str) -> list[FoundFile]:
    """The files in a folder, not further down; empty where there is none."""
    if not is_url(folder):
        path = Path(folder)
        return [_on_disk(each) for each in path.iterdir() if each.is_file()] if path.is_dir() else []
    with _told(folder):
        files, inner = opened(folder)
        try:
            return _in_store(files, {each["name"]: each for each in files.ls(inner, detail=True)})
        except FileNotFoundError:
            return []


def one_file(location: str) -> FoundFile | None:
    """The file of that name; None where there is none."""
    if not is_url(location):
        return _on_disk(Path(location)) if Path(location).is_file() else None
    with _told(location):
        files, inner = opened(location)
        try:
            info = files.info(inner)
        except FileNotFoundError:
            return None
        return next(iter(_in_store(files, {inner: info})), None)


def fetch(url: str, target: Path) -> None:
    """Copy a file out of its store. Raises InputError where that is not possible."""
    with _told(url):
        files, inner = opened(url)
        files.get_file(inner, str(target))


class Folder:
    """A folder to write into.

    Args:
        root: a path, or a URL.
    """

    def __init__(self, root: str) -> None:
        self.root = absolute(root)
        self.local = None if is_url(root) else Path(self.root)

    def place(self, name: str) -> str:
        """Path or URL of what lies in it under a relative name."""
        return f"{self.root}/{name}"

    def read(self, name: str) -> bytes | None:
        """The whole of a file; None where there is none."""
        if self.local is not None:
            path = self.local / name
            return path.read_bytes() if path.is_file() else None
        with _told(self.root):
            files, inner = opened(self.place(name))
            try:
                content: bytes = files.cat_file(inner)
            except FileNotFoundError:
                return None
            return content

    def holds(self, name: str) -> bool:
        """Whether a file is there."""
        return one_file(self.place(name)) is not None

    def write(self, name: str, content: bytes) -> None:
        """Write a file as a whole, in the place of one that is there."""
        if self.local is not None:
            with new_file(self.local / name) as draft:
                draft.write_bytes(content)
            return
        with _told(self.root):
            files, inner = opened(self.place(name))
            files.makedirs(inner.rpartition("/")[0], exist_ok=True)
            files.pipe_file(inner, content)

    def put(self, source: Path, name: str) -> None:
        """Copy a file of this machine into it, in the place of one that is there."""
        if self.local is not None:
            with new_file(self.local / name) as draft:
                shutil.copyfile(source, draft)
            return
        with _told(self.root):
            files, inner = opened(self.place(name))
            files.makedirs(inner.rpartition("/")[0], exist_ok=True)
            files.put_file(str(source), inner)

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it; nothing happens where there is nothing."""
        if self.local is not None:
            path = self.local / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            return
        with _told(self.root):
            files, inner = opened(self.place(name))
            files.invalidate_cache()
            if files.exists(inner):
                files.rm(inner, recursive=True)

    def files(self, name: str) -> list[str]:
        """Relative names of the files below a folder in it, hidden ones left out."""
        found = below(self.place(name)) or []
        return [one.location.removeprefix(f"{self.root}/") for one in found]

    @property
    def empty(self) -> bool:
        """Whether nothing is there."""
        if self.local is not None:
            return not self.local.exists() or (self.local.is_dir() and not any(self.local.iterdir()))
        return not beside(self.root) and not below(self.root)


def opened(url: str) -> tuple[Any, str]:
    """The store of a URL, and where in it the file is."""
    from fsspec.core import url_to_fs

    files, inner = url_to_fs(url)
    return files, str(inner)


@contextmanager
def _told(location: str) -> Iterator[None]:
    """A store's own errors in our words."""
    try:
        yield
    except InputError:
        raise
    except ImportError as error:
        raise InputError(
            f"the library of that kind of store is not installed: {reason_of(error)}",
            where=location,
            fix="install it, such as s3fs for s3://, gcsfs for gs:// or adlfs for abfs://",
        ) from None
    except Exception as error:  # every store's library has errors of its own
        raise InputError(
            f"the store does not answer as it should: {type(error).__name__}: {reason_of(error)}",
            where=location,
            fix="check the URL, and that the store may be read and written from here",
        ) from error


def _on_disk(path: Path) -> FoundFile:
    about = path.stat()
    return FoundFile(absolute(str(path)), about.st_size, str(about.st_mtime_ns))


def _in_store(files: Any, found: dict[str, Any]) -> list[FoundFile]:
    rows = []
    for name, info in found.items():
        if info.get("type") == "file" and not _hidden(name.rsplit("/", 1)[-1:]):
            version = next((str(info[key]) for key in VERSIONS if info.get(key)), "")
            rows.append(FoundFile(str(files.unstrip_protocol(name)), int(info.get("size") or 0), version))
    return sorted(rows, key=lambda one: one.location)


def _hidden(parts: tuple[str, ...] | list[str]) -> bool:
    return any(part.startswith(".") for part in parts)
