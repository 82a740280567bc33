"""Whether a `result.json` is what it should be: its JSON Schema, and the rules a schema cannot express."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from itertools import chain
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from crossgate.conversation import INITIALS, MODALITIES
from crossgate.errors import InputError
from crossgate.report.result import SCHEMA_VERSION

SCHEMA_FILE = "result.schema.json"

TOLERANCE = 1e-3
"""How far a sum of probabilities or shares may be from 1: they may have been rounded."""

LARGEST_BITS = 1023
"""Of a whole number; a larger one fits no float."""

KINDS = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "null": "null",
}

Path = Sequence[str | int]


@cache
def schema() -> Mapping[str, Any]:
    """The JSON Schema (2020-12) of `result.json`."""
    content = files("crossgate.report").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
    loaded: Mapping[str, Any] = json.loads(content)
    return loaded


def validate(content: Any, where: str) -> None:
    """Refuse what is not the content of a `result.json`.

    Args:
        content: parsed JSON.
        where: the file, for messages.

    Raises InputError with the place inside the file, what stands there and what is expected.
    """
    _refuse_other_versions(content, where)
    # Numbers first: comparisons with NaN are all false, so the schema's limits would let it pass.
    for complaint in chain(_not_finite(content), _against_schema(content), _inconsistent(content)):
        raise InputError(complaint, where=where, fix=f"the layout is described in {SCHEMA_FILE}")


def _refuse_other_versions(content: Any, where: str) -> None:
    version = content.get("schema_version") if isinstance(content, dict) else None
    if not isinstance(version, str):
        raise InputError(
            "has no schema_version, so it is not the result of an analysis",
            where=where,
            fix="name a result.json, or the folder that `crossgate analyze` wrote",
        )
    if version.partition(".")[0] != SCHEMA_VERSION.partition(".")[0]:
        raise InputError(
            f"schema_version: is {version!r}; this version of crossgate reads {SCHEMA_VERSION}",
            where=where,
            fix="use the version of crossgate that wrote it, or analyse the recording again",
        )


def _against_schema(content: Any) -> Iterator[str]:
    """What the schema finds, the first in the order of the file."""
    found = sorted(
        Draft202012Validator(schema()).iter_errors(content), key=lambda error: _order(error.absolute_path)
    )
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        yield _said(found[0]) + more


def _order(path: Iterable[str | int]) -> list[tuple[bool, int, str]]:
    return [(isinstance(step, str), step if isinstance(step, int) else 0, str(step)) for step in path]


def _said(error: ValidationError) -> str:
    """One violation in plain words."""
    place, value, wanted = _place(tuple(error.absolute_path)), _shown(error.instance), error.validator_value
    match error.validator:
        case "type":
            kinds = [wanted] if isinstance(wanted, str) else wanted
            return f"{place}: is {value}, expected {' or '.join(KINDS[kind] for kind in kinds)}"
        case "required":
            missing = [name for name in wanted if name not in error.instance]
            return f"{place}: {', '.join(missing)} is missing"
        case "minimum":
            return f"{place}: is {value}, expected {wanted} or more"
        case "exclusiveMinimum":
            return f"{place}: is {value}, expected more than {wanted}"
        case "maximum":
            return f"{place}: is {value}, expected {wanted} or less"
        case "enum":
            return f"{place}: is {value}, expected one of {', '.join(wanted)}"
        case "minLength":
            return f"{place}: is empty"
        case "minItems" | "minProperties":
            return f"{place}: has {len(error.instance)} entries, expected {wanted} at least"
        case "uniqueItems":
            return f"{place}: names one thing twice"
    return f"{place}: {error.message}"


def _not_finite(content: Any) -> Iterator[str]:
    """Numbers that are none, which JSON does not know but Python reads."""
    # With a list of its own, not by recursion: a file may be nested deeper than Python's stack.
    left: list[tuple[Path, Any]] = [((), content)]
    while left:
        path, value = left.pop()
        if isinstance(value, dict):
            left += [((*path, str(key)), inner) for key, inner in reversed(value.items())]
        elif isinstance(value, list | tuple):
            left += [((*path, place), inner) for place, inner in reversed(list(enumerate(value)))]
        elif isinstance(value, float) and not math.isfinite(value):
            yield f"{_place(path)}: is {value}, expected a finite number"
        elif isinstance(value, int) and value.bit_length() > LARGEST_BITS:
            yield f"{_place(path)}: is too large a number"


def _inconsistent(content: Mapping[str, Any]) -> Iterator[str]:
    """What contradicts itself, in content that fits the schema."""
    labels = content["labels"]
    turns = content["utterances"]
    seen: dict[str, int] = {}
    for position, turn in enumerate(turns):
        place = f"utterances[{position}]"
        first = seen.setdefault(turn["id"], position)
        if first != position:
            yield f"{place}.id: is {turn['id']!r} as that of utterances[{first}]"
        yield from _wrong_times(turn, place)
        yield from _wrong_distribution(turn["probabilities"], labels, f"{place}.probabilities")
        yield from _wrong_emotion(turn, labels, place)
        yield from _wrong_modalities(turn, labels, place)
    counts = Counter(turn["speaker"] for turn in turns)
    listed = {speaker["name"]: speaker["turns"] for speaker in content["speakers"]}
    for name in {**counts, **listed}:
        said, found = listed.get(name, 0), counts.get(name, 0)
        if said != found:
            yield f"speakers: {name!r} has {said} turns here, {found} in utterances"


def _wrong_times(turn: Mapping[str, Any], place: str) -> Iterator[str]:
    start, end = turn["start"], turn["end"]
    if (start is None) != (end is None):
        yield f"{place}: has {'an end but no start' if start is None else 'a start but no end'}"
    elif start is not None and end < start:
        yield f"{place}.end: is {end} s, before the start at {start} s"


def _wrong_distribution(given: Mapping[str, float], labels: Sequence[str], place: str) -> Iterator[str]:
    if list(given) != list(labels):
        yield f"{place}: names {', '.join(given)}; expected the labels in their order, {', '.join(labels)}"
    elif abs(sum(given.values()) - 1) > TOLERANCE:
        yield f"{place}: sum to {sum(given.values()):.4f}, expected 1"


def _wrong_emotion(turn: Mapping[str, Any], labels: Sequence[str], place: str) -> Iterator[str]:
    emotion, probabilities = turn["emotion"], turn["probabilities"]
    if emotion not in labels:
        yield f"{place}.emotion: is {emotion!r}, which is none of the labels {', '.join(labels)}"
        return
    likeliest = max(probabilities, key=lambda label: probabilities[label])
    if probabilities[emotion] < probabilities[likeliest] - TOLERANCE:
        yield f"{place}.emotion: is {emotion!r}, but {likeliest!r} has the largest probability"
    elif abs(turn["confidence"] - probabilities[emotion]) > TOLERANCE:
        yield (
            f"{place}.confidence: is {turn['confidence']}, but {emotion!r} has the probability "
            f"{probabilities[emotion]}"
        )


def _wrong_modalities(turn: Mapping[str, Any], labels: Sequence[str], place: str) -> Iterator[str]:
    uses = {modality: turn["modalities"][modality] for modality in MODALITIES}  # others are passed over
    total = sum(use["share"] for use in uses.values())
    # Not by the sum: shares may be small, but none of them is then 0.
    if any(use["share"] for use in uses.values()) and abs(total - 1) > TOLERANCE:
        yield f"{place}.modalities: the shares sum to {total:.4f}, expected 1 (or every share 0)"
    absent = {INITIALS[modality] for modality in MODALITIES if not uses[modality]["present"]}
    for view, given in turn["views"].items():
        if absent & set(view):
            yield f"{place}.views.{view}: stands here, but one of its modalities is not present"
        yield from _wrong_distribution(given, labels, f"{place}.views.{view}")


def _place(path: Path) -> str:
    """`utterances[3].confidence`; the whole file is `the file`."""
    words = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return words.removeprefix(".") or "the file"


def _shown(value: Any) -> str:
    """A value as JSON, shortened."""
    if isinstance(value, dict | list):
        return KINDS["object" if isinstance(value, dict) else "array"]
    words = json.dumps(value, ensure_ascii=False)
    return words if len(words) <= 60 else f"{words[:57]}..."
