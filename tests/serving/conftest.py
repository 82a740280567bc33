"""A service's storage for tests: SQLite and a real PostgreSQL, a folder and a store in memory."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore


def _programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`; Debian keeps them off the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def _unprivileged() -> dict[str, object]:
    """For `subprocess`: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL does not run as root, and there is no other user")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """URL of a PostgreSQL server without a database's name, on loopback, in a temporary folder."""
    psycopg = pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed: no initdb")
    who = _unprivileged()
    # Not below pytest's folder, which is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="crossgate-postgres-"))
    if who:
        os.chown(folder, who["user"], who["group"])  # type: ignore[call-overload]

    def call(*words: str) -> None:
        done = subprocess.run(
            [str(programs / words[0]), *words[1:]],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(folder)},
            stdout=subprocess.DEVNULL,  # the server would hold a pipe open
            stderr=subprocess.DEVNULL,
            timeout=120,
            **who,  # type: ignore[call-overload]
        )
        if done.returncode:
            log = folder / "log"
            raise RuntimeError(f"{words[0]} failed: {log.read_text() if log.exists() else ''}")

    data = str(folder / "data")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        call("initdb", "-D", data, "-U", "crossgate", "-A", "trust", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -c port={port} -c fsync=off -k {folder}"
        call("pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start")
        try:
            server = f"postgresql+psycopg://crossgate@127.0.0.1:{port}"
            psycopg.connect(server.replace("+psycopg", "") + "/postgres").close()
            yield server
        finally:
            call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'service.sqlite'}"
    server: str = request.getfixturevalue("postgres")  # skips where there is none
    import psycopg

    with psycopg.connect(server.replace("+psycopg", "") + "/postgres", autocommit=True) as connection:
        # Emptying one database is much cheaper than making one for every test.
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    return f"{server}/postgres"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind with its tables and nothing in them."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    """An empty media store: a folder, and one that is no folder at all."""
    return MediaStore(
        str(tmp_path / "media") if request.param == "folder" else f"memory://{uuid4().hex}/media"
    )
