"""Files and a server that nobody is to touch, and who notices when somebody does."""

from __future__ import annotations

import contextlib
import ctypes
import os
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

IN_OPEN = 0x20
"""From Linux's sys/inotify.h; also told of what is opened in a folder."""

EVENT = struct.Struct("iIII")
"""Its inotify_event: watch, mask, cookie, bytes of the name that follows."""


class Canaries:
    """A folder whose files are not to be opened, and a port that is not to be called.

    Args:
        folder: with its files.
    """

    def __init__(self, folder: Path) -> None:
        self._library = ctypes.CDLL(None, use_errno=True)
        self._events = self._library.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._events < 0 or self._library.inotify_add_watch(self._events, bytes(folder), IN_OPEN) < 0:
            raise OSError(ctypes.get_errno(), "the files cannot be watched")
        self._server = socket.create_server(("127.0.0.1", 0))
        self._packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.port: int = self._server.getsockname()[1]
        self._packets.bind(("127.0.0.1", self.port))
        self._packets.setblocking(False)
        self._calls = 0
        self._thread = threading.Thread(target=self._answer, daemon=True)

    def __enter__(self) -> Canaries:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        self._packets.close()
        os.close(self._events)

    def touched(self) -> str:
        """What was touched since it was last asked; empty where nothing was.

        The folder itself may be opened: whoever walks through the whole disk, as a backup does, opens it.
        """
        said = [f"another file was opened: {name}" for name in sorted(set(self._opened()))]
        calls, self._calls = self._calls, 0
        with contextlib.suppress(BlockingIOError):
            calls += bool(self._packets.recv(1 << 16))
        return ", ".join(said + ["a server was called"] * bool(calls))

    def _opened(self) -> Iterator[str]:
        """Files of the folder that were opened, by name."""
        try:
            events = os.read(self._events, 1 << 16)
        except BlockingIOError:
            return
        place = 0
        while place < len(events):
            *_, size = EVENT.unpack_from(events, place)
            place += EVENT.size + size
            if name := events[place - size : place].rstrip(b"\0"):
                yield os.fsdecode(name)

    def _answer(self) -> None:
        while True:
            try:
                call, _ = self._server.accept()
            except OSError:  # closed
                return
            self._calls += 1
            call.close()
