"""Projects, and the tokens that open them."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from crossgate.errors import InputError
from crossgate.serving.settings import check_retention
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.tables import Project, Token, now

DEFAULT_PROJECT = "default"
"""The project of whoever uses the service on its own machine, without a token."""

SCOPES = ("read", "write", "admin")
"""What a token may do: see, change, delete. Each holds for itself alone."""

PREFIX = "cg_"
"""How every token begins, so that scanners of leaked secrets know it."""

NAME = re.compile(r"[\w][\w .@-]{0,99}")


@dataclass(frozen=True)
class Access:
    """Who asks.

    Attributes:
        project_id: whose recordings are seen.
        project: its name.
        scopes: of `SCOPES`.
        token: its id, None on the machine's own address.
        author: what corrections are signed with.
    """

    project_id: str
    project: str
    scopes: tuple[str, ...]
    token: str | None
    author: str


@dataclass(frozen=True)
class TokenInfo:
    """A token without its secret."""

    id: str
    name: str
    project: str
    scopes: tuple[str, ...]
    created: datetime
    revoked: datetime | None


def ensure_project(database: Database, name: str = DEFAULT_PROJECT) -> Project:
    """The project of a name, made where it is not there. Raises InputError where that is no name."""
    if not NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name of a project", fix="begin with a letter or digit; at most 100 characters"
        )
    found = _project(database, name)
    if found is not None:
        return found
    try:
        with database.writing() as session:
            session.add(Project(id=uuid4().hex, name=name, retention_days=None, created=now()))
    except IntegrityError:  # another service was faster
        pass
    found = _project(database, name)
    assert found is not None
    return found


def set_retention(database: Database, name: str, days: float | None) -> Project:
    """Keep a project's recordings for so many days; None for as long as the service says.

    Raises InputError where that is no number of days.
    """
    check_retention(days)
    project = ensure_project(database, name)
    with database.writing() as session:
        stored = session.get_one(Project, project.id)
        stored.retention_days = days
        return stored


def all_projects(database: Database) -> list[Project]:
    """Every project, by name."""
    with database.reading() as session:
        return list(session.scalars(select(Project).order_by(Project.name)))


def create_token(
    database: Database, project: str, name: str, scopes: tuple[str, ...]
) -> tuple[str, TokenInfo]:
    """A new token, which is told this once and never again, and what is kept of it.

    Raises InputError where a scope or the name is none.
    """
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise InputError(
            f"unknown scope {', '.join(map(repr, unknown))}" if unknown else "no scope is asked for",
            fix=f"choose among {', '.join(SCOPES)}",
        )
    if not NAME.fullmatch(name):
        raise InputError(f"{name!r} is no name of a token", fix="begin with a letter or digit")
    owner = ensure_project(database, project)
    secret = PREFIX + secrets.token_urlsafe(32)
    token = Token(
        id=uuid4().hex,
        project_id=owner.id,
        name=name,
        digest=digest_of(secret),
        scopes=" ".join(scope for scope in SCOPES if scope in scopes),
        created=now(),
        revoked=None,
    )
    with database.writing() as session:
        session.add(token)
    return secret, _info(token, owner.name)


def all_tokens(database: Database) -> list[TokenInfo]:
    """Every token, the newest first."""
    with database.reading() as session:
        rows = session.execute(select(Token, Project.name).join(Project).order_by(Token.created.desc()))
        return [_info(token, name) for token, name in rows]


def revoke_token(database: Database, id: str) -> TokenInfo:
    """End a token, named by its id or the beginning of it.

    Raises InputError where that names not exactly one.
    """
    with database.writing() as session:
        rows = session.execute(
            select(Token, Project.name).join(Project).where(Token.id.startswith(id, autoescape=True))
        ).all()
        if not id or len(rows) != 1:
            raise InputError(
                f"{id!r} names {len(rows)} tokens, expected one", fix="`crossgate token list` shows their ids"
            )
        token, name = rows[0]
        token.revoked = token.revoked or now()
        return _info(token, name)


def access_of(database: Database, secret: str) -> Access | None:
    """What a token opens; None where it is unknown or revoked."""
    with database.reading() as session:
        row = session.execute(
            select(Token, Project.name)
            .join(Project)
            .where(Token.digest == digest_of(secret), Token.revoked.is_(None))
        ).one_or_none()
        if row is None:
            return None
        token, name = row
        return Access(token.project_id, name, tuple(token.scopes.split()), token.id, token.name)


def is_revoked(database: Database, token: str) -> bool:
    """Whether a token, named by its id, opens nothing any more."""
    with database.reading() as session:
        wanted = select(Token.id).where(Token.id == token, Token.revoked.is_(None))
        return session.scalar(wanted) is None


def digest_of(secret: str) -> str:
    """What is kept of a token. It is random, 256 bits, so that a plain hash cannot be guessed back."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def retention_of(session: Session, project_id: str, default: float | None) -> float | None:
    """Days a project's recordings are kept; None for ever."""
    days = session.scalar(select(Project.retention_days).where(Project.id == project_id))
    return default if days is None else days


def _project(database: Database, name: str) -> Project | None:
    with database.reading() as session:
        return session.scalar(select(Project).where(Project.name == name))


def _info(token: Token, project: str) -> TokenInfo:
    return TokenInfo(token.id, token.name, project, tuple(token.scopes.split()), token.created, token.revoked)
