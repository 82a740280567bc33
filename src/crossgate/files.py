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


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A draft folder beside `folder` that takes its name when the block ends well, and is removed otherwise.

    Raises InputError where `folder` exists and is not empty: nothing is overwritten.
    """
    refuse_filled(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name}.{os.getpid()}."  # tells who left it, where this process is killed
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
