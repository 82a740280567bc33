"""`crossgate COMMAND ...`: finds the command, runs it, and turns errors into words and exit codes."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib import import_module

from jsonargparse import ArgumentParser

import crossgate
from crossgate.cli.command import Help, parser_of
from crossgate.errors import CrossgateError

COMMANDS = {
    "import": (
        "crossgate.cli.importing",
        "Import",
        "turn a released corpus or a community pickle into a table",
    ),
    "audit": ("crossgate.cli.audit", "Audit", "look a table or a pickle over for defects"),
    "surrogate": ("crossgate.cli.surrogate", "Surrogate", "generate a corpus with known ceilings"),
    "train": ("crossgate.cli.train", "Train", "train a model by a configuration file"),
    "evaluate": ("crossgate.cli.evaluate", "Evaluate", "measure a run on a labelled split"),
    "predict": ("crossgate.cli.predict", "Predict", "write the emotions of a split as Parquet"),
    "demo": ("crossgate.cli.demo", "Demo", "generate a corpus, train, evaluate, draw figures"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns 0, or 1 where the work failed, 2 for bad input, 130 when interrupted."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show  # type: ignore[assignment]  # it has no use for the rest
            return _run(arguments)
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
        print("crossgate: interrupted; `train` goes on with --resume", file=sys.stderr)
        return 130


def _show(message: Warning | str, category: type[Warning], *_: object) -> None:
    """A warning in one line, without the place in the code."""
    print(f"crossgate: {message}", file=sys.stderr)


def _run(arguments: list[str]) -> int:
    root = ArgumentParser(
        prog="crossgate", description=crossgate.__doc__, version=crossgate.__version__, formatter_class=Help
    )
    commands = root.add_subcommands(dest="command", metavar="COMMAND")
    for name, (module, command, summary) in COMMANDS.items():
        # Only the parser that is asked for is built: the others cost an import each.
        asked = name in arguments[:1]
        parser = parser_of(getattr(import_module(module), command)) if asked else ArgumentParser()
        commands.add_subcommand(name, parser, help=summary)
    parsed = root.parse_args(arguments)
    module, command, _ = COMMANDS[parsed.command]
    settings = root.instantiate(parsed)[parsed.command]
    return int(getattr(import_module(module), command)(**vars(settings)).run())
