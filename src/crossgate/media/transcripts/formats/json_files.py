"""JSON -> segments: whisper's, whisperX's, `result.json` of this package, lists of objects, JSON lines."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from crossgate.errors import InputError
from crossgate.media.transcripts.formats.fields import Row, segments_of_rows
from crossgate.media.transcripts.found import Found, Notes

LISTS = ("segments", "utterances")
"""Where the list stands in an object: whisper's and whisperX's name, and ours."""


def read(text: str, where: str, notes: Notes) -> list[Found]:
    """The segments of a JSON file. Raises InputError where it is not JSON or holds no list of segments."""
    items = _items(_parsed(text, where), where)
    rows = []
    for number, item in enumerate(items, start=1):
        place = f"segment {number}"
        if not isinstance(item, dict):
            raise InputError("expected an object with text, start, end, speaker", where=f"{where}, {place}")
        rows.append(Row(place, _with_speaker(item, place, notes)))
    if not rows:
        raise InputError("the transcript is empty", where=where)
    names = list(dict.fromkeys(name for row in rows for name in row.values))
    return segments_of_rows(names, rows, where, notes)


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            return _lines(text, where)
        raise InputError(f"not JSON: {error.msg}", where=f"{where}, line {error.lineno}") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; a thousand brackets
        raise InputError(
            "not a transcript's JSON: a number has too many digits, or it is nested too deep", where=where
        ) from error


def _lines(text: str, where: str) -> list[Any]:
    items = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            items.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise InputError("not JSON, nor JSON lines", where=f"{where}, line {number}") from error
    return items


def _items(content: Any, where: str) -> list[Any]:
    if isinstance(content, dict):
        for name in LISTS:
            if isinstance(content.get(name), list):
                return list(content[name])
        if isinstance(content.get("text"), str) and not any(name in content for name in LISTS):
            return [content]  # one line of JSON lines, or whisper's whole text alone
    elif isinstance(content, list):
        return content
    raise InputError(
        "holds no list of segments",
        where=where,
        fix='give a list of objects with "text", or an object with such a list as "segments" or "utterances"',
    )


def _with_speaker(item: dict[str, Any], place: str, notes: Notes) -> Mapping[str, object]:
    """whisperX may know the speakers of words and not of their segment: then the most frequent one."""
    words = item.get("words")
    if item.get("speaker") is not None or not isinstance(words, list):
        return item
    named = [word.get("speaker") for word in words if isinstance(word, dict)]
    counts = Counter(name for name in named if isinstance(name, str))
    if not counts:
        return item
    notes.add("a segment's speaker is that of most of its words", place)
    return {**item, "speaker": counts.most_common(1)[0][0]}
