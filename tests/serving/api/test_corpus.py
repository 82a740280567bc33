"""Corrections as a corpus: a table that opens, with people's emotions and no others."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

from toy_api import ON_SQLITE, Serve, Served, refused
from toy_results import RESULTS, toy_result

from crossgate.corpora.table import CorpusTable, open_parquet, open_table
from crossgate.emotions import IEMOCAP, MELD


def opened(answer: Any, folder: Path) -> CorpusTable:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        assert sorted(archive.namelist()) == ["manifest.json", "train.parquet"]
        archive.extractall(folder)
    return open_table(folder)


def test_it_opens_and_holds_what_people_said(service: Served, tmp_path: Path) -> None:
    result = RESULTS["odd"]
    recording = service.completed(result)
    service.completed(toy_result(), name="not corrected")
    service.queued("not analysed")
    service.correct(recording, "u002", "fear")
    service.correct(recording, "u005", "joy")
    answer = service.client.get("/v1/corpus", params={"only_corrected": "true"})
    assert answer.headers["content-disposition"].startswith('attachment; filename="default-corpus.zip"')
    table = opened(answer, tmp_path / "corpus")
    assert table.manifest.labels == MELD
    assert table.manifest.features == ()
    (conversation,) = table.split("train").conversations
    assert conversation.id == recording.id
    assert len(conversation) == 12
    assert [turn.emotion for turn in conversation.utterances] == [
        {"u002": "fear", "u005": "joy"}.get(turn.id) for turn in result.utterances
    ]
    for turn, said in zip(conversation.utterances, result.utterances, strict=True):
        assert (turn.speaker, turn.text, turn.start) == (said.speaker, said.text, said.start)
    predicted = open_parquet(table.folder / "train.parquet").column("predicted").to_pylist()
    assert predicted == [turn.emotion for turn in result.utterances]
    assert list(service.settings.scratch.iterdir()) == []


def test_all_conversations_where_they_are_asked_for(service: Served, tmp_path: Path) -> None:
    recording = service.completed()
    service.completed(toy_result(kind="text", timed=False), name="chat")
    service.correct(recording, "u001", "joy")
    table = opened(service.client.get("/v1/corpus?only_corrected=false"), tmp_path / "corpus")
    split = table.split("train")
    assert len(split.conversations) == 2
    assert sum(turn.emotion is not None for one in split.conversations for turn in one.utterances) == 1
    assert any("2 conversations, 1 of 12 turns" in note for note in table.manifest.notes)


@ON_SQLITE
def test_conversations_of_two_sets_of_emotions_are_said_to_be(service: Served, tmp_path: Path) -> None:
    one = service.completed(toy_result())
    other = service.completed(toy_result(labels=IEMOCAP.labels))
    service.correct(one, "u001", "joy")
    service.correct(other, "u001", "excited")
    table = opened(service.client.get("/v1/corpus"), tmp_path / "corpus")
    assert set(table.manifest.labels.labels) == {*MELD.labels, *IEMOCAP.labels}
    assert any("2 sets of emotions" in note for note in table.manifest.notes)


def test_without_corrections_there_is_none(service: Served) -> None:
    service.completed()
    assert "corpus" in refused(service.client.get("/v1/corpus"), 409)["title"]
    refused(service.client.get("/v1/corpus", params={"only_corrected": "perhaps"}), 422)
    refused(service.client.get("/v1/corpus", params={"all": "true"}), 422)


def test_what_was_deleted_is_not_in_it(service: Served) -> None:
    recording = service.completed()
    service.correct(recording, "u001", "joy")
    service.client.delete(f"/v1/recordings/{recording.id}")
    refused(service.client.get("/v1/corpus"), 409)


def test_it_is_the_project_s_alone(serve: Serve, tmp_path: Path) -> None:
    service = serve(tokens=True)
    theirs = service.token(project="theirs", name="Ann Secret")
    service.correct(service.completed(project="theirs"), "u001", "joy", headers=theirs)
    refused(service.client.get("/v1/corpus", headers=service.token()), 409)
    answer = service.client.get("/v1/corpus", headers=theirs)
    table = opened(answer, tmp_path / "corpus")
    assert table.manifest.name == "theirs-corrections"
    assert all(b"Ann Secret" not in path.read_bytes() for path in table.folder.iterdir())
