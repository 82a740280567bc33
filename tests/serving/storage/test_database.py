"""The tables as the migrations make them, transactions, and what is said where there is no database."""

from __future__ import annotations

import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from crossgate.errors import InputError
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.database import Database, migrations, upgrade
from crossgate.serving.storage.opened import open_storage
from crossgate.serving.storage.projects import all_projects, ensure_project
from crossgate.serving.storage.tables import Base, Project, now


def test_migrations_from_nothing_make_the_tables_the_code_speaks_of(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        upgrade(connection)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
        assert set(inspect(connection).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    with engine.begin() as connection:
        upgrade(connection)  # a second time changes nothing
        command.downgrade(migrations(connection), "base")
    with engine.connect() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_a_database_is_opened_by_several_at_once(database_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(Database, [database_url] * 4))
    ensure_project(opened[0])
    assert [[project.name for project in all_projects(each)] for each in opened] == [["default"]] * 4
    for each in opened:
        each.close()


def test_a_new_file_that_another_writes_is_waited_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    writer = sqlite3.connect(tmp_path / "new.sqlite", isolation_level=None, check_same_thread=False)
    writer.execute("BEGIN IMMEDIATE")
    with ThreadPoolExecutor(1) as pool:
        opened = pool.submit(Database, url)
        time.sleep(0.2)
        assert not opened.done()
        writer.execute("COMMIT")
        database = opened.result()
    assert ensure_project(database).name == "default"
    database.close()
    writer.close()


def test_what_fails_is_undone_and_what_is_written_stays(database_url: str) -> None:
    database = Database(database_url)
    project = Project(id="0" * 32, name="half", retention_days=None, created=now())

    def fail() -> None:
        with database.writing() as session:
            session.add(project)
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert all_projects(database) == []
    kept = ensure_project(database, "whole")
    database.close()
    again = Database(database_url)
    assert [(each.id, each.created) for each in all_projects(again)] == [(kept.id, kept.created)]
    assert kept.created.utcoffset() is not None
    again.close()


def test_whether_it_answers(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert database.healthy()
    monkeypatch.setattr(database, "_engine", create_engine("sqlite:////nowhere/at/all"))
    assert not database.healthy()


def test_tables_of_a_newer_version_are_refused(database_url: str) -> None:
    Database(database_url).close()
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(InputError, match="none this version knows"):
        Database(database_url)


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://me:hunter2@127.0.0.1:1/none", "nonsense://me:hunter2@x/y", ""]
)
def test_no_database_is_said_without_the_password(url: str) -> None:
    with pytest.raises(InputError) as caught:
        Database(url)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    other = tmp_path / "notes.sqlite"
    other.write_bytes(b"not a database at all" * 100)
    with pytest.raises(InputError, match="cannot be used"):
        Database(f"sqlite:///{other}")
    assert other.read_bytes() == b"not a database at all" * 100


def test_storage_is_made_in_its_folder_and_closed_to_others(tmp_path: Path) -> None:
    settings = ServiceSettings(data=tmp_path / "deep" / "service")
    with open_storage(settings) as storage:
        ensure_project(storage.database)
        (tmp_path / "upload").write_bytes(b"sound")
        storage.media.take(tmp_path / "upload", "project/recording/media")
    with open_storage(settings) as storage:
        assert [project.name for project in all_projects(storage.database)] == ["default"]
        assert storage.media.read("project/recording/media") == b"sound"
    assert settings.data.stat().st_mode & 0o77 == 0
    assert (settings.data / "media").stat().st_mode & 0o77 == 0


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match="cannot be made"),
        open_storage(ServiceSettings(data=tmp_path / "file")),
    ):
        pass


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql(scheme: str) -> None:
    settings = ServiceSettings(database=f"{scheme}://me:hunter2@host/name")
    assert settings.database_url == "postgresql+psycopg://me:hunter2@host/name"
    assert "hunter2" not in repr(settings)


def test_other_databases_are_refused_without_the_password() -> None:
    with pytest.raises(InputError) as caught:
        _ = ServiceSettings(database="mysql://me:hunter2@host/name").database_url
    assert "hunter2" not in str(caught.value)
