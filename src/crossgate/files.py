"""Writing so that a file or folder is whole or absent."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from crossgate.errors import InputError

LARGEST_JSON = 10_000_000
"""Bytes of a manifest or of settings: Python may take thirty times as much for the objects in it."""


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A draft folder beside `folder` that takes its name when the block ends well, and is removed otherwise.

    Raises InputError where `folder` exists and is not empty: nothing is overwritten.
    """
    refuse_filled(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", suffix=".tmp", dir=folder.parent))
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
    """Raise InputError where a folder to be written holds anything, or is a file."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            "exists already and is not empty", where=str(folder), fix="name another folder, or remove it"
        )


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A draft file beside `path` that takes its place when the block ends well, in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
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
