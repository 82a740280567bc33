"""What is measured already, clip by clip, so that an interrupted extraction goes on where it stood."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crossgate.errors import InputError
from crossgate.pipeline.extraction.worker import Measured


class Done:
    """The measured clips of an extraction: a file of one JSON object a line, the first of them what it is of.

    Args:
        path: of the file; is begun where it is not there.
        what: settings, extractors and source; a file that is of something else is refused.
    """

    def __init__(self, path: Path, what: dict[str, Any]) -> None:
        self._path = path
        self.measured: dict[str, Measured] = {}
        what = json.loads(json.dumps(what))
        whole = 0
        if path.is_file():
            lines = path.read_bytes().splitlines(keepends=True)
            for number, line in enumerate(lines):
                if not line.endswith(b"\n"):
                    break  # written by a process that died in the middle of it
                content = json.loads(line)
                if number == 0 and content != what:
                    raise InputError(
                        "an extraction with other settings, extractors or source was begun here",
                        where=str(path.parent),
                        fix="give the same ones, name another folder, or remove this one",
                    )
                if number:
                    found = {name: tuple(content[name]) for name in ("why", "absent")}
                    one = Measured(content["utterance"], content["vectors"], **found)
                    self.measured[one.utterance] = one
                whole += len(line)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as file:
            file.truncate(whole)
            if not whole:
                file.write(_line(what))

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """A function that keeps one more clip, on the disk and here."""
        with self._path.open("ab") as file:

            def keep(one: Measured) -> None:
                file.write(_line(asdict(one)))
                file.flush()
                self.measured[one.utterance] = one

            yield keep


def _line(content: dict[str, Any]) -> bytes:
    return json.dumps(content, allow_nan=True).encode() + b"\n"
