"""`crossgate analyze` as a command: what befalls the process that decodes is said, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from crossgate.cli.main import main

ACTING = """
import ctypes, os, signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # what started the tests may ignore them
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGTERM, signal.SIG_DFL)
from crossgate.cli.analyze import Analyze
from crossgate.cli.main import main
from crossgate.cli.progress import progress
from crossgate.files import new_folder

def run(self):
    with progress() as step, new_folder(Path(self.out)):
        step("looking at the faces", 0.4)
        print("at work", flush=True)
        {does}
    return 0

Analyze.run = run
sys.exit(main())
"""
"""The command, but what it does: it is at some step, has begun to write, and something befalls it."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a child is forked on Linux alone")


def start(folder: Path, does: str, *more: str) -> subprocess.Popen[str]:
    (folder / "talk.mp4").write_bytes(b"film")
    command = [sys.executable, "-c", ACTING.format(does=does), "analyze", str(folder / "talk.mp4")]
    return subprocess.Popen(
        [*command, "--out", str(folder / "out"), "--format", "json", *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )


def came_of(process: subprocess.Popen[str], folder: Path) -> tuple[int, str]:
    """(exit code, what it said on stderr), once it is sure that nothing is left."""
    _, said = process.communicate(timeout=120)
    assert [path.name for path in folder.iterdir()] == ["talk.mp4"]
    assert "Traceback" not in said
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    return process.returncode, said


@pytest.mark.parametrize(
    ("does", "more", "message"),
    [
        ("ctypes.string_at(0)", (), "crashed (SIGSEGV) while looking at the faces, 40%"),
        ("os.abort()", (), "crashed (SIGABRT)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", (), "want of memory"),
        ("held = b'x' * (400 << 20); time.sleep(60)", ("--megabytes", "200"), "more than 200 MB"),
        ("time.sleep(60)", ("--silent_minutes", "0.01"), "no progress for 0.01 minutes"),
    ],
    ids=["segmentation fault", "abort", "killed by the system", "memory", "hang"],
)
def test_a_death_is_said_in_words(tmp_path: Path, does: str, more: tuple[str, ...], message: str) -> None:
    code, said = came_of(start(tmp_path, does, *more), tmp_path)
    assert code == 1
    assert message in said
    assert "talk.mp4" in said
    assert "nothing was written" in said
    assert "  -> " in said


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_signals_are_passed_on(tmp_path: Path, number: signal.Signals, code: int) -> None:
    process = start(tmp_path, "time.sleep(60)")
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, number)  # as a terminal does
    assert came_of(process, tmp_path)[0] == code


def test_what_is_deaf_to_an_interrupt_is_ended_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaf = "import crossgate.cli.contained as c; c.PATIENCE = 0.5\n" + ACTING
    monkeypatch.setitem(globals(), "ACTING", deaf)
    process = start(tmp_path, "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT]); time.sleep(60)")
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    code, said = came_of(process, tmp_path)
    assert code == 130
    assert "interrupted" in said


def test_the_child_does_not_outlive_its_parent(tmp_path: Path) -> None:
    process = start(tmp_path, "print(os.getpid(), flush=True); time.sleep(60)")
    assert process.stdout is not None
    process.stdout.readline()
    child = int(process.stdout.readline())
    process.kill()
    process.communicate(timeout=60)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{child}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{child}").exists()


@pytest.mark.parametrize("flag", ["--megabytes", "--silent_minutes"])
def test_a_limit_below_nothing_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str
) -> None:
    assert main(["analyze", "x.mp4", "--out", str(tmp_path / "out"), flag, "-1"]) == 2
    assert "expected 0 or more" in capsys.readouterr().err
