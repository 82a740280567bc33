"""Rows with named fields -> segments, for tables and JSON alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crossgate.errors import InputError
from crossgate.media.transcripts.found import Found, Notes, shown
from crossgate.media.transcripts.times import seconds_of, seconds_of_number

SYNONYMS: dict[str, tuple[str, ...]] = {
    "text": ("text", "utterance", "transcript", "content", "message", "sentence", "words", "caption"),
    "speaker": (
        *("speaker", "speaker_name", "speaker_id", "speaker_label", "participant", "name", "role"),
        *("author", "sender", "user"),
    ),
    "start": ("start", "start_time", "starttime", "begin", "begin_time", "begintime", "from", "onset"),
    "end": ("end", "end_time", "endtime", "stop", "stop_time", "stoptime", "to", "finish"),
    "duration": ("duration", "dur"),
    "moment": ("timestamp", "datetime", "date_time", "created_at", "time", "date"),
    "id": ("id", "utterance_id", "segment_id", "message_id"),
}
"""Field -> the names it goes by, the better first; small letters, anything else between words an underscore.

A name of a time may end in a unit: `_ms`, `_s`; seconds where it does not. A `moment` is a time of day, which
tells the order and not the place in a recording."""

_UNITS = {
    "ms": 0.001,
    "msec": 0.001,
    "milliseconds": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "secs": 1.0,
    "seconds": 1.0,
}
_TIME_LIKE = re.compile(r"(?i)start|begin|onset|offset|time")
_DATE = re.compile(r"\s*[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T]|\s*$)")


@dataclass(frozen=True)
class _Field:
    name: str
    scale: float = 1.0
    unit: bool = False


@dataclass(frozen=True)
class Row:
    """A row of a table, or an object of JSON: its place for messages, and its values by name."""

    place: str
    values: Mapping[str, object]


def fields_of(names: Iterable[str]) -> dict[str, _Field]:
    """Which name is which field; the better synonym where there are several."""
    fields: dict[str, _Field] = {}
    ranks: dict[str, int] = {}
    for name in names:
        plain = re.sub(r"[\W_]+", "_", name.casefold()).strip("_")
        stem, _, unit = plain.rpartition("_")
        for field, synonyms in SYNONYMS.items():
            is_time = field in ("start", "end", "duration")
            if plain in synonyms:
                found = _Field(name)
            elif is_time and unit in _UNITS and stem in synonyms:
                found, plain = _Field(name, _UNITS[unit], unit=True), stem
            else:
                continue
            rank = synonyms.index(plain)
            if field not in fields or rank < ranks[field]:
                fields[field], ranks[field] = found, rank
            break
    return fields


def segments_of_rows(names: Sequence[str], rows: Sequence[Row], where: str, notes: Notes) -> list[Found]:
    """One segment a row, in order.

    Args:
        names: of the columns, as the file has them.
        rows: places and values by those names.
        where: the file, for messages.
        notes: to add to.

    Raises:
        InputError: where no column holds the words, or a value is not what its column says.
    """
    fields = fields_of(names)
    if "text" not in fields:
        listed = ", ".join(shown(name, 30) for name in names[:20]) or "nothing"
        raise InputError(
            f"no column holds the words; the columns are {listed}",
            where=where,
            fix=f"name one of them {' or '.join(SYNONYMS['text'][:3])}",
        )
    if not {"start", "end", "moment"} & fields.keys():
        for name in filter(_TIME_LIKE.search, names):
            notes.add(f"the column {shown(name)} was not read as times; those are called start and end")
    rows = _by_moment(fields, rows, notes)
    return [_segment(fields, row, f"{where}, {row.place}") for row in rows]


def _by_moment(fields: dict[str, _Field], rows: Sequence[Row], notes: Notes) -> Sequence[Row]:
    """Rows in the order of their dates, where there are dates; times that are dates are put aside."""
    dated = [
        name
        for name in ("start", "end", "moment")
        if name in fields and any(_is_date(row.values.get(fields[name].name)) for row in rows)
    ]
    if "start" in fields and "start" not in dated:
        return rows
    if "moment" not in fields and not dated:
        return rows
    column = fields[dated[0] if dated else "moment"].name
    for name in ("start", "end", "duration"):
        fields.pop(name, None)
    notes.add(f"the column {shown(column)} tells no times in a recording: only the order is used")
    moments = [_moment(row.values.get(column)) for row in rows]
    known = [moment for moment in moments if moment is not None]
    # Times of day without a date, or a mixture, say nothing certain: the order of the file stands.
    if len(known) < len(rows) or len({moment.tzinfo is None for moment in known}) > 1:
        return rows
    try:
        order = sorted(range(len(rows)), key=lambda index: known[index])
    except OverflowError:
        return rows
    if order != list(range(len(rows))):
        notes.add(f"rows stood out of order and were sorted by {shown(column)}")
    return [rows[index] for index in order]


def _is_date(value: object) -> bool:
    return isinstance(value, str) and _DATE.match(value) is not None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, str) or not _is_date(value):
        return None
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        return None


def _segment(fields: dict[str, _Field], row: Row, where: str) -> Found:
    def value(name: str) -> object:
        return row.values.get(fields[name].name) if name in fields else None

    times = {
        name: _seconds(value(name), fields[name], where)
        for name in ("start", "end", "duration")
        if name in fields
    }
    start, end, duration = (times.get(name) for name in ("start", "end", "duration"))
    if end is None and start is not None and duration is not None:
        end = start + duration
    speaker, text, id_ = (_words(value(name), name, where) for name in ("speaker", "text", "id"))
    return Found(row.place, start, end, speaker, text, id_)


def _words(value: object, name: str, where: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if name != "text" and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**18:
        return str(value)
    raise InputError(f"{name} is {shown(value)}, expected words", where=where)


def _seconds(value: object, field: _Field, where: str) -> float | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    try:
        if isinstance(value, str):
            return seconds_of_number(value) * field.scale if field.unit else seconds_of(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) * field.scale
    except ValueError as error:
        raise InputError(f"{shown(field.name)}: {error}", where=where, fix="correct the time") from error
    except OverflowError:
        pass
    raise InputError(f"{shown(field.name)} is {shown(value)}, expected seconds", where=where)
