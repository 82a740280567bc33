"""A result goes into JSON and comes back; what is no result is named, with the place."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from drawn_results import results
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from toy_results import toy_result

from crossgate.errors import InputError
from crossgate.report import reading
from crossgate.report.reading import read_result, result_of
from crossgate.report.result import Result
from crossgate.report.schema import schema, validate


def content() -> dict[str, Any]:
    """Of a small good result."""
    made: dict[str, Any] = json.loads(json.dumps(toy_result(4, gaps=0).to_json()))
    return made


def complaint(changed: Any) -> str:
    with pytest.raises(InputError) as caught:
        validate(changed, "talk/result.json")
    assert caught.value.where == "talk/result.json"
    return caught.value.what


@given(results())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_result_comes_back_as_it_went(result: Result) -> None:
    assert result_of(json.loads(json.dumps(result.to_json())), "somewhere") == result


@pytest.mark.parametrize(
    "result",
    [
        toy_result(0),
        toy_result(1),
        toy_result(30, odd=True, overlapping=True),
        toy_result(5, kind="text", timed=False),
        toy_result(5, kind="audio", texts=False),
        toy_result(5, gaps=1.0),
    ],
)
def test_a_file_and_its_folder_are_read(tmp_path: Path, result: Result) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps(result.to_json()), encoding="utf-8")
    assert read_result(file) == result
    assert read_result(tmp_path) == result


def test_the_schema_is_one_and_describes_every_field() -> None:
    Draft202012Validator.check_schema(dict(schema()))

    def undescribed(part: Any, place: str) -> list[str]:
        found = []
        for name, inner in part.get("properties", {}).items():
            found += [] if inner.get("description") else [f"{place}.{name}"]
            found += undescribed(inner, f"{place}.{name}")
        for name in {"items", "additionalProperties"} & set(part):
            found += undescribed(part[name], f"{place}.{name}")
        return found

    parts = {"result": schema(), **schema()["$defs"]}
    assert [name for place, part in parts.items() for name in undescribed(part, place)] == []


def test_the_schema_names_every_field_that_is_written() -> None:
    written = content()
    named = schema()["properties"]
    assert set(named) == {*written, "summary"}
    for name in ("media", "model"):
        assert set(named[name]["properties"]) == set(written[name])
    assert set(named["speakers"]["items"]["properties"]) == set(written["speakers"][0])
    turn = schema()["$defs"]["turn"]["properties"]
    assert set(turn) == set(written["utterances"][0])
    assert set(schema()["$defs"]["use"]["properties"]) == set(written["utterances"][0]["modalities"]["text"])


def test_fields_of_a_later_version_are_let_be() -> None:
    later = content()
    later |= {"schema_version": "1.7", "weather": "fine", "summary": {"anything": [1, 2]}}
    later["media"]["colour"] = "red"
    later["utterances"][0]["arousal"] = 0.4
    later["utterances"][0]["modalities"]["text"]["words"] = 3
    later["utterances"][0]["modalities"]["gesture"] = {}
    assert result_of(later, "somewhere") == toy_result(4, gaps=0)


DAMAGES: list[tuple[str, Any, str]] = [
    ("utterances.3.confidence", "high", 'utterances[3].confidence: is "high", expected a number'),
    ("utterances.3.confidence", True, "utterances[3].confidence: is true, expected a number"),
    ("utterances.1.start", -1, "utterances[1].start: is -1, expected 0 or more"),
    ("utterances.1.end", 3.0, "utterances[1].end: is 3.0 s, before the start at 3.75 s"),
    ("utterances.1.end", None, "utterances[1]: has a start but no end"),
    ("utterances.2.id", "u001", "utterances[2].id: is 'u001' as that of utterances[0]"),
    ("utterances.2.id", "", "utterances[2].id: is empty"),
    ("utterances.0.emotion", "envy", "utterances[0].emotion: is 'envy', which is none of the labels"),
    ("utterances.0.emotion", "fear", "has the largest probability"),
    ("utterances.0.confidence", 0.01, "utterances[0].confidence: is 0.01, but"),
    ("utterances.0.probabilities.joy", 0.9, "utterances[0].probabilities: sum to 1."),
    ("utterances.0.probabilities.joy", 1.5, "utterances[0].probabilities.joy: is 1.5, expected 1 or less"),
    ("utterances.0.probabilities.joy", float("nan"), "joy: is nan, expected a finite number"),
    ("utterances.0.probabilities.envy", 0.0, "expected the labels in their order"),
    ("utterances.0.views.ta.joy", 1.0, "utterances[0].views.ta: sum to 1."),
    ("utterances.0.views.tx", {}, "expected one of t, a, v, ta, tv, av, tav"),
    ("utterances.0.modalities.audio.present", False, "utterances[0].views.a: stands here, but"),
    ("utterances.0.modalities.audio.share", 0.0, "utterances[0].modalities: the shares sum to 0."),
    ("utterances.0.modalities.audio", None, "utterances[0].modalities.audio: is null, expected an object"),
    ("utterances.1.text", 5, "utterances[1].text: is 5, expected a text or null"),
    ("utterances", {}, "utterances: is an object, expected a list"),
    ("media.kind", "film", 'media.kind: is "film", expected one of video, audio, text'),
    ("media.width", 0.5, "media.width: is 0.5, expected a whole number or null"),
    ("model.temperature", 0, "model.temperature: is 0, expected more than 0"),
    ("labels", ["joy"], "labels: has 1 entries, expected 2 at least"),
    ("labels.1", "neutral", "labels: names one thing twice"),
    ("speakers.0.turns", 9, "speakers: 'Ann' has 9 turns here, 2 in utterances"),
    ("speakers.0.name", "Cy", "speakers: 'Ann' has 0 turns here, 2 in utterances"),
    ("settings.rate", float("inf"), "settings.rate: is inf, expected a finite number"),
    ("settings.rate", 10**400, "settings.rate: is too large a number"),
    ("schema_version", "1.x", "schema_version: "),
    ("schema_version", "2.0", "schema_version: is '2.0'; this version of crossgate reads 1.0"),
    ("schema_version", 1, "has no schema_version"),
]


@pytest.mark.parametrize(("place", "value", "said"), DAMAGES)
def test_what_is_wrong_is_said_with_its_place(place: str, value: Any, said: str) -> None:
    damaged = content()
    *way, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    part = damaged
    for step in way:
        part = part[step]  # type: ignore[index]
    part[last] = value  # type: ignore[index]
    assert said in complaint(damaged)


@pytest.mark.parametrize("field", ["media", "model", "labels", "speakers", "utterances"])
def test_a_missing_field_is_named(field: str) -> None:
    damaged = content()
    del damaged[field]
    assert complaint(damaged) == f"the file: {field} is missing"


def test_labels_in_another_order_are_refused() -> None:
    damaged = content()
    turn = damaged["utterances"][2]
    turn["probabilities"] = dict(reversed(turn["probabilities"].items()))
    assert "utterances[2].probabilities: names" in complaint(damaged)


def test_the_first_of_many_is_said_and_the_rest_counted() -> None:
    damaged = content()
    for turn in damaged["utterances"][1:]:
        turn["abstained"] = "maybe"
    assert complaint(damaged) == ('utterances[1].abstained: is "maybe", expected true or false (and 2 more)')


def test_rounded_numbers_are_no_contradiction() -> None:
    rounded = content()
    for turn in rounded["utterances"]:
        turn["probabilities"] = {name: round(p, 4) for name, p in turn["probabilities"].items()}
        turn["confidence"] = round(turn["confidence"], 3)
    validate(rounded, "somewhere")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (b"", "not JSON: line 1, column 1"),
        (b'{"a": 1,\n  oops', "not JSON: line 2, column 3"),
        (b"\xff\xfe{}", "not a text in UTF-8"),
        (b"[1, 2]", "has no schema_version"),
        (b"null", "has no schema_version"),
        (b"[" * 200_000, "not JSON that can be read"),
        (b'{"schema_version": ' + b"1" * 5000 + b"}", "not JSON that can be read"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, written: bytes, said: str) -> None:
    file = tmp_path / "result.json"
    file.write_bytes(written)
    with pytest.raises(InputError, match=said) as caught:
        read_result(tmp_path)
    assert str(file) in str(caught.value)


def test_a_byte_order_mark_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps(content()), encoding="utf-8-sig")
    assert read_result(tmp_path) == toy_result(4, gaps=0)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    for missing in (tmp_path, tmp_path / "other.json"):
        with pytest.raises(InputError, match="no such file"):
            read_result(missing)


def test_a_file_too_large_is_not_even_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "result.json"
    with file.open("wb") as sparse:
        os.truncate(sparse.fileno(), reading.LARGEST + 1)
    monkeypatch.setattr(json, "loads", lambda _: pytest.fail("the file was read"))
    with pytest.raises(InputError, match="more than the 200 MB"):
        read_result(file)
