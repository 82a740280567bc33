"""`crossgate COMMAND ...`: finds the command, runs it, and turns errors into words and exit codes."""

from __future__ import annotations

import signal
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from jsonargparse import ArgumentParser

import crossgate
from crossgate.cli.command import Help, parser_of, refuse_repeated
from crossgate.errors import CrossgateError

Table = dict[str, tuple[str, str, str]]

COMMANDS: Table = {
    "analyze": ("crossgate.cli.analyze", "Analyze", "find the emotions of a recording, and write a report"),
    "summarize": ("crossgate.cli.summarize", "Summarize", "figures of results, to decide from"),
    "export": ("crossgate.cli.export", "Export", "write other formats of a result"),
    "import": (
        "crossgate.cli.importing",
        "Import",
        "turn a released corpus or a community pickle into a table",
    ),
    "extract": ("crossgate.cli.extract", "Extract", "measure a released corpus' recordings, into a table"),
    "audit": ("crossgate.cli.audit", "Audit", "look a table or a pickle over for defects"),
    "surrogate": ("crossgate.cli.surrogate", "Surrogate", "generate a corpus with known ceilings"),
    "pair": ("crossgate.cli.pair", "Pair", "pair a corpus with faces of the same labels"),
    "train": ("crossgate.cli.train", "Train", "train a model by a configuration file"),
    "evaluate": ("crossgate.cli.evaluate", "Evaluate", "measure a checkpoint on a labelled split"),
    "examine": (
        "crossgate.cli.examine",
        "Examine",
        "look into a run: redundancy, contributions, robustness",
    ),
    "predict": ("crossgate.cli.predict", "Predict", "write the emotions of a split as Parquet"),
    "pack": ("crossgate.cli.pack", "Pack", "make a run a checkpoint that ships: calibrated, with a card"),
    "export-onnx": ("crossgate.cli.export_onnx", "ExportOnnx", "write a checkpoint's networks as ONNX files"),
    "benchmark": ("crossgate.cli.benchmark", "Benchmark", "compare models under one protocol, over seeds"),
    "reproduce": (
        "crossgate.cli.reproduce",
        "Reproduce",
        "train on a community pickle, and set it beside what is published",
    ),
    "encoder": ("crossgate.cli.encoder", "COMMANDS", "train and evaluate the networks behind features"),
    "serve": ("crossgate.cli.serve", "Serve", "run the service: recordings, calls and live talk of a team"),
    "token": ("crossgate.cli.token", "COMMANDS", "say who may use the service"),
    "doctor": ("crossgate.cli.doctor", "Doctor", "say what works on this machine, and how to mend the rest"),
    "demo": ("crossgate.cli.demo", "Demo", "analyse the recording that ships, and write a report"),
}
"""Module, name in it, summary. The name is a command's, or that of another such table, one level down."""


GOES_ON = {
    "benchmark": "; the same command goes on where it stood",
    "extract": "; the same command goes on where it stood",
    "reproduce": "; the same command goes on where it stood",
    "train": "; it goes on with --resume",
    "encoder": "; its trainings go on with --resume",
}
"""What to do about an interruption, by command."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0, or 1 where the work failed, 2 for bad input, 130 when interrupted."""
    owner = arguments is None
    if owner:
        _unwind_when_told_to_end()
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show  # type: ignore[assignment]  # it has no use for the rest
            return _run(arguments, owner)
    except CrossgateError as error:
        print(f"crossgate: {error}", file=sys.stderr)
        return error.exit_code
    except BrokenPipeError:  # the reader of the output, `head` say, has enough
        sys.stderr.close()
        return 0
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        print(f"crossgate: {place}{error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"crossgate: interrupted{GOES_ON.get(''.join(arguments[:1]), '')}", file=sys.stderr)
        return 130


def _unwind_when_told_to_end() -> None:
    """End in good order on SIGTERM and SIGHUP: what was kept for a while is removed on the way out."""
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def _show(message: Warning | str, category: type[Warning], *_: object) -> None:
    """A warning in one line, without the place in the code."""
    print(f"crossgate: {message}", file=sys.stderr)


def find(arguments: Sequence[str]) -> tuple[type[Any] | None, list[str]]:
    """The command that arguments ask for, and those of them that are left for it.

    None where there is none of that name, or where only a table of commands is named.
    """
    table: Table = COMMANDS
    for place, name in enumerate(arguments):
        if name not in table:
            break
        found = _load(table[name])
        if not isinstance(found, dict):
            return found, list(arguments[place + 1 :])
        table = found
    return None, list(arguments)


def _load(entry: tuple[str, str, str]) -> type[Any] | Table:
    module, name, _ = entry
    loaded: type[Any] | Table = getattr(import_module(module), name)
    return loaded


def _run(arguments: list[str], owner: bool) -> int:
    root = ArgumentParser(
        prog="crossgate", description=crossgate.__doc__, version=crossgate.__version__, formatter_class=Help
    )
    _add(root, COMMANDS, arguments)
    refuse_repeated(arguments)
    parsed = root.instantiate(root.parse_args(arguments))
    command, _ = find(arguments)
    while parsed.get("command"):
        parsed = parsed[parsed["command"]]
    assert command is not None  # the parser refuses arguments that name none
    made = command(**vars(parsed))
    limits = made.contained() if owner and hasattr(made, "contained") else None
    if limits is None:
        return int(made.run())
    from crossgate.cli.contained import in_child

    return in_child(made.run, limits)


def _add(parser: ArgumentParser, table: Table, arguments: list[str]) -> None:
    """Give a parser the commands of a table."""
    commands = parser.add_subcommands(dest="command", metavar="COMMAND")
    for name, entry in table.items():
        # Only the parser that is asked for is built: the others cost an import each.
        found = _load(entry) if name in arguments[:1] else {}
        if isinstance(found, dict):
            inner = ArgumentParser(description=entry[2], formatter_class=Help)
        else:
            inner = parser_of(found)
        commands.add_subcommand(name, inner, help=entry[2])
        if isinstance(found, dict) and found:
            _add(inner, found, arguments[1:])
