"""Every check has its line in docs/promises.md, and every check and test named there exists."""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CHECKS = {path.stem for path in (ROOT / "trust" / "checks").glob("*.py") if not path.stem.startswith("_")}
PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (.+?) \| (.*?) \| (.*?) \|$", PAGE, flags=re.M)[1:]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_check_is_promised() -> None:
    assert {name for _, checks, _ in ROWS for name in names(checks)} == CHECKS


@pytest.mark.parametrize(("promise", "checks", "tests"), ROWS)
def test_what_a_promise_names_exists(promise: str, checks: str, tests: str) -> None:
    assert names(checks) or names(tests), f"nothing would break if it broke: {promise}"
    for name in names(tests):
        path, _, function = name.partition("::")
        assert (ROOT / path).exists(), f"{promise}: no {path}"
        assert not function or f"def {function}(" in (ROOT / path).read_text(encoding="utf-8"), name


@pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")
def test_the_watcher_of_recordings_names_a_file_and_lets_others_pass(tmp_path: Path) -> None:
    watched = runpy.run_path(str(ROOT / "trust" / "checks" / "_watched.py"))
    for name in ("film.mp4", "secret.txt"):
        (tmp_path / name).write_text("0", encoding="utf-8")
    with watched["Canaries"](tmp_path) as canaries:
        assert not canaries.touched()
        list(tmp_path.iterdir())  # as whoever walks through the disk
        assert not canaries.touched()
        (tmp_path / "secret.txt").read_text(encoding="utf-8")
        assert canaries.touched() == "another file was opened: secret.txt"
        assert not canaries.touched()
