"""A corpus measured by tasks of Ray: the same table, also where a worker is killed in the middle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crossgate.cli.main import main
from toy_releases import SPLITS, meld_release, sample_clips

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _quick_to_start(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ray's logs in a folder that goes; its sockets want a shorter path than pytest's own."""
    pytest.importorskip("ray")
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a release and its table by a local process."""
    folder = tmp_path_factory.mktemp("corpus")
    meld_release(folder / "MELD.Raw", sample_clips())
    assert main(command(folder, folder / "here")) == 0
    return folder


def command(corpus: Path, out: Path, *more: str) -> list[str]:
    return ["extract", "meld", str(corpus / "MELD.Raw"), "--visual", "", "--out", str(out), *more]


def content(table: Path) -> list[object]:
    """Everything in a table but its manifest's date."""
    rows = [pq.read_table(table / f"{split}.parquet").to_pydict() for split in SPLITS]
    return [*rows, json.loads((table / "extraction.json").read_text(encoding="utf-8"))]


def test_ray_makes_the_table_of_a_local_process(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(corpus)  # workers of a cluster have another working folder
    arguments = command(Path(), tmp_path / "there", "--engine", "ray", "--workers", "2")
    assert main(arguments) == 0
    assert content(tmp_path / "there") == content(corpus / "here")
    assert not list(tmp_path.glob(".*partial"))


def test_a_killed_worker_ends_the_command_and_the_next_one_goes_on(corpus: Path, tmp_path: Path) -> None:
    psutil = pytest.importorskip("psutil")
    arguments = command(corpus, tmp_path / "table")
    kept = tmp_path / ".table.partial" / "clips.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "crossgate", *arguments, "--engine", "ray"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    while not kept.is_file() or kept.read_bytes().count(b"\n") < 4:
        assert process.poll() is None, "it ended before it could be disturbed"
        time.sleep(0.01)
    workers = [
        one for one in psutil.Process(process.pid).children(recursive=True) if one.name() == "ray::_measured"
    ]
    for one in workers:
        one.kill()
    _, err = process.communicate()
    assert process.returncode == 1, err
    assert "a worker process ended in the middle of its work" in err
    assert "Traceback" not in err
    before = kept.read_bytes()
    assert main(arguments) == 0
    assert before.count(b"\n") >= 4
    assert content(tmp_path / "table") == content(corpus / "here")
