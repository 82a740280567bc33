"""`crossgate` itself: help, versions, and what is not a command."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

import crossgate
from crossgate.cli.command import parser_of
from crossgate.cli.main import COMMANDS, find, main

HERE = ("train", "evaluate", "predict")


def exit_code(*arguments: str) -> int | str | None:
    """Of a call that ends in the parser."""
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    return caught.value.code


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("command", HERE)
def test_the_help_is_the_docstrings(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(command, "--help") == 0
    said = flat(capsys.readouterr().out)
    module, name, _ = COMMANDS[command]
    documented = getattr(import_module(module), name)
    assert flat(documented.__doc__) in said.replace("- ", "-")
    for field in fields(documented):
        if field.name in documented.positional:
            assert field.metadata["help"] in said
        else:
            assert f"--{field.name}" in said
    assert "Folder of a corpus table, or of bare <split>.parquet files." in said


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--help") == 0
    said = flat(capsys.readouterr().out)
    assert flat(crossgate.__doc__ or "") in said
    for command, (_, _, summary) in COMMANDS.items():
        assert command in said
        assert summary in said


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--version") == 0
    assert crossgate.__version__ in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "command"),
        (["trian"], "trian"),
        (["train"], "config"),
        (["train", "my.yaml", "--data", ".", "--out", "run", "--sedd", "1"], "--sedd"),
        (["train", "my.yaml", "--data", ".", "--out", "run", "--seed", "one"], "seed"),
        (["evaluate", "--data", "."], "checkpoint"),
    ],
    ids=str,
)
def test_what_cannot_be_parsed_exits_with_2(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*arguments) == 2
    said = capsys.readouterr().err
    assert named in said
    assert "Traceback" not in said


@pytest.mark.parametrize("missing", ["--data", "--out"])
def test_what_a_command_cannot_do_without_is_asked_for(
    missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"--data": "somewhere", "--out": "elsewhere"}
    del given[missing]
    arguments = [word for pair in given.items() for word in pair]
    assert exit_code("predict", "run", *arguments) == 2
    assert missing.removeprefix("--") in capsys.readouterr().err


def test_help_does_not_wait_for_torch() -> None:
    """Not a time but its cause: what `--help` imports."""
    code = (
        "import sys\nfrom crossgate.cli.main import main\n"
        "try:\n    main(['train', '--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(int(any(name in sys.modules for name in ('torch', 'pyarrow', 'matplotlib'))))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("flag", ["--face_rate", "--face-rate"])
def test_flags_have_dashes_or_underscores(flag: str, tmp_path: Path) -> None:
    command, rest = find(["analyze", "talk.mp4", "--out", str(tmp_path), flag, "2"])
    assert command is not None
    assert parser_of(command).parse_args(rest).face_rate == 2.0


def test_what_is_on_can_be_switched_off_and_what_is_off_is_a_switch() -> None:
    parser = parser_of(find(["analyze"])[0] or pytest.fail("no such command"))
    given = ["talk.mp4", "--out", "talk"]
    assert parser.parse_args(given).doubt is True
    assert parser.parse_args([*given, "--doubt", "false"]).doubt is False
    assert parser.parse_args(given).embed is False
    assert parser.parse_args([*given, "--embed"]).embed is True
