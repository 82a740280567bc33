"""What a command is: a frozen dataclass whose docstrings are its help, and a `run` that gives an exit code.

Modules of this room import what is heavy (torch, pyarrow, matplotlib) inside `run`: `--help` must be quick.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Protocol

from jsonargparse import ArgumentParser, set_parsing_settings

set_parsing_settings(docstring_parse_attribute_docstrings=True)


class Command(Protocol):
    """A dataclass of one command; the names in `positional` are given without a flag, in that order."""

    positional: ClassVar[tuple[str, ...]]

    def run(self) -> int:
        """Do the work and return the exit code."""
        ...


def parser_of(command: type[Any]) -> ArgumentParser:
    """The parser of a command: positional arguments, then a flag for every other field."""
    parser = ArgumentParser(description=command.__doc__)
    for name in command.positional:
        field = command.__dataclass_fields__[name]
        choices = field.metadata.get("choices")
        kind: dict[str, Any] = {"choices": choices} if choices else {"type": Path}
        parser.add_argument(name, help=field.metadata["help"], **kind)
    parser.add_class_arguments(command, None, skip=set(command.positional), as_group=False)
    return parser
