"""The wheel holds the checkpoints, and finds them where it was installed. No network, no dependencies."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

BUILD = "import sys; from setuptools import build_meta as b; print(b.{function}(sys.argv[1]))"
ASK = "from crossgate.packaged import *; print(packaged_names()); print(checkpoint_folder('crossgate-toy'))"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the wheel is built from, with one small checkpoint."""
    if int(version("setuptools").partition(".")[0]) < 77:
        pytest.skip("setuptools is older than pyproject.toml wants")
    folder = tmp_path / "project"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(ROOT / "src", folder / "src", symlinks=True, ignore=ignored)
    shutil.copytree(ROOT / "configs", folder / "configs")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, folder / name)
    toy = folder / "checkpoints" / "crossgate-toy"
    (toy / "text").mkdir(parents=True)
    for file in ("config.json", "model.safetensors", "README.md", "text/encoder.json", "left.pkl"):
        (toy / file).write_text("{}", encoding="utf-8")
    return folder


def build(function: str, project: Path) -> Path:
    out = project / "dist"
    out.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", BUILD.format(function=function), str(out)],
        cwd=project,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return out / done.stdout.splitlines()[-1]


def ask(*paths: Path, folder: Path) -> list[str]:
    """What the installed package says; `-S` keeps the environment's own installation out."""
    done = subprocess.run(
        [sys.executable, "-S", "-c", ASK],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, paths))},
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_wheel_brings_its_checkpoints(project: Path, tmp_path: Path) -> None:
    wheel = build("build_wheel", project)
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(installed)
    here = "crossgate/checkpoints/crossgate-toy/"
    assert {name for name in names if name.startswith("crossgate/checkpoints/")} == {
        here + file for file in ("config.json", "model.safetensors", "README.md", "text/encoder.json")
    }
    assert not any(name.startswith("checkpoints") for name in names)
    configs = "crossgate/experiments/reproduction/configs/"
    assert {name for name in names if name.startswith(configs)} == {
        f"{configs}community-{corpus}.yaml" for corpus in ("iemocap", "meld")
    }
    shutil.rmtree(project)
    found = ask(installed, folder=tmp_path)
    assert found == ["('crossgate-toy',)", str(installed / "crossgate/checkpoints/crossgate-toy")]


def test_an_editable_installation_reads_the_checkouts(project: Path, tmp_path: Path) -> None:
    wheel = build("build_editable", project)
    with zipfile.ZipFile(wheel) as archive:
        (link,) = (name for name in archive.namelist() if name.endswith(".pth"))
        (path,) = archive.read(link).decode().split()
    assert Path(path) == project / "src"  # a plain path, which type checkers and editors follow too
    names, folder = ask(Path(path), folder=tmp_path)
    assert names == "('crossgate-toy',)"
    assert Path(folder).resolve() == project / "checkpoints" / "crossgate-toy"
