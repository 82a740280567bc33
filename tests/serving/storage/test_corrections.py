"""Corrections stand beside the predictions, and are the project's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from crossgate.errors import InputError
from crossgate.serving.storage import recordings
from crossgate.serving.storage.corrections import correct, corrections_of, withdraw
from crossgate.serving.storage.database import Database
from crossgate.serving.storage.media import MediaStore
from crossgate.serving.storage.projects import ensure_project
from crossgate.serving.storage.tables import Correction, Recording
from toy_service import OUTCOME, analysed, found


@pytest.fixture
def recording(database: Database, tmp_path: Path) -> Recording:
    return analysed(database, MediaStore(str(tmp_path / "media")), tmp_path)


def change(
    database: Database, recording: Recording, turn: str, emotion: str, **other: str
) -> Correction | None:
    project = other.get("project_id", recording.project_id)
    note = other.get("note")
    return correct(
        database, project, recording.id, turn, predicted="joy", emotion=emotion, note=note, author="Ada"
    )


def test_a_correction_stands_beside_the_prediction(
    database: Database, recording: Recording, tmp_path: Path
) -> None:
    kept = change(database, recording, "u1", "anger", note="listen again")
    assert kept is not None
    (only,) = corrections_of(database, recording.project_id, recording.id) or []
    assert (only.predicted, only.emotion, only.note, only.author) == ("joy", "anger", "listen again", "Ada")
    assert only.created == kept.created
    after = found(database, recording)
    assert after.corrections == 1
    assert {each.emotion: each.turns for each in after.emotions} == OUTCOME.emotions
    store = MediaStore(str(tmp_path / "media"))
    assert store.read(recordings.key_of(after, str(after.result_file))) == b"result"


def test_a_later_one_takes_the_place_of_an_earlier(database: Database, recording: Recording) -> None:
    for turn, emotion in (("u1", "anger"), ("u2", "fear"), ("u1", "sadness")):
        change(database, recording, turn, emotion)
    kept = corrections_of(database, recording.project_id, recording.id) or []
    assert [(each.utterance_id, each.emotion) for each in kept] == [("u2", "fear"), ("u1", "sadness")]


def test_people_at_once_leave_one_correction(database: Database, recording: Recording) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda k: change(database, recording, "u1", f"e{k}"), range(8)))
    assert None not in done
    assert len(corrections_of(database, recording.project_id, recording.id) or []) == 1


def test_withdrawn_is_gone(database: Database, recording: Recording) -> None:
    change(database, recording, "u1", "anger")
    assert withdraw(database, recording.project_id, recording.id, "u1")
    assert not withdraw(database, recording.project_id, recording.id, "u1")
    assert corrections_of(database, recording.project_id, recording.id) == []


def test_another_project_sees_and_changes_nothing(database: Database, recording: Recording) -> None:
    change(database, recording, "u1", "anger")
    other = ensure_project(database, "other").id
    assert corrections_of(database, other, recording.id) is None
    assert change(database, recording, "u1", "fear", project_id=other) is None
    assert not withdraw(database, other, recording.id, "u1")
    (only,) = corrections_of(database, recording.project_id, recording.id) or []
    assert only.emotion == "anger"


@pytest.mark.parametrize("text", ["a\0", "\udfff"])
def test_what_no_database_keeps_is_refused(database: Database, recording: Recording, text: str) -> None:
    with pytest.raises(InputError, match="utterance_id"):
        change(database, recording, text, "anger")
    with pytest.raises(InputError, match="note"):
        change(database, recording, "u1", "anger", note=text)
    with pytest.raises(InputError, match="utterance_id"):
        withdraw(database, recording.project_id, recording.id, text)
    assert corrections_of(database, recording.project_id, recording.id) == []
