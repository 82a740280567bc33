"""What a machine must have before it is given work: the same folders, the same versions."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crossgate import __version__
from crossgate.errors import InputError
from crossgate.training.record import watched_versions

MARKER = ".seen-by-"
"""How the name of the file begins by which machines know the folder; the rest is drawn anew every time."""


@dataclass(frozen=True)
class Expected:
    """What every machine is expected to have.

    Attributes:
        marker: a file in the folder that is worked in. A folder of the same name, on a disk of the machine's
            own, does not have it.
        tables: absolute folders that are read from.
        versions: of the packages a number may depend on; None for one that is not installed.
    """

    marker: Path
    tables: tuple[Path, ...]
    versions: dict[str, str | None]

    @classmethod
    @contextmanager
    def of(cls, folder: Path, tables: Sequence[Path]) -> Iterator[Expected]:
        """What this machine has, as long as the block lasts; nobody else may work in `folder`."""
        folder = folder.absolute()
        for old in folder.glob(f"{MARKER}*"):  # of a process that was killed
            old.unlink()
        # A name nobody has looked for yet: network file systems remember what was not there.
        marker = folder / f"{MARKER}{secrets.token_hex(8)}"
        marker.touch()
        try:
            yield cls(marker, tuple(table.absolute() for table in tables), versions())
        finally:
            marker.unlink(missing_ok=True)

    def refuse_otherwise(self) -> None:
        """Raise InputError where this machine has other folders or versions."""
        machine = f"the machine {socket.gethostname()}"
        if not self.marker.is_file():
            raise InputError(
                f"{machine} does not see this folder",
                where=str(self.marker.parent),
                fix="name an --out that all machines share, by the same path",
            )
        for table in self.tables:
            if not table.is_dir():
                raise InputError(
                    f"{machine} does not see this folder, which is read from",
                    where=str(table),
                    fix="keep what is read where all machines share it, by the same path",
                )
        refuse_other_versions(self.versions)


def versions() -> dict[str, str | None]:
    """Of crossgate and the packages a number may depend on; None for one that is not installed."""
    return {"crossgate": __version__, **watched_versions()}


def refuse_other_versions(expected: Mapping[str, str | None]) -> None:
    """Raise InputError where this machine has other versions than `versions` gave on another one."""
    for name, version in versions().items():
        if version != expected.get(name):
            raise InputError(
                f"the machine {socket.gethostname()} has {name} {version}, where the command was given it is "
                f"{expected.get(name)}",
                fix="install the same versions on all machines",
            )
