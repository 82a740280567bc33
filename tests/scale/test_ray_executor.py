from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from crossgate.cli.main import main
from crossgate.corpora.table import open_table
from crossgate.errors import CrossgateError, InputError
from crossgate.scale.machine import MARKER, Expected
from crossgate.scale.ray_executor import ray_engine
from crossgate.worker_pool import worker_ended
from toy_benchmarks import YAML, run, settings, timeless


@pytest.fixture
def quick_to_start(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ray's logs in a folder that goes; its sockets want a shorter path than pytest's own."""
    pytest.importorskip("ray")
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        yield


@pytest.fixture
def executor(quick_to_start: None, tmp_path: Path) -> Iterator[Executor]:
    with ray_engine(tmp_path)() as executor:
        yield executor


@pytest.mark.slow
def test_results_errors_and_ends_are_those_of_local_processes(executor: Executor, tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    assert executor.submit(os.getpid).result() != os.getpid()

    missing = executor.submit(open_table, tmp_path / "nowhere").exception()
    assert type(missing) is InputError
    with pytest.raises(InputError) as here:
        open_table(tmp_path / "nowhere")
    assert str(missing) == str(here.value)

    # This machine is alone: what another one would not see is taken away from it.
    (marker,) = tmp_path.glob(f"{MARKER}*")
    marker.rename(tmp_path / "away")
    unseen = executor.submit(os.getpid).exception()
    assert isinstance(unseen, InputError)
    assert f"{tmp_path}: the machine {socket.gethostname()} does not see this folder" in str(unseen)
    (tmp_path / "away").rename(marker)

    killed = executor.submit(signal.raise_signal, signal.SIGKILL).exception()
    assert type(killed) is CrossgateError
    assert str(killed) == str(worker_ended())

    assert signal.getsignal(signal.SIGTERM) is handler


def test_the_folder_is_known_by_what_is_in_it_as_long_as_it_is_worked_in(tmp_path: Path) -> None:
    (tmp_path / f"{MARKER}of-one-that-was-killed").touch()
    with Expected.of(tmp_path, [tmp_path]) as expected:
        assert list(tmp_path.iterdir()) == [expected.marker]
        expected.refuse_otherwise()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"tables": (Path("/nowhere/meld"),)},
            "/nowhere/meld: the machine .* does not see this folder, which",
        ),
        ({"versions": {"torch": "0.1"}}, "where the command was given it is None"),
        ({"marker": Path("/nowhere/runs/marker")}, "/nowhere/runs: the machine .* does not see this folder"),
    ],
)
def test_a_machine_that_has_other_things_is_refused_by_name(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with Expected.of(tmp_path, []) as expected, pytest.raises(InputError, match=words) as refused:
        Expected(**(vars(expected) | change)).refuse_otherwise()
    assert socket.gethostname() in str(refused.value)


def begin(folder: Path, *more: str) -> list[str]:
    """The arguments of a toy benchmark in `folder`."""
    (folder / "toy.yaml").write_text(YAML, encoding="utf-8")
    return ["benchmark", str(folder / "toy.yaml"), "--out", str(folder / "out"), *more]


def test_without_ray_the_command_refuses_before_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(begin(tmp_path, "--engine", "ray")) == 2
    assert "install crossgate[ray]" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["ray://head:10001", "head", "head:port", "127.0.0.1:1", "[::1]:1"])
def test_an_address_nobody_answers_at_is_refused_at_once(address: str, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(InputError, match=address):
        ray_engine(tmp_path, address=address)


def test_an_address_is_rays_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(begin(tmp_path, "--address", "auto")) == 2
    assert "add --engine ray" in capsys.readouterr().err


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a benchmark over local processes."""
    folder = tmp_path_factory.mktemp("whole")
    run(settings(folder), folder / "out", workers=2)
    return folder / "out"


@pytest.mark.slow
def test_ray_gives_what_local_processes_give(whole: Path, tmp_path: Path, quick_to_start: None) -> None:
    assert main(begin(tmp_path, "--engine", "ray", "--workers", "2")) == 0
    assert timeless(tmp_path / "out") == timeless(whole)
    left = {path.relative_to(whole) for path in whole.rglob("*") if "tensorboard" not in path.parts}
    here = tmp_path / "out"
    assert {path.relative_to(here) for path in here.rglob("*") if "tensorboard" not in path.parts} == left
    for weights in whole.rglob("*.safetensors"):
        assert (here / weights.relative_to(whole)).read_bytes() == weights.read_bytes()


def started(arguments: list[str], out: Path) -> subprocess.Popen[str]:
    """The command, up to its first training with a second seed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "crossgate", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not list(out.glob("drawn/*/seed-1")):
        assert process.poll() is None, "the benchmark ended before it could be disturbed"
        time.sleep(0.01)
    return process


@pytest.mark.slow
@pytest.mark.parametrize("how", ["a worker is killed", "interrupted", "killed"])
def test_disturbed_at_work_it_goes_on_to_the_same_figures(
    how: str, whole: Path, tmp_path: Path, quick_to_start: None
) -> None:
    psutil = pytest.importorskip("psutil")
    arguments = begin(tmp_path, "--engine", "ray", "--workers", "2")
    process = started(arguments, tmp_path / "out")
    children = psutil.Process(process.pid).children(recursive=True)
    workers = [one for one in children if one.name().startswith("ray::work")]
    assert workers
    if how == "a worker is killed":
        workers[0].kill()
        code, words = 1, "a worker process ended in the middle of its work"
    elif how == "interrupted":
        process.send_signal(signal.SIGINT)
        code, words = 130, "interrupted; the same command goes on"
    else:
        process.kill()
        code, words = -signal.SIGKILL, ""
    out, err = process.communicate()
    assert process.returncode == code, err
    assert words in err
    assert "Traceback" not in err
    assert out == ""
    _, left = psutil.wait_procs(workers, timeout=20)
    assert not left
    assert main(begin(tmp_path)) == 0  # on this machine it goes on as well
    assert timeless(tmp_path / "out") == timeless(whole)
