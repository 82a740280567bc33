from __future__ import annotations

import hashlib
import io
import shutil

import pytest

from crossgate.media.decoding.standard_input import BLOCK, spooled


class Dripping(io.RawIOBase):
    """A pipe that gives a few bytes at a time."""

    pieces = (b"abc", b"def", b"g", b"")
    asked = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self.pieces[self.asked]
        self.asked += 1
        buffer[: len(piece)] = piece
        return len(piece)


def test_what_comes_is_kept_before_more_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python hears a signal between two readings, not in one that waits for a whole block."""
    pipe = Dripping()
    asked, usage = [], shutil.disk_usage
    monkeypatch.setattr(shutil, "disk_usage", lambda path: asked.append(pipe.asked) or usage(path))
    with spooled(io.BufferedReader(pipe, BLOCK)) as (path, digest):
        assert path.read_bytes() == b"abcdefg"
        assert digest == hashlib.sha256(b"abcdefg").hexdigest()
    assert asked == [1, 2, 3]
