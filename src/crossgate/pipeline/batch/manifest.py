"""What came of each recording: a file of JSON lines that only grows while the batch runs."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass
from typing import Any, Self

from crossgate.errors import InputError
from crossgate.pipeline.batch.places import Folder
from crossgate.pipeline.batch.recordings import Recording

MANIFEST_FILE = "manifest.jsonl"

OFTEN = 5.0
"""Seconds between two writings of the manifest into a store, where files cannot grow."""


@dataclass(frozen=True)
class Entry:
    """The end of one recording.

    Attributes:
        recording: its name in the batch.
        source: path or URL.
        size: bytes.
        version: of the file; another one where it has changed.
        transcript: path or URL; None where there was none.
        transcript_version: as `version`, with the size.
        settings: hash of the batch's settings.
        status: `done` or `failed`.
        attempts: that were made.
        seconds: that the last of them took.
        duration: seconds of recording; None where nobody knows, or it is a text.
        kind: `video`, `audio` or `text`; None where it failed.
        utterances: how many.
        emotions: expressed emotion -> utterances.
        cause: kind of failure, such as `refused` or `crashed`; empty where it is done.
        message: what went wrong, in words.
        machine: that worked on it.
        ended: when, UTC.
    """

    recording: str
    source: str
    size: int
    version: str
    transcript: str | None
    transcript_version: str
    settings: str
    status: str
    attempts: int
    seconds: float
    duration: float | None = None
    kind: str | None = None
    utterances: int = 0
    emotions: dict[str, int] | None = None
    cause: str = ""
    message: str = ""
    machine: str = ""
    ended: str = ""

    @classmethod
    def of(cls, recording: Recording, settings: str, status: str, **more: Any) -> Self:
        """The entry of a recording, of this moment."""
        return cls(
            recording.name,
            recording.source,
            recording.size,
            recording.version,
            recording.transcript,
            recording.transcript_version,
            settings,
            status,
            ended=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            **more,
        )

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Read back. Raises TypeError for other fields."""
        return cls(**content)

    def to_json(self) -> dict[str, Any]:
        """As a line of the manifest."""
        return asdict(self)

    def is_of(self, recording: Recording, settings: str) -> bool:
        """Whether it tells of this very file, transcript and way of analysing."""
        return (
            (self.size, self.version) == (recording.size, recording.version)
            and (self.transcript, self.transcript_version)
            == (recording.transcript, recording.transcript_version)
            and self.settings == settings
        )


class Manifest:
    """The entries of a batch, by the recording's name; the last line of a recording counts.

    Args:
        folder: of the batch.

    Raises InputError where the file is no manifest.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.entries: dict[str, Entry] = {}
        self._written = 0.0
        content = folder.read(MANIFEST_FILE) or b""
        lines = content.splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()  # written by a process that died in the middle of it
        for number, line in enumerate(lines, start=1):
            try:
                entry = Entry.from_json(json.loads(line))
            except (ValueError, TypeError):
                raise InputError(
                    "is no line of a manifest",
                    where=f"{folder.place(MANIFEST_FILE)}, line {number}",
                    fix="remove the line: what it told of is looked up in its folder, or done again",
                ) from None
            self.entries[entry.recording] = entry
        if len(lines) != len(self.entries) or sum(map(len, lines)) != len(content):
            self.write()

    def add(self, entry: Entry) -> None:
        """Keep one more entry, on the disk; in a store after some seconds."""
        self.entries[entry.recording] = entry
        if self._folder.local is None:
            if time.monotonic() - self._written > OFTEN:
                self.write()
            return
        with (self._folder.local / MANIFEST_FILE).open("ab") as file:
            file.write(_line(entry))
            file.flush()
            os.fsync(file.fileno())

    def write(self) -> None:
        """Write it anew, a line a recording, in the order of the names."""
        lines = [_line(self.entries[name]) for name in sorted(self.entries)]
        self._folder.write(MANIFEST_FILE, b"".join(lines))
        self._written = time.monotonic()


def _line(entry: Entry) -> bytes:
    try:
        return json.dumps(entry.to_json(), ensure_ascii=False).encode() + b"\n"
    except UnicodeEncodeError:  # half a surrogate pair, as names of files may have on Linux
        return json.dumps(entry.to_json()).encode() + b"\n"
