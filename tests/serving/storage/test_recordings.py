"""Recordings: found by their own project alone, listed with filters and pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from crossgate.errors import InputError
from crossgate.serving.storage.claims import Outcome
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.projects import ensure_project, set_retention
from crossgate.serving.storage.recordings import (
    Filter,
    counts_by_state,
    expiry,
    folder_of,
    listed,
    new_recording,
)
from crossgate.serving.storage.recordings import found as find
from toy_service import analysed, found, queue

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def names(database: Database, limit: int = 50, project: str = "default", **which: object) -> list[str]:
    page = listed(database, ensure_project(database, project).id, Filter(**which), limit, None)  # type: ignore[arg-type]
    assert page.next is None
    return [recording.name for recording in page.items]


def test_a_project_sees_its_own_alone(database: Database) -> None:
    mine, theirs = queue(database, "mine", "one"), queue(database, "theirs", "two")
    assert names(database, project="one") == ["mine"]
    assert names(database, project="two") == ["theirs"]
    kept = find(database, mine.project_id, mine.id)
    assert kept is not None
    assert (kept.name, kept.settings, kept.state, kept.corrections) == ("mine", {"turns": None}, "QUEUED", 0)
    assert find(database, mine.project_id, theirs.id) is None
    assert find(database, theirs.project_id, mine.id) is None
    for id in ("", "%", "\0", "../x", mine.id.upper() + "x"):
        assert find(database, mine.project_id, id) is None


def test_names_are_shown_and_never_paths(database: Database) -> None:
    for name in ("../../etc/passwd", "C:\\con", "", "Ünïcödé 🎬", "'; DROP TABLE recordings; --"):
        recording = queue(database, name)
        assert found(database, recording).name == name
        assert folder_of(recording) == f"{recording.project_id}/{recording.id}"
    assert len(names(database)) == 5


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_what_no_database_keeps_is_refused(database: Database, name: str) -> None:
    with pytest.raises(InputError, match="name"):
        queue(database, name)
    for which in ("name", "speaker", "emotion"):
        with pytest.raises(InputError, match=which):
            names(database, **{which: name})
    assert names(database) == []


@pytest.mark.parametrize("id", ["../x", "", "A" * 32, "a" * 31])
def test_only_our_ids_become_paths(id: str) -> None:
    with pytest.raises(ValueError, match="no id"):
        new_recording(id, "p", "name", bytes=0, settings={}, policy=None, model="toy")


def test_filters(database: Database, tmp_path: Path) -> None:
    store = MediaStore(str(tmp_path / "media"))
    sad = Outcome("audio", 3.0, 1, {"joy": 0, "sadness": 1}, ("Cem",))
    analysed(database, store, tmp_path, name="Ärger_50% one")
    analysed(database, store, tmp_path, sad, name="two")
    queue(database, "three")
    assert names(database) == ["three", "two", "Ärger_50% one"]
    assert names(database, state="COMPLETED") == ["two", "Ärger_50% one"]
    assert names(database, state="QUEUED") == ["three"]
    assert names(database, name="äRGER") == names(database, name="_50%") == ["Ärger_50% one"]
    assert names(database, name="%") == ["Ärger_50% one"]
    assert names(database, name="*") == []
    assert names(database, speaker="Ada") == ["Ärger_50% one"]
    assert names(database, speaker="Ad") == []
    assert names(database, emotion="sadness") == ["two", "Ärger_50% one"]
    assert names(database, emotion="joy") == ["Ärger_50% one"]
    assert names(database, emotion="anger") == []
    assert names(database, emotion="sadness", speaker="Cem", state="COMPLETED", name="w") == ["two"]
    assert counts_by_state(database) == {"COMPLETED": 2, "QUEUED": 1}


def test_filters_by_time(database: Database) -> None:
    for hour in range(3):
        queue(database, f"{hour}", created=NOON + timedelta(hours=hour))
    east = (NOON + timedelta(hours=1)).astimezone(timezone(timedelta(hours=5)))
    assert names(database, created_after=east) == ["2", "1"]
    assert names(database, created_before=east) == ["0"]
    assert names(database, created_after=east, created_before=east) == []
    for wrong in (datetime(2026, 1, 1), datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))):
        with pytest.raises(InputError, match="created_after"):
            names(database, created_after=wrong)


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_hold_everything_once_newest_first(database: Database, limit: int) -> None:
    # Three of each moment: the id decides among them.
    for k in range(7):
        queue(database, f"{k}", created=NOON + timedelta(microseconds=k // 3))
    queue(database, "elsewhere", "other")
    project = ensure_project(database).id
    seen, cursor = [], None
    while True:
        page = listed(database, project, Filter(), limit, cursor)
        seen += page.items
        queue(database, "came meanwhile")  # moves nothing
        if page.next is None:
            break
        assert len(page.items) == limit
        cursor = page.next
    keys = [(each.created, each.id) for each in seen]
    assert keys == sorted(keys, reverse=True)
    assert sorted(each.name for each in seen) == [f"{k}" for k in range(7)]


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "W10", "WzEsMl0", "bnVsbA", "Ä", "\0", "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwgImEiXQ"],
)
def test_a_cursor_of_somebody_else_is_refused(database: Database, cursor: str) -> None:
    with pytest.raises(InputError, match="cursor"):
        listed(database, ensure_project(database).id, Filter(), 10, cursor)


def test_no_state_and_no_limit_of_ours(database: Database) -> None:
    with pytest.raises(InputError, match="state"):
        names(database, state="DONE")
    with pytest.raises(InputError, match="limit"):
        names(database, limit=0)


def test_when_it_expires(database: Database) -> None:
    recording = queue(database, created=NOON)
    with database.reading() as session:
        assert expiry(session, recording, None) is None
        assert expiry(session, recording, 2) == NOON + timedelta(days=2)
    set_retention(database, "default", 0.5)
    with database.reading() as session:
        assert expiry(session, recording, 2) == NOON + timedelta(hours=12)
