"""`crossgate doctor`."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import ClassVar

from crossgate.cli.token import ENVIRONMENT


@dataclass(frozen=True, kw_only=True)
class Doctor:
    """Say what works on this machine, what does not, and how to mend it.

    Parts are tried, not only looked for; nothing is changed, and nothing fetched from a network. The exit
    code is 1 where something is broken; what is absent can be done without.
    """

    positional: ClassVar[tuple[str, ...]] = ()

    data: Path = Path("crossgate-service")
    """Folder of the service, whose database is looked at."""
    database: str = field(default="", repr=False)
    """URL of the service's PostgreSQL database, or CROSSGATE_DATABASE in the environment."""
    json: Path | None = None
    """Write the findings to this file, too: for a report of a bug."""

    def run(self) -> int:
        """Look, and say what was found."""
        from rich.console import Console
        from rich.table import Column, Table

        from crossgate.doctor.examine import examine
        from crossgate.files import write_json

        url = self.database or os.environ.get(ENVIRONMENT, "")
        findings = list(examine(database_url=url, data=self.data))
        table = Table("part", "state", Column("found", overflow="fold"), box=None, pad_edge=False)
        for one in findings:
            mend = f"\n-> {one.mend}" if one.mend and one.state != "works" else ""
            table.add_row(one.part, STATES[one.state], f"{one.said}{mend}")
        Console(highlight=False, markup=False).print(table)
        broken = [one.part for one in findings if one.state == "broken"]
        print(f"broken: {', '.join(broken)}" if broken else "nothing is broken")
        if self.json is not None:
            write_json(self.json, [asdict(one) for one in findings])
        return 1 if broken else 0


STATES = {"works": "works", "absent": "absent", "broken": "BROKEN"}
