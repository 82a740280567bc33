"""One process at a time in a folder."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import crossgate.locking as locking
from crossgate.errors import InputError
from crossgate.locking import LOCK_FILE, alone

HOLDS = """
import sys
from pathlib import Path
from crossgate.locking import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "run")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path: Path, holder) -> None:
    with pytest.raises(InputError, match=f"id {holder.pid}"), alone(tmp_path / "run"):
        pytest.fail("entered")
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with alone(tmp_path / "run"):  # its file is still there, and holds nobody up
        assert (tmp_path / "run" / LOCK_FILE).read_text() == f"{os.getpid()}\n"
    assert not (tmp_path / "run" / LOCK_FILE).exists()


def test_nothing_is_left_of_a_folder_that_was_made_for_the_lock(tmp_path: Path) -> None:
    with alone(tmp_path / "new"):
        assert (tmp_path / "new" / LOCK_FILE).exists()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    with alone(tmp_path / "mine"):
        pass
    assert (tmp_path / "mine").is_dir()


def test_one_who_opened_the_lock_before_it_went_holds_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file goes while somebody waits to lock it: what he holds then would keep nobody out."""
    whole = locking.fcntl.flock
    calls: list[int] = []

    def flock(handle: int, how: int) -> None:
        whole(handle, how)
        calls.append(handle)
        if len(calls) == 1:
            (tmp_path / LOCK_FILE).unlink()

    monkeypatch.setattr(locking.fcntl, "flock", flock)
    with alone(tmp_path):
        assert (tmp_path / LOCK_FILE).exists()
    assert len(calls) == 2


def test_a_file_system_without_locks_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def flock(*_: Any) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(locking.fcntl, "flock", flock)
    with pytest.warns(RuntimeWarning, match="no locks"), alone(tmp_path):
        pass


def test_a_file_is_no_folder_to_lock(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="no folder"), alone(tmp_path / "file"):
        pytest.fail("entered")
