"""Writing so that a file or folder is whole or absent."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from crossgate.errors import InputError, WriteError

DRAFTS = ".*.tmp"
"""Names of drafts; one found where nobody writes was left by a process that was killed."""

FULL = {errno.ENOSPC, errno.EFBIG, errno.EIO, *({errno.EDQUOT} if hasattr(errno, "EDQUOT") else ())}
"""What the operating system says of a disk that takes no more."""

LARGEST_JSON = 10_000_000
"""Bytes of a manifest or of settings: Python may take thirty times as much for the objects in it."""


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A draft folder beside `folder` that takes its name when the block ends well, and is removed otherwise.

    Raises InputError where `folder` exists and is not empty: nothing is overwritten; and WriteError where the
    disk is full.
    """
    refuse_filled(folder)
    prefix = f".{folder.name}.{os.getpid()}."  # tells who left it, where this process is killed
    with _full_in_words(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=prefix, suffix=".tmp", dir=folder.parent))
        try:
            yield draft
            draft.chmod(0o755)
            try:
                if folder.exists():
                    folder.rmdir()
                draft.rename(folder)
            except OSError:
                refuse_filled(folder)  # somebody else was faster
                raise
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


@contextmanager
def whole_folder(folder: Path, last: str) -> Iterator[Path]:
    """Where to write files that belong together, so that a reader finds all of them or no `last` one.

    A folder that is not there or empty comes into being whole, as by `new_folder`. In one that holds other
    things too, the file `last` goes before the block: write it last in there.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        with new_folder(folder) as draft:
            yield draft
        return
    (folder / last).unlink(missing_ok=True)
    yield folder


def refuse_unwritable(folder: Path) -> None:
    """Raise InputError where a folder cannot be made, as far as that can be told before trying."""
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise InputError(
            "cannot be written to" if there.is_dir() else "is no folder",
            where=str(there),
            fix="name a folder of your own",
        )


def refuse_filled(folder: Path) -> None:
    """Raise InputError where a folder to be written holds anything, is a file, or cannot take a name."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "exists already and is not empty", where=str(folder), fix="name another folder, or remove it"
        )
    if os.path.ismount(folder):
        raise InputError(
            "a disk is mounted here, and its root cannot be written in one step",
            where=str(folder),
            fix=f"name a folder in it, such as {folder / 'out'}",
        )


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A draft file beside `path` that takes its place when the block ends well, in one step.

    Raises WriteError where the disk is full.
    """
    with _full_in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not the process's id: in two containers that share a disk it is often the same.
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
        try:
            yield draft
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON in one step, readable, with a newline at the end."""
    with new_file(path) as draft:
        draft.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def remove_drafts(folder: Path) -> None:
    """Remove what killed processes left in a folder in which nobody else writes."""
    for draft in list(folder.rglob(DRAFTS)):
        if draft.is_dir():
            shutil.rmtree(draft)
        else:
            draft.unlink(missing_ok=True)


@contextmanager
def _full_in_words(path: Path) -> Iterator[None]:
    """Raise WriteError in the place of what libraries say of a full disk."""
    try:
        yield
    except WriteError:
        raise  # of a file within
    except (OSError, SafetensorError) as error:
        number = _number_of(error)
        if number is None or number not in FULL:
            raise
        full = WriteError(
            f"cannot be written: {os.strerror(number)}",
            where=str(path),
            fix="make room, then give the command again; what was here before is as it was",
        )
        full.errno = number
        raise full from error


def _number_of(error: Exception) -> int | None:
    """The operating system's number of an error; safetensors has it in its words alone."""
    if isinstance(error, OSError):
        return error.errno
    found = re.search(r"os error (\d+)", str(error))
    return int(found[1]) if found else None


def read_json(path: Path, *, missing: str | None = None, largest: int = LARGEST_JSON) -> Any:
    """The content of a JSON file.

    Args:
        path: the file.
        missing: what to do where there is none.
        largest: bytes.

    Raises InputError where there is none, it is larger, or is no JSON that can be read.
    """
    try:
        if path.exists() and not path.is_file():
            raise InputError("is no file", where=str(path))
        with path.open("rb") as file:
            content = file.read(largest + 1)
        if len(content) > largest:
            raise InputError(f"has more than {largest / 1e6:g} MB", where=str(path), fix="name another file")
        return json.loads(content.decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError("no such file", where=str(path), fix=missing) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # no UTF-8; a number of thousands of digits; a thousand brackets
        raise InputError(f"not JSON: {str(error)[:200]}", where=str(path)) from error
