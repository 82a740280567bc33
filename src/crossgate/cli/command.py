"""What a command is: a frozen dataclass whose docstrings are its help, and a `run` that gives an exit code.

Modules of this room import what is heavy (torch, pyarrow, matplotlib) inside `run`: `--help` must be quick.
"""

from __future__ import annotations

import re
import shlex
from argparse import Action
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from docstring_parser import parse_from_object
from jsonargparse import ArgumentParser, DefaultHelpFormatter, set_parsing_settings

from crossgate.errors import InputError

set_parsing_settings(docstring_parse_attribute_docstrings=True)


class Command(Protocol):
    """A dataclass of one command; the names in `positional` are given without a flag, in that order.

    Their fields' metadata holds their `help`, their `choices` or their `type` if they are no paths, and
    whether there may be `several`.
    """

    positional: ClassVar[tuple[str, ...]]

    def run(self) -> int:
        """Do the work and return the exit code."""
        ...


def replaced_settings(words: str, seed: int) -> list[str]:
    """The `key=value` pairs of a training command's --set; InputError where it or --seed is no good."""
    try:
        replaced = shlex.split(words)
    except ValueError as error:
        raise InputError(f"--set {words!r}: {error}") from error
    if seed < 0:
        raise InputError(f"--seed is {seed}, expected 0 or more")
    return replaced


def refuse_repeated(arguments: Sequence[str]) -> None:
    """Raises InputError where an option but `--set` is given twice: the first would go unheard."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = [one.partition("=")[0].replace("_", "-") for one in options if re.match(r"--[a-z]", one)]
    for option in given:
        # `--name+ value` adds to a list.
        if option != "--set" and not option.endswith("+") and given.count(option) > 1:
            raise InputError(f"{option} is given more than once", fix="keep one of them")


class Joined(Action):
    """An option that may be given several times: its words one after the other, none silently dropped."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Add what is given to what was given before."""
        before = getattr(namespace, self.dest, None)
        setattr(namespace, self.dest, f"{before} {values}" if before else values)


class Help(DefaultHelpFormatter):  # type: ignore[misc]
    """The parser's help, a path called a path."""

    def _get_type_str(self, action: Action) -> str | None:
        words: str | None = super()._get_type_str(action)
        return re.sub(r"<class '[\w.]*Path'>", "path", words) if words else words


def parser_of(command: type[Any]) -> ArgumentParser:
    """The parser of a command: positional arguments, a switch for every bool that is off, else a flag.

    What `--set` says several times is joined. Flags are taken with dashes as with underscores.
    """
    parser = ArgumentParser(description=command.__doc__, formatter_class=Help)
    for name in command.positional:
        field = command.__dataclass_fields__[name]
        choices = field.metadata.get("choices")
        kind: dict[str, Any] = {"choices": choices} if choices else {"type": field.metadata.get("type", Path)}
        kind |= {"nargs": "+"} if field.metadata.get("several") else {}
        parser.add_argument(name, help=field.metadata["help"], **kind)
    documented = [each for each in reversed(command.__mro__) if is_dataclass(each)]
    helps = {one.arg_name: one.description for each in documented for one in parse_from_object(each).params}
    switches = {one.name for one in fields(command) if one.type in ("bool", bool) and one.default is False}
    skip = {*command.positional, *switches}
    if "set" in command.__dataclass_fields__:
        skip.add("set")
        parser.add_argument("--set", action=Joined, default="", metavar="SETTINGS", help=helps["set"])
    parser.add_class_arguments(command, None, skip=skip, as_group=False)
    for name in sorted(switches):
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, f"--{name}", dest=name, action="store_true", help=helps.get(name))
    known = parser._option_string_actions  # argparse has no other way to give an option a second name
    for flag, action in list(known.items()):
        known.setdefault(f"--{flag[2:].replace('_', '-')}" if flag.startswith("--") else flag, action)
    return parser
