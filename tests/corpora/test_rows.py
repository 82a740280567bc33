"""The rules of a table's rows: conversations and vectors, or an error with the row."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from crossgate.corpora.rows import conversations_of, feature_values
from crossgate.emotions import MELD
from crossgate.errors import InputError


def row(conversation: str = "c0", turn: int = 0, **cells: Any) -> dict[str, Any]:
    return {
        "conversation_id": conversation,
        "utterance_id": f"{conversation}_u{turn}",
        "turn": turn,
        "speaker": "A",
        "text": "Pass the salt.",
        "start": 1.5,
        "end": 2.5,
        "emotion": "joy",
        **cells,
    }


def refuse(rows: list[dict[str, Any]], words: str) -> str:
    """The message with which the rows are refused."""
    with pytest.raises(InputError, match=words) as caught:
        conversations_of(pa.Table.from_pylist(rows), MELD, "toy.parquet")
    return str(caught.value)


def test_rows_become_conversations() -> None:
    rows = [
        row("c0", 0),
        row("c0", 4, speaker="B", emotion=None, text=None, start=None, end=None),
        row("c1", 2),
    ]
    first, second = conversations_of(pa.Table.from_pylist(rows), MELD, "toy")
    assert (first.id, len(first), second.id, len(second)) == ("c0", 2, "c1", 1)
    assert first.utterances[0].text == "Pass the salt."
    assert (first.utterances[0].start, first.utterances[0].end) == (1.5, 2.5)
    other = first.utterances[1]
    assert (other.id, other.speaker, other.text, other.start, other.end, other.emotion) == (
        "c0_u4",
        "B",
        None,
        None,
        None,
        None,
    )


@pytest.mark.parametrize("name", ["conversation_id", "utterance_id", "turn", "speaker"])
def test_a_required_column_is_missing(name: str) -> None:
    cells = row()
    del cells[name]
    message = refuse([cells], f"column {name} is missing")
    assert "toy.parquet" in message
    assert "every table needs" in message


@pytest.mark.parametrize("name", ["text", "start", "end", "emotion"])
def test_the_other_columns_may_be_missing(name: str) -> None:
    cells = row()
    del cells[name]
    (conversation,) = conversations_of(pa.Table.from_pylist([cells]), MELD, "toy")
    assert getattr(conversation.utterances[0], name) is None


@pytest.mark.parametrize("name", ["conversation_id", "utterance_id", "turn", "speaker"])
def test_a_required_cell_is_empty(name: str) -> None:
    assert "row 1" in refuse([row(), row(turn=1) | {name: None}], f"{name} is empty")


def test_an_unknown_label_is_named_with_row_and_utterance() -> None:
    assert "row 1, utterance c0_u1" in refuse(
        [row(), row(turn=1, emotion="hungry")], "unknown emotion 'hungry'"
    )


@pytest.mark.parametrize("conversation", ["c0", "c1"])
def test_an_utterance_id_stands_twice(conversation: str) -> None:
    rows = [row(utterance_id="u"), row(conversation, 1, utterance_id="u")]
    assert "row 1" in refuse(rows, "'u' stands in row 0 already")


@pytest.mark.parametrize("turns", [(0, 0), (3, 1)])
def test_turns_rise(turns: tuple[int, int]) -> None:
    rows = [row(turn=turn, utterance_id=f"u{n}") for n, turn in enumerate(turns)]
    assert "row 1" in refuse(rows, f"turn {turns[1]} of conversation 'c0' follows turn {turns[0]}")


def test_a_conversation_is_not_split_in_two() -> None:
    assert "row 2" in refuse([row("c0"), row("c1"), row("c0", 1)], "goes on here after another one began")


@pytest.mark.parametrize("turn", [1.0, "1", True])
def test_a_turn_is_a_whole_number(turn: Any) -> None:
    refuse([row() | {"turn": turn}], "expected a whole number")


def test_a_text_is_a_text() -> None:
    assert "row 0" in refuse([row(text=5)], "text is 5, expected words")


@pytest.mark.parametrize(("start", "words"), [("soon", "'soon' is not a time"), (float("inf"), "not a time")])
def test_a_time_is_in_seconds(start: Any, words: str) -> None:
    assert "row 0, start" in refuse([row(start=start)], words)


def test_a_time_that_is_nan_is_none() -> None:
    (conversation,) = conversations_of(pa.Table.from_pylist([row(end=float("nan"))]), MELD, "toy")
    assert conversation.utterances[0].end is None


def test_an_empty_label_is_no_label() -> None:
    (conversation,) = conversations_of(pa.Table.from_pylist([row(emotion="")]), MELD, "toy")
    assert conversation.utterances[0].emotion is None


FIXED = pa.list_(pa.float32(), 2)
TYPES = [
    FIXED,
    pa.list_(pa.float32()),
    pa.list_(pa.float64()),
    pa.large_list(pa.float32()),
    pa.list_(pa.int64()),
]


def column(values: list[Any], type: pa.DataType) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, type=type)])


@pytest.mark.parametrize("type", TYPES, ids=str)
def test_lists_of_numbers_become_an_array(type: pa.DataType) -> None:
    values, present = feature_values(column([[1, 2], None, [3, 4]], type), "toy")
    assert values.dtype == np.float32
    assert present.tolist() == [True, False, True]
    np.testing.assert_array_equal(values, [[1, 2], [np.nan, np.nan], [3, 4]])


@pytest.mark.parametrize("type", TYPES, ids=str)
def test_chunks_and_slices_are_no_matter(type: pa.DataType) -> None:
    whole = pa.chunked_array(
        [pa.array([[0, 0], None, [1, 2]], type=type), pa.array([[3, 4], [5, 6]], type=type).slice(1)]
    ).slice(1)
    values, present = feature_values(whole, "toy")
    assert present.tolist() == [False, True, True]
    np.testing.assert_array_equal(values[1:], [[1, 2], [5, 6]])


def test_nan_in_part_is_present_and_nan_in_all_is_not() -> None:
    nan = float("nan")
    values, present = feature_values(
        column([[1.0, nan], [nan, nan], [None, 2.0]], pa.list_(pa.float64())), "toy"
    )
    assert present.tolist() == [True, False, True]
    np.testing.assert_array_equal(values[[0, 2]], [[1, np.nan], [np.nan, 2]])


@pytest.mark.parametrize("type", [*TYPES, pa.null()], ids=str)
def test_a_column_of_nulls_and_an_empty_one(type: pa.DataType) -> None:
    values, present = feature_values(column([None, None], type), "toy", dimension=2)
    assert values.shape == (2, 2)
    assert not present.any()
    values, present = feature_values(pa.chunked_array([], type=type), "toy", dimension=2)
    assert values.shape == (0, 2)
    assert present.shape == (0,)


@pytest.mark.parametrize(
    ("values", "dimension", "words"),
    [
        ([[1.0, 2.0], [1.0]], None, "row 1: the feature has 1 numbers, expected 2"),
        ([None, [1.0, 2.0]], 3, "row 1: the feature has 2 numbers, expected 3"),
        ([[]], 2, "row 0: the feature has 0 numbers, expected 2"),
    ],
)
def test_a_wrong_length(values: list[Any], dimension: int | None, words: str) -> None:
    with pytest.raises(InputError, match=words):
        feature_values(column(values, pa.list_(pa.float64())), "toy", dimension=dimension)


@pytest.mark.parametrize(
    "array",
    [
        pa.array([["a", "b"]]),
        pa.array([[[1.0], [2.0]]]),
        pa.array([[True, False]]),
        pa.array(["ab"]),
        pa.array([1.0]),
        pa.array([{"x": 1.0, "y": 2.0}]),
    ],
    ids=lambda array: str(array.type),
)
def test_what_is_no_list_of_numbers(array: pa.Array) -> None:
    with pytest.raises(InputError, match=r"toy.*expected lists of numbers"):
        feature_values(pa.chunked_array([array]), "toy, column x")
