"""Every command the README and the docs show is one the parser takes, with files that are there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from crossgate.cli.command import parser_of
from crossgate.cli.main import find
from crossgate.training.configuration import load_experiment

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shown() -> list[tuple[str, str]]:
    """Page and command line, without the comment behind it."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^```\n(.*?)^```$", _without_languages(page), flags=re.S | re.M):
            for line in block.splitlines():
                match = re.search(r"(?:^|\s|/)crossgate (.*)", line)
                if match and "COMMAND" not in line:
                    found.append((page.name, match.group(1)))
    return found


def _without_languages(page: Path) -> str:
    """A page without the blocks that name a language, which are no commands."""
    return re.sub(r"^```\w+\n.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)


def test_some_commands_are_shown() -> None:
    assert len(shown()) >= 10


@pytest.mark.parametrize(("page", "line"), shown())
def test_a_documented_command_can_be_given(page: str, line: str) -> None:
    command, arguments = find(shlex.split(line, comments=True))
    assert command is not None, f"{page} shows a command that does not exist: {line}"
    parsed = parser_of(command).parse_args(arguments)
    for value in arguments:
        if value.startswith("configs/"):
            assert (ROOT / value).is_file(), f"{page} names a file that is not there: {value}"
    assert parsed is not None


@pytest.mark.parametrize("config", sorted((ROOT / "configs").glob("*.yaml")), ids=lambda path: path.stem)
def test_a_configuration_that_ships_is_valid(config: Path) -> None:
    experiment = load_experiment(config)
    assert experiment.name == config.stem


def test_the_readme_begins_with_two_commands_make_knows() -> None:
    first = re.findall(r"```\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.S)[0]
    targets = [line.split()[1] for line in first.splitlines()]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert targets == ["demo", "test"]
    assert all(re.search(rf"^{target}:", makefile, flags=re.M) for target in targets)
