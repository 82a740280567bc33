"""Projects and their tokens: hashed, scoped, revoked, one project each."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from crossgate.errors import InputError
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.projects import (
    access_of,
    all_projects,
    all_tokens,
    create_token,
    ensure_project,
    revoke_token,
    set_retention,
)
from crossgate.serving.storage.tables import Token


def test_a_project_is_made_once(database: Database) -> None:
    with ThreadPoolExecutor(4) as pool:
        ids = {project.id for project in pool.map(lambda _: ensure_project(database, "team"), range(8))}
    assert ids == {project.id for project in all_projects(database)}
    assert len(ids) == 1


@pytest.mark.parametrize("name", ["", " team", "../team", "a/b", "a\0", "x" * 101, "\ud800"])
def test_what_is_no_name_is_refused(database: Database, name: str) -> None:
    with pytest.raises(InputError):
        ensure_project(database, name)
    with pytest.raises(InputError):
        create_token(database, "team", name, ("read",))
    assert all_tokens(database) == []


def test_a_token_opens_its_project_with_its_scopes(database: Database) -> None:
    secret, info = create_token(database, "team", "laptop", ("write", "read"))
    other, _ = create_token(database, "others", "laptop", ("admin",))
    access = access_of(database, secret)
    assert access is not None
    assert (access.project, access.scopes, access.token) == ("team", ("read", "write"), info.id)
    assert access.project_id == ensure_project(database, "team").id
    rival = access_of(database, other)
    assert rival is not None
    assert (rival.project, rival.scopes) == ("others", ("admin",))
    assert rival.project_id != access.project_id


def test_no_token_is_kept(database: Database) -> None:
    secret, info = create_token(database, "team", "laptop", ("read",))
    assert secret.startswith("cg_")
    assert len(secret) >= 40
    with database.reading() as session:
        rows = session.execute(text("SELECT * FROM tokens")).all()
    assert len(rows) == 1
    assert secret.removeprefix("cg_") not in repr(rows) + repr(info) + repr(all_tokens(database))


def test_a_revoked_token_opens_nothing(database: Database) -> None:
    secret, info = create_token(database, "team", "laptop", ("read",))
    kept, _ = create_token(database, "team", "phone", ("read",))
    revoked = revoke_token(database, info.id[:20])
    assert revoked.revoked is not None
    assert revoke_token(database, info.id).revoked == revoked.revoked
    assert access_of(database, secret) is None
    assert access_of(database, kept) is not None
    assert {token.id: token.revoked for token in all_tokens(database)}[info.id] == revoked.revoked


def test_no_other_word_opens_anything(database: Database) -> None:
    secret, info = create_token(database, "team", "laptop", ("read",))
    with database.reading() as session:
        digest = session.scalar(select(Token.digest))
    for word in ("", "cg_", secret[:-1], secret + "x", secret.upper(), info.id, str(digest), "\0", "\ud800"):
        assert access_of(database, word) is None


@pytest.mark.parametrize("scopes", [(), ("root",), ("read", "root")])
def test_unknown_scopes_are_refused(database: Database, scopes: tuple[str, ...]) -> None:
    with pytest.raises(InputError, match="scope"):
        create_token(database, "team", "laptop", scopes)
    assert all_tokens(database) == []


def test_what_names_not_one_token_revokes_none(database: Database) -> None:
    for name in ("one", "two"):
        create_token(database, "team", name, ("read",))
    for words in ("", "%", "_", "nothing"):
        with pytest.raises(InputError, match="expected one"):
            revoke_token(database, words)
    assert [token.revoked for token in all_tokens(database)] == [None, None]


@pytest.mark.parametrize("days", [0, -1, float("nan"), float("inf"), 40000])
def test_what_is_no_retention_is_refused(database: Database, days: float) -> None:
    with pytest.raises(InputError, match="retention_days"):
        set_retention(database, "team", days)
    assert all_projects(database) == []
