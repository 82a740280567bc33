"""What is refused before a Ray is joined or started."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from crossgate.cli.main import main
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.work.engine import workers_of
from crossgate.serving.work.process import WorkerProcess


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--address", "auto"], "add --engine ray"),
        (["--engine", "ray", "--workers", "0"], "give --workers 1 or more"),
        (["--engine", "ray", "--address", "ray://head:10001"], "expected HOST:PORT"),
        (["--engine", "ray", "--address", "127.0.0.1:1"], "nobody answers there"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_made(
    words: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("ray")
    assert main(["serve", "--data", str(tmp_path / "service"), "--port", "0", *words]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "service").exists()


def test_without_ray_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert main(["serve", "--data", str(tmp_path / "service"), "--port", "0", "--engine", "ray"]) == 2
    assert "install crossgate[ray]" in capsys.readouterr().err
    assert not (tmp_path / "service").exists()
    with workers_of(ServiceSettings()) as start:  # nobody else needs it
        assert start is WorkerProcess
