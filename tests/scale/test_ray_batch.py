"""Batches whose driver, workers or machines are killed, by local processes and by actors of Ray."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow.dataset as ds
import pytest

import crossgate
from crossgate.cli.main import main
from crossgate.errors import CrossgateError, InputError
from crossgate.pipeline.batch.crew import Engine, local_engine
from crossgate.pipeline.batch.run import Standing
from crossgate.scale.machine import MARKER
from crossgate.scale.ray_batch import ray_batch_engine
from toy_batches import LOG, batch, entries, recordings
from toy_makers import no_model

TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture
def quick_to_start(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ray's logs in a folder that goes; its sockets want a shorter path than pytest's own."""
    pytest.importorskip("ray")
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # of the toys
        yield


def engine_of(name: str, out: Path, workers: int = 2) -> Engine:
    return local_engine(workers) if name == "local" else ray_batch_engine(str(out), workers=workers)


def test_without_ray_the_command_refuses_before_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = recordings(tmp_path / "calls", a="ok")
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["analyze", str(calls), "--out", str(tmp_path / "out"), "--engine", "ray"]) == 2
    assert "install crossgate[ray]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_on_ray_failures_and_results_are_those_of_local_processes(
    tmp_path: Path, quick_to_start: None
) -> None:
    words = {"a": "refuse", "b": "crash", "c": "ok", "deep__d": "ok", "e": "once"}
    calls = recordings(tmp_path / "calls", **words)
    found = {}
    for name in ("local", "ray"):
        out = tmp_path / name
        (calls / "e.mark").unlink(missing_ok=True)
        batch(calls, out, begin=engine_of(name, out))
        varying = ("seconds", "ended", "machine")
        found[name] = [{k: v for k, v in one.items() if k not in varying} for one in entries(out).values()]
        found[name].sort(key=lambda one: str(one["recording"]))
    assert found["ray"] == found["local"]
    assert not list((tmp_path / "ray").glob(f"{MARKER}*"))


@pytest.mark.slow
def test_on_ray_a_model_that_is_not_there_is_said_in_its_own_words(
    tmp_path: Path, quick_to_start: None
) -> None:
    calls = recordings(tmp_path / "calls", a="ok", b="ok")
    with pytest.raises(InputError, match="no checkpoint of that name"):
        batch(calls, tmp_path / "out", begin=engine_of("ray", tmp_path / "out"), make=no_model)


@pytest.mark.slow
def test_where_no_worker_can_begin_the_command_ends_and_no_recording_is_blamed(
    tmp_path: Path, quick_to_start: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(crossgate.__file__).parents[1]))  # the toys are not there
    calls = recordings(tmp_path / "calls", a="ok")
    with pytest.raises(CrossgateError, match=r"a worker cannot begin: .*toy_batches"):
        batch(calls, tmp_path / "out", begin=engine_of("ray", tmp_path / "out"))
    assert not (tmp_path / "out" / "manifest.jsonl").exists()


@pytest.mark.slow
def test_an_actor_that_is_gone_is_replaced_and_its_recording_begun_again(
    tmp_path: Path, quick_to_start: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    psutil = pytest.importorskip("psutil")
    calls = recordings(tmp_path / "calls", a="ok", b="slow 2", c="slow 2", d="ok")
    monkeypatch.setenv(LOG, str(tmp_path / "log"))

    def kill(standing: Standing) -> None:
        if standing.ended == 1:
            children = psutil.Process().children(recursive=True)
            actors = [one for one in children if one.name().startswith("ray::") and one.children()]
            assert actors
            actors[0].kill()

    out = tmp_path / "out"
    summary = batch(calls, out, attempts=3, begin=engine_of("ray", out, 1), told=kill)
    assert (summary.done, summary.failures) == (4, ())
    assert max(one["attempts"] for one in entries(out).values()) == 2


DRIVER = """
import sys
from pathlib import Path
from toy_batches import batch
sys.path.insert(0, {scale!r})
from test_ray_batch import engine_of
out = Path({out!r})
batch({calls!r}, out, begin=engine_of({engine!r}, out), formats=("csv",))
"""


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["local", "ray"])
def test_a_driver_that_is_killed_loses_nothing_and_nothing_is_there_twice(
    engine: str, tmp_path: Path, quick_to_start: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {f"r{number:02}": "slow 0.2" for number in range(37)}
    calls = recordings(tmp_path / "calls", **names, x="refuse", y="crash", z="refuse")
    out, log = tmp_path / "out", tmp_path / "log"
    monkeypatch.setenv(LOG, str(log))
    script = DRIVER.format(scale=str(TESTS / "scale"), out=str(out), calls=str(calls), engine=engine)
    path = os.pathsep.join([str(TESTS), *filter(None, sys.path)])
    for lines in (6, 18):
        process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": path})
        while not (out / "manifest.jsonl").is_file() or _lines(out / "manifest.jsonl") < lines:
            assert process.poll() is None, "the batch ended before it could be killed"
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert _lines(out / "manifest.jsonl") < 40
    summary = batch(calls, out, begin=engine_of(engine, out), formats=("csv",))
    found = entries(out)
    assert (len(found), summary.done) == (40, 37)
    assert {name: one["cause"] for name, one in found.items() if one["status"] == "failed"} == {
        "x.wav": "refused",
        "y.wav": "crashed",
        "z.wav": "refused",
    }
    table = ds.dataset(out / "utterances", partitioning="hive").to_table()
    assert sorted(table.column("recording").to_pylist()) == sorted(f"{name}.wav" for name in names)
    assert len(list((out / "results").glob("*/result.json"))) == 37
    assert not [path for path in out.rglob("*.tmp") if path.exists()]
    begun = log.read_text().split()
    assert len(begun) <= 37 + 2 + 2 + 3 * 2 + 2  # what was at hand when it was killed is begun again


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")
