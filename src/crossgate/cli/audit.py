"""`crossgate audit PATH`: look a table or a feature pickle over for defects."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from crossgate.errors import InputError


@dataclass(frozen=True)
class Audit:
    """Look a corpus over: copied, empty and broken vectors, labels, sizes, what the splits share.

    Exits with 0 whatever is found, with 1 under `--strict` where an error is found, with 2 where the path
    cannot be read.
    """

    positional: ClassVar[tuple[str, ...]] = ("path",)

    path: Path = field(
        metadata={"help": "folder of a corpus table, with or without manifest.json, or a feature pickle"}
    )
    json: Path | None = None
    """Write the report as JSON to this file; `-` writes it to the terminal in place of the tables."""
    strict: bool = False
    """Exit with 1 where a finding is an error, for use in scripts."""

    def run(self) -> int:
        """Audit, print, and return the exit code."""
        from rich.console import Console

        from crossgate.corpora.audit import audit
        from crossgate.files import read_json, write_json

        if self.json not in (None, Path("-")) and self.json.exists():
            there = read_json(self.json)
            if not isinstance(there, dict) or "findings" not in there:
                raise InputError(
                    "exists already, and is no audit", where=str(self.json), fix="name another file"
                )
        report = audit(self.path)
        if self.json == Path("-"):
            json.dump(report.to_json(), sys.stdout, indent=2, ensure_ascii=False)
            print()
        else:
            report.print(Console())
            if self.json is not None:
                write_json(self.json, report.to_json())
                print(f"report: {self.json}")
        return 1 if self.strict and report.of("error") else 0
