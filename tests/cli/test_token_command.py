"""`crossgate token` from outside: a secret is told once, and what is no good is refused in words."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from crossgate.cli.main import main
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import open_storage
from crossgate.serving.storage.projects import access_of


def token(folder: Path, *arguments: str) -> int:
    return main(["token", *arguments, "--data", str(folder / "service")])


def test_a_token_is_made_used_and_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        token(tmp_path, "create", "--name", "laptop of Ann", "--project", "team", "--scopes", "read,admin")
        == 0
    )
    said = capsys.readouterr()
    secret = said.out.strip()
    assert secret.startswith("cg_")
    assert "not shown again" in said.err
    assert secret not in said.err
    settings = ServiceSettings(data=tmp_path / "service")
    with open_storage(settings) as storage:
        access = access_of(storage.database, secret)
        assert access is not None
        assert (access.project, access.scopes, access.author) == ("team", ("read", "admin"), "laptop of Ann")
        id = access.token
    assert id is not None
    assert stat.S_IMODE((tmp_path / "service").stat().st_mode) == 0o700
    assert token(tmp_path, "list") == 0
    shown = capsys.readouterr().out
    assert id[:8] in shown
    assert "laptop of Ann" in shown
    assert secret not in shown
    assert token(tmp_path, "revoke", id[:8]) == 0
    assert "laptop of Ann" in capsys.readouterr().out
    with open_storage(settings) as storage:
        assert access_of(storage.database, secret) is None


def test_a_projects_recordings_are_kept_for_so_long(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert token(tmp_path, "retention", "team", "--days", "30") == 0
    assert "for 30 days" in capsys.readouterr().out
    assert token(tmp_path, "list") == 0
    shown = capsys.readouterr().out
    assert "no tokens" in shown
    assert "team are kept for 30 days" in shown
    assert token(tmp_path, "retention", "team") == 0
    assert "as long as the service says" in capsys.readouterr().out
    assert token(tmp_path, "list") == 0
    assert "kept" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("create", "--name", "x", "--scopes", "read,fly"), "unknown scope 'fly'"),
        (("create", "--name", "x", "--scopes", ","), "no scope"),
        (("create", "--name", "/x"), "no name of a token"),
        (("create",), "name"),
        (("create", "--name", "x", "--project", ""), "no name of a project"),
        (("create", "--name", "x", "--database", "mysql://there/db"), "none the service knows"),
        (("revoke", "abc"), "names 0 tokens"),
        (("retention", "team", "--days", "-1"), "retention_days is -1"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    assert token(tmp_path, "create", "--name", "first") == 0
    try:
        code = token(tmp_path, *arguments)
    except SystemExit as exit:  # the parser's own
        code = int(exit.code or 0)
    assert code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("command", [("list",), ("revoke", "abc")])
def test_where_no_service_was_nothing_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    assert token(tmp_path, *command) == 2
    assert "no service has kept anything here" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_database_may_stand_in_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSGATE_DATABASE", "postgresql://crossgate:secret@127.0.0.1:9/nothing")
    assert token(tmp_path, "list") == 2
    assert "secret" not in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
