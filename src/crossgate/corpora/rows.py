"""The rules of a table's rows: from Arrow columns to conversations and vectors, or an error with the row."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from crossgate.conversation import Conversation, Utterance
from crossgate.emotions import LabelSet
from crossgate.errors import InputError, reason_of

REQUIRED = ("conversation_id", "utterance_id", "turn", "speaker")
"""Columns every table must have; `text, start, end, emotion` and features may be missing."""

MOST_MISSING = 100_000_000
"""Numbers of a column that holds none: a manifest alone may not ask for more memory than this."""

ROW_SCHEMA = pa.schema(
    [
        ("conversation_id", pa.string()),
        ("utterance_id", pa.string()),
        ("turn", pa.int32()),
        ("speaker", pa.string()),
        ("text", pa.string()),
        ("start", pa.float64()),
        ("end", pa.float64()),
        ("emotion", pa.string()),
    ]
)
"""The columns of a table this package writes, before a corpus' own and the features."""


def conversations_of(content: pa.Table, labels: LabelSet, where: str) -> tuple[Conversation, ...]:
    """Group rows into conversations.

    Rows of one conversation stand together with `turn` rising, and ids are unique. Raises InputError with
    the row (counted from 0) where that is not so, where a column is missing or a label unknown.
    """
    missing = [name for name in REQUIRED if name not in content.column_names]
    if missing:
        raise InputError(
            f"column {', '.join(missing)} is missing; the file has {', '.join(content.column_names)}",
            where=where,
            fix=f"every table needs {', '.join(REQUIRED)}",
        )
    columns = {
        name: plain_values(content, name, where)
        if name in content.column_names
        else [None] * content.num_rows
        for name in (*REQUIRED, "text", "start", "end", "emotion")
    }
    grouped: dict[str, list[Utterance]] = {}
    seen: dict[str, int] = {}
    last_conversation, last_turn = None, 0
    for row in range(content.num_rows):
        place = f"{where}, row {row}"
        cells = {name: values[row] for name, values in columns.items()}
        for name in REQUIRED:
            if cells[name] is None or cells[name] == "":
                raise InputError(f"{name} is empty", where=place)
        conversation, utterance, turn = (
            str(cells["conversation_id"]),
            str(cells["utterance_id"]),
            cells["turn"],
        )
        if utterance in seen:
            raise InputError(
                f"utterance_id {utterance!r} stands in row {seen[utterance]} already",
                where=place,
                fix="give every utterance an id of its own",
            )
        seen[utterance] = row
        if not isinstance(turn, int) or isinstance(turn, bool):
            raise InputError(f"turn is {turn!r}, expected a whole number", where=place)
        if conversation != last_conversation and conversation in grouped:
            raise InputError(
                f"conversation {conversation!r} goes on here after another one began",
                where=place,
                fix="sort the rows by conversation, then by turn",
            )
        if conversation == last_conversation and turn <= last_turn:
            raise InputError(
                f"turn {turn} of conversation {conversation!r} follows turn {last_turn}",
                where=place,
                fix="sort the rows by conversation, then by turn",
            )
        if not isinstance(cells["text"], str | None):
            raise InputError(f"text is {cells['text']!r}, expected words", where=place)
        emotion = cells["emotion"] if cells["emotion"] != "" else None
        if emotion is not None and not isinstance(emotion, str):
            raise InputError(
                f"emotion is {emotion!r}, expected its name",
                where=place,
                fix=f"write names, such as {labels.labels[0]!r}, in the place of numbers",
            )
        labels.index(emotion, where=f"{place}, utterance {utterance}")
        grouped.setdefault(conversation, []).append(
            Utterance(
                id=utterance,
                speaker=str(cells["speaker"]),
                text=cells["text"],
                start=_seconds(cells["start"], f"{place}, start"),
                end=_seconds(cells["end"], f"{place}, end"),
                emotion=emotion,
            )
        )
        last_conversation, last_turn = conversation, turn
    return tuple(Conversation(id, tuple(utterances)) for id, utterances in grouped.items())


def plain_values(content: pa.Table, name: str, where: str) -> list[Any]:
    """The cells of a column. Raises InputError where one is no UTF-8, or no date that Python knows."""
    try:
        values: list[Any] = content.column(name).to_pylist()
    except (pa.ArrowException, ValueError, OverflowError) as error:
        raise InputError(f"cannot be read: {reason_of(error)}", where=f"{where}, column {name}") from error
    return values


def is_vector(type: pa.DataType) -> bool:
    """Whether a column of this type can hold a feature: lists of numbers."""
    if not (pa.types.is_list(type) or pa.types.is_large_list(type) or pa.types.is_fixed_size_list(type)):
        return False
    number = type.value_type
    return bool(pa.types.is_integer(number) or pa.types.is_floating(number) or pa.types.is_null(number))


def vector_column(values: npt.NDArray[np.float32], present: npt.NDArray[np.bool_]) -> pa.Array:
    """Vectors (utterance, feature) as a column of fixed-size lists, null where not present."""
    flat = pa.array(np.ascontiguousarray(values, dtype=np.float32).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1], mask=pa.array(~present))


def feature_values(
    column: pa.ChunkedArray, where: str, dimension: int | None = None
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
    """A column of equally long lists of numbers as `values (utterance, feature)` and `present (utterance,)`.

    Null rows and rows of nothing but NaN are not present; their values are NaN. Raises InputError where a
    row has another length than the rest, or than `dimension`, or the column holds no lists of numbers.
    """
    if pa.types.is_null(column.type):  # how pandas writes a column without one value
        column = column.cast(pa.list_(pa.float32()))
    if not is_vector(column.type):
        raise InputError(f"expected lists of numbers, got {column.type}", where=where)
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):  # combine_chunks keeps an empty column chunked
        array = array.chunk(0) if array.num_chunks else pa.array([], type=column.type)
    present = ~np.asarray(pc.is_null(array), dtype=bool)
    lengths = np.asarray(pc.fill_null(pc.list_value_length(array), -1))
    found = lengths[present]
    expected = dimension if dimension is not None else (int(found[0]) if found.size else 0)
    wrong = np.flatnonzero(present & (lengths != expected))
    if wrong.size:
        row = int(wrong[0])
        raise InputError(
            f"the feature has {lengths[row]} numbers, expected {expected}",
            where=f"{where}, row {row}",
            fix="a missing vector is null; all others have the length the manifest states",
        )
    if not found.size and len(array) * expected > MOST_MISSING:
        raise InputError(
            f"no row has a vector, and {len(array)} rows of {expected} numbers were asked for",
            where=where,
            fix="leave the column out",
        )
    values = np.full((len(array), expected), np.nan, dtype=np.float32)
    if found.size:
        flat: Any = pc.list_flatten(array)
        numbers = np.asarray(flat.cast(pa.float32(), safe=False).to_numpy(zero_copy_only=False))
        values[present] = numbers.reshape(-1, expected)
    present &= ~np.isnan(values).all(axis=1) if expected else present
    return values, present


def _seconds(value: Any, where: str) -> float | None:
    """A time in seconds; NaN counts as not given, as pandas writes it."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        seconds = math.inf
    if math.isinf(seconds):
        raise InputError(f"{value!r} is not a time in seconds", where=where)
    return None if math.isnan(seconds) else seconds
