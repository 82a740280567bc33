"""A PostgreSQL of its own, on loopback, that can be killed and begun again."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Postgres:
    """One that runs in a folder of its own.

    Attributes:
        url: of its database.
    """

    def __init__(self, programs: Path, folder: Path, who: dict[str, Any]) -> None:
        self._programs, self._folder, self._who = programs, folder, who
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = f"postgresql+psycopg://crossgate@127.0.0.1:{self._port}/postgres"
        self._call("initdb", "-U", "crossgate", "-A", "trust", "-E", "UTF8", "--no-sync")

    def start(self) -> None:
        """Begin, or begin again, and wait until it answers."""
        options = f"-c listen_addresses=127.0.0.1 -c port={self._port} -k {self._folder}"
        self._call("pg_ctl", "-l", str(self._folder / "log"), "-w", "-o", options, "start")

    def kill(self) -> None:
        """The postmaster and every process of it, at once and without warning."""
        pid = int((self._folder / "data" / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for one in (pid, *map(int, children)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(one, signal.SIGKILL)

    def stop(self) -> None:
        """In haste: what is under way is broken off."""
        self._call("pg_ctl", "-w", "-m", "immediate", "stop")

    def _call(self, name: str, *words: str) -> None:
        subprocess.run(
            [str(self._programs / name), "-D", str(self._folder / "data"), *words],
            cwd=self._folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self._folder)},
            stdout=subprocess.DEVNULL,  # the server would hold a pipe open
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=True,
            **self._who,
        )


@contextmanager
def postgres() -> Iterator[Postgres | None]:
    """One that runs; None where it is not installed, or nobody is there to run it."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = Path(found).resolve().parent if found else folders[-1].parent if folders else None
    who = _unprivileged()
    if programs is None or who is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="crossgate-postgres-"))
    if who:
        os.chown(folder, who["user"], who["group"])
    try:
        server = Postgres(programs, folder, who)
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> dict[str, Any] | None:
    """For `subprocess`: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            user = pwd.getpwnam(name)
            return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    return None
