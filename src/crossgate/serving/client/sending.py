"""Files on their way to the service, read piece by piece."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from crossgate.errors import InputError, reason_of

Sent = Callable[[float], None]
"""Told the share of the recording that has gone out, 0 to 1."""

STANDARD_INPUT = "standard input"


class Counted:
    """A file that tells how much of it was read; a pipe, whose length nobody knows, tells nothing."""

    def __init__(self, file: BinaryIO, sent: Sent) -> None:
        self._file = file
        self._sent = sent
        self._done = 0
        self._size = os.fstat(file.fileno()).st_size if _has_length(file) else None

    def read(self, size: int = -1) -> bytes:
        """The next piece."""
        part = self._file.read(size)
        self._done += len(part)
        if self._size:
            self._sent(min(1.0, self._done / self._size))
        return part

    def __getattr__(self, name: str) -> Any:
        # The library takes the length of whatever has a `fileno` or can `seek`: a pipe's is 0 to it.
        if name in ("fileno", "seek", "tell") and self._size is not None:
            return getattr(self._file, name)
        raise AttributeError(name)


@contextmanager
def parcel(
    recording: Path | BinaryIO | None,
    transcript: Path | None,
    name: str | None,
    settings: Mapping[str, Any],
    sent: Sent,
) -> Iterator[dict[str, Any]]:
    """The body of an upload: `data` and `files` of a request, open while the block lasts.

    Raises InputError where a file is not there or cannot be read.
    """
    data = {} if name is None else {"name": name}
    if settings:
        data["settings"] = json.dumps(dict(settings))
    with ExitStack() as stack:
        files: dict[str, tuple[str, Any, str]] = {}
        if recording is not None:
            if isinstance(recording, Path):
                shown, file = recording.name, stack.enter_context(_opened(recording))
            else:
                shown, file = STANDARD_INPUT, recording
            files["recording"] = (shown, Counted(file, sent), "application/octet-stream")
        if transcript is not None:
            file = stack.enter_context(_opened(transcript))
            files["transcript"] = (transcript.name, file, "application/octet-stream")
        yield {"data": data, "files": files}


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        words = (
            "no such file" if isinstance(error, FileNotFoundError) else f"cannot be read: {reason_of(error)}"
        )
        raise InputError(words, where=str(path), fix="check the path") from None


def _has_length(file: BinaryIO) -> bool:
    try:
        return file.seekable() and file.fileno() >= 0
    except (AttributeError, OSError):
        return False
