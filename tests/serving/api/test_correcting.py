"""Corrections: beside the prediction, never in its place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest
from toy_api import ON_SQLITE, Serve, Served, refused
from toy_results import toy_result

from crossgate.report.result import Result
from crossgate.serving.storage.corrections import corrections_of


def with_ids(result: Result, *ids: str) -> Result:
    turns = tuple(replace(turn, id=id) for turn, id in zip(result.utterances, ids, strict=True))
    return replace(result, utterances=turns)


def listed(service: Served, id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = service.client.get(f"/v1/recordings/{id}/corrections").json()["items"]
    return found


def test_a_correction_stands_beside_the_prediction(service: Served) -> None:
    recording = service.completed()
    path = f"/v1/recordings/{recording.id}"
    before = service.client.get(f"{path}/result").content
    predicted = service.client.get(f"{path}/result").json()["utterances"][1]["emotion"]
    answer = service.client.put(f"{path}/corrections/u002", json={"emotion": "fear", "note": "her voice"})
    assert answer.status_code == 200
    made = answer.json()
    assert made | {"created": ""} == {
        "utterance_id": "u002",
        "predicted": predicted,
        "emotion": "fear",
        "note": "her voice",
        "author": "local",
        "created": "",
    }
    assert listed(service, recording.id) == [made]
    assert service.client.get(path).json()["corrections"] == 1
    assert service.client.get(f"{path}/result").content == before
    again = service.correct(recording, "u002", "joy").json()
    assert (again["emotion"], again["note"], again["predicted"]) == ("joy", None, predicted)
    assert listed(service, recording.id) == [again]
    answer = service.client.delete(f"{path}/corrections/u002")
    assert (answer.status_code, answer.content) == (204, b"")
    assert listed(service, recording.id) == []
    refused(service.client.delete(f"{path}/corrections/u002"), 404)


ODD = ("a/b", "Ü 李?x=1&y#z", "line\nend", "100%", "a//b/", '"; --')


def test_ids_of_turns_are_whatever_a_transcript_has(service: Served) -> None:
    recording = service.completed(with_ids(toy_result(len(ODD)), *ODD))
    for id in ODD:
        answer = service.correct(recording, quote(id, safe=""), "joy")
        assert answer.status_code == 200, (id, answer.text)
        assert answer.json()["utterance_id"] == id
    assert {each["utterance_id"] for each in listed(service, recording.id)} == set(ODD)
    for id in ODD:
        path = f"/v1/recordings/{recording.id}/corrections/{quote(id, safe='')}"
        assert service.client.delete(path).status_code == 204
    assert listed(service, recording.id) == []


@ON_SQLITE
@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"emotion": "boredom"}, "emotion"),
        ({"emotion": ""}, "emotion"),
        ({"emotion": 3}, "emotion"),
        ({}, "emotion"),
        ({"emotion": "joy", "note": "n" * 2001}, "note"),
        ({"emotion": "joy", "certain": True}, "certain"),
        ([], "object"),
        ("joy", "object"),
    ],
)
def test_a_correction_that_is_none_is_refused(service: Served, body: object, word: str) -> None:
    recording = service.completed()
    answer = service.client.put(f"/v1/recordings/{recording.id}/corrections/u001", json=body)
    assert word in str(refused(answer, 422))
    assert listed(service, recording.id) == []


@pytest.mark.parametrize("note", ["a\\u0000b", "\\ud800", "\\udc00\\ud800"])
def test_texts_that_no_database_keeps_are_refused(service: Served, note: str) -> None:
    recording = service.completed()
    path = f"/v1/recordings/{recording.id}/corrections"
    body = f'{{"emotion": "joy", "note": "{note}"}}'
    headers = {"Content-Type": "application/json"}
    refused(service.client.put(f"{path}/u001", content=body, headers=headers), 422)
    refused(service.client.put(f"{path}/u%00", json={"emotion": "joy"}), 422)
    refused(service.client.delete(f"{path}/u%00"), 422)
    assert listed(service, recording.id) == []


def test_there_must_be_such_a_turn(service: Served) -> None:
    recording = service.completed()
    assert refused(service.correct(recording, "u999", "joy"), 404)["title"] == "There is no such turn"
    refused(service.correct(service.queued(), "u001", "joy"), 409)
    refused(service.client.put(f"/v1/recordings/{'0' * 32}/corrections/u001", json={"emotion": "joy"}), 404)
    refused(service.client.get(f"/v1/recordings/{'0' * 32}/corrections"), 404)
    refused(service.client.delete(f"/v1/recordings/{'0' * 32}/corrections/u001"), 404)


@ON_SQLITE
def test_the_body_is_json_of_a_bounded_size(service: Served) -> None:
    recording = service.completed()
    path = f"/v1/recordings/{recording.id}/corrections/u001"
    refused(service.client.put(path, content=b"{}", headers={"Content-Type": "text/plain"}), 415)
    refused(service.client.put(path), 415)
    refused(service.client.put(path, content=b"{", headers={"Content-Type": "application/json"}), 422)
    refused(service.client.put(path, json={"emotion": "e" * 200_000}), 413)
    answer = service.client.put(
        path, content=b'{"emotion": "joy"}', headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert answer.status_code == 200


def test_it_is_signed_and_belongs_to_the_project(serve: Serve) -> None:
    service = serve(tokens=True)
    recording = service.completed(project="theirs")
    ann = service.token("write", project="theirs", name="Ann")
    assert service.correct(recording, "u001", "joy", headers=ann).json()["author"] == "Ann"
    other = service.token("read", "write")
    refused(service.correct(recording, "u001", "fear", headers=other), 404)
    path = f"/v1/recordings/{recording.id}/corrections"
    refused(service.client.get(path, headers=other), 404)
    refused(service.client.delete(f"{path}/u001", headers=other), 404)
    (kept,) = corrections_of(service.storage.database, recording.project_id, recording.id) or []
    assert kept.emotion == "joy"
