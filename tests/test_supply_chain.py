"""What is installed is locked, and its licences stand in docs/licences.md as the packages state them."""

from __future__ import annotations

import hashlib
import re
import tomllib
from importlib.metadata import PackageNotFoundError, metadata, requires
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from crossgate.doctor.weights import HASHES, read_hashes

ROOT = Path(__file__).resolve().parents[1]
CONFIGURED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = CONFIGURED["project"]
LOCKED = {
    canonicalize_name(line.partition("==")[0]): line.partition("==")[2].strip()
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if "==" in line
}
ROWS = {
    canonicalize_name(re.sub(r"\[.*", "", cells[-4])): (cells[-3], cells[-2])
    for line in (ROOT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()
    if len(cells := [cell.strip() for cell in line.strip("|").split("|")]) in (4, 5)
}


def direct() -> list[Requirement]:
    extras = PROJECT["optional-dependencies"].values()
    lines = [*CONFIGURED["build-system"]["requires"], *PROJECT["dependencies"], *chain(*extras)]
    return [one for one in map(Requirement, lines) if one.name != "crossgate"]


def installed_by_the_set_up() -> set[str]:
    """Names of all distributions that `crossgate[dev]` brings, directly or not."""
    names: set[str] = set()
    waiting = [Requirement("crossgate[dev]")]
    seen: set[tuple[str, str]] = set()
    while waiting:
        one = waiting.pop()
        for extra in ("", *one.extras):
            if (one.name, extra) in seen:
                continue
            seen.add((one.name, extra))
            try:
                needed = [Requirement(line) for line in requires(one.name) or []]
            except PackageNotFoundError:  # of another system, or optional
                continue
            waiting += [x for x in needed if not x.marker or x.marker.evaluate({"extra": extra})]
        names.add(canonicalize_name(one.name))
    return names - {"crossgate"}


def test_all_that_the_set_up_brings_is_locked() -> None:
    pyproject_is_installed = {canonicalize_name(Requirement(x).name) for x in requires("crossgate") or []}
    if not {canonicalize_name(one.name) for one in direct()} <= pyproject_is_installed:
        pytest.skip("this checkout's pyproject.toml is not the one that is installed")
    assert sorted(installed_by_the_set_up() - set(LOCKED)) == []


@pytest.mark.parametrize("name", sorted({canonicalize_name(one.name) for one in direct()}))
def test_a_dependency_has_its_licence_written_down(name: str) -> None:
    assert name in ROWS, f"docs/licences.md has no row for {name}"
    read, licence = ROWS[name]
    if name in LOCKED:
        assert read == LOCKED[name], f"docs/licences.md read {name} {read}; {LOCKED[name]} is locked"
    try:
        stated = metadata(name).get("License-Expression")
    except PackageNotFoundError:
        return
    if stated:
        assert set(re.findall(r"[\w.+-]+", stated.partition(" AND ")[0])) <= set(
            re.findall(r"[\w.+-]+", licence)
        ), f"{name} states {stated}, docs/licences.md has {licence}"


def test_the_hashes_of_what_ships_are_up_to_date() -> None:
    folder = ROOT / "checkpoints"
    published = read_hashes(folder / HASHES)
    kinds = ("*.safetensors", "config.json", "encoder.json", "adapter_config.json")
    there = {path.relative_to(folder).as_posix() for kind in kinds for path in folder.rglob(kind)}
    assert there == set(published), "make hashes"
    for path, expected in published.items():
        assert hashlib.sha256((folder / path).read_bytes()).hexdigest() == expected, f"{path}: make hashes"
