"""`crossgate token COMMAND`: who may use the service, and how long it keeps what it is given."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from crossgate.errors import InputError

if TYPE_CHECKING:
    from crossgate.serving.storage.database import Database

COMMANDS = {
    "create": ("crossgate.cli.token", "CreateToken", "make a token, and tell it this once"),
    "list": ("crossgate.cli.token", "ListTokens", "show the tokens, without their secrets"),
    "revoke": ("crossgate.cli.token", "RevokeToken", "end a token"),
    "retention": ("crossgate.cli.token", "Retention", "say how long a project's recordings are kept"),
}

ENVIRONMENT = "CROSSGATE_DATABASE"
"""Environment variable with the database's URL, which may hold a password: arguments are seen by others."""


@dataclass(frozen=True, kw_only=True)
class OfService:
    """Which service's tokens these are; the same as `crossgate serve` is given."""

    positional: ClassVar[tuple[str, ...]] = ()

    data: Path = Path("crossgate-service")
    """Folder of the service."""
    database: str = field(default="", repr=False)
    """URL of its PostgreSQL database, or CROSSGATE_DATABASE in the environment; else SQLite in the folder."""

    @contextmanager
    def opened(self, *, make: bool = False) -> Iterator[Database]:
        """The service's database; only where `make` is true one that was not there yet."""
        try:
            from crossgate.serving.settings import ServiceSettings
            from crossgate.serving.storage.database import Database
        except ImportError as error:
            raise InputError(
                f"the service's libraries are not installed: {error}", fix="pip install 'crossgate[serve]'"
            ) from error
        settings = ServiceSettings(data=self.data, database=self.database or os.environ.get(ENVIRONMENT, ""))
        url = settings.database_url
        if not settings.database:
            if not make and not (self.data / "service.sqlite").exists():
                raise InputError(
                    "no service has kept anything here",
                    where=str(self.data),
                    fix="name its folder (--data) or its database (--database)",
                )
            # As the service makes it: nobody else on this machine reads what is kept here.
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        database = Database(url)
        try:
            yield database
        finally:
            database.close()


@dataclass(frozen=True, kw_only=True)
class CreateToken(OfService):
    """Make a token for a project, which is made as well where it is not there.

    The token is printed this once; the service keeps only its SHA-256. Whoever has it may do what its scopes
    say to everything in the project, and to nothing else.
    """

    name: str
    """What it is for, such as a machine or a person; corrections are signed with it."""
    project: str = "default"
    """Whose recordings it opens; `default` is also the project of a service that asks for no token."""
    scopes: str = "read,write"
    """What it may do, by commas: read (see), write (send, correct, talk live), admin (delete)."""

    def run(self) -> int:
        """Make it and tell it."""
        from crossgate.serving.storage.projects import create_token

        wanted = tuple(self.scopes.replace(",", " ").split())
        with self.opened(make=True) as database:
            secret, info = create_token(database, self.project, self.name, wanted)
        print(secret)
        _note(f"token {info.id[:8]} of the project {info.project}, for {', '.join(info.scopes)}")
        _note("keep it now: it is not shown again")
        return 0


@dataclass(frozen=True, kw_only=True)
class ListTokens(OfService):
    """Show every token of the service, the newest first, without its secret."""

    def run(self) -> int:
        """Print a table."""
        from rich.console import Console
        from rich.markup import escape
        from rich.table import Table

        from crossgate.serving.storage.projects import all_projects, all_tokens

        with self.opened() as database:
            tokens, projects = all_tokens(database), all_projects(database)
        console = Console(highlight=False)
        table = Table("id", "name", "project", "scopes", "created", "revoked", box=None, pad_edge=False)
        for token in tokens:
            days = [f"{moment:%Y-%m-%d}" if moment else "-" for moment in (token.created, token.revoked)]
            table.add_row(
                token.id[:8], escape(token.name), escape(token.project), " ".join(token.scopes), *days
            )
        if tokens:
            console.print(table)
        else:
            console.print("no tokens")
        for project in projects:
            if project.retention_days is not None:
                name, days_kept = escape(project.name), f"{project.retention_days:g}"
                console.print(f"recordings of {name} are kept for {days_kept} days")
        return 0


@dataclass(frozen=True, kw_only=True)
class RevokeToken(OfService):
    """End a token; the service refuses it from then on, and live conversations by it with their next turn."""

    positional: ClassVar[tuple[str, ...]] = ("id",)

    id: str = field(metadata={"help": "its id, or the beginning of it, as `crossgate token list` shows it"})

    def run(self) -> int:
        """End it and say which it was."""
        from crossgate.serving.storage.projects import revoke_token

        with self.opened() as database:
            info = revoke_token(database, str(self.id))  # positional arguments arrive as paths
        print(f"revoked {info.id[:8]} ({info.name}) of the project {info.project}")
        return 0


@dataclass(frozen=True, kw_only=True)
class Retention(OfService):
    """Say how long a project's recordings are kept; what is older is deleted with all that came of it.

    It holds for recordings that are sent from now on and for those that are there.
    """

    positional: ClassVar[tuple[str, ...]] = ("project",)

    project: str = field(metadata={"help": "name of the project"})
    days: float | None = None
    """Days; left out, as long as the service says (`crossgate serve --retention_days`)."""

    def run(self) -> int:
        """Keep it and say it."""
        from crossgate.serving.storage.projects import set_retention

        with self.opened(make=True) as database:
            project = set_retention(database, str(self.project), self.days)
        kept = "as long as the service says" if self.days is None else f"for {self.days:g} days"
        print(f"recordings of {project.name} are kept {kept}")
        return 0


def _note(words: str) -> None:
    """Beside the output, so that a token can be piped on."""
    print(f"crossgate: {words}", file=sys.stderr)
