from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crossgate.features.text.turn_windows import causal_windows, centred_windows, training_windows

LIMIT = 30
lengths = st.lists(st.integers(1, LIMIT), max_size=40)


@given(lengths)
def test_every_turn_is_taken_once_and_stands_in_its_window(lengths):
    for cut in (causal_windows, centred_windows):
        windows = cut(lengths, LIMIT)
        assert sorted(turn for window in windows for turn in window.taken) == list(range(len(lengths)))
        for window in windows:
            assert all(window.first <= turn < window.end for turn in window.taken)
            assert sum(lengths[window.first : window.end]) <= LIMIT


@given(lengths, st.data())
def test_what_a_live_turn_sees_does_not_depend_on_what_follows(lengths, data):
    end = data.draw(st.integers(0, len(lengths)))

    def begins(windows):
        return {turn: window.first for window in windows for turn in window.taken}

    whole = begins(causal_windows(lengths, LIMIT))
    assert begins(causal_windows(lengths[:end], LIMIT)) == {t: f for t, f in whole.items() if t < end}


def test_a_turn_is_taken_where_it_has_most_around_it():
    windows = centred_windows([5] * 12, 40)
    assert [(window.first, window.end) for window in windows] == [(0, 8), (5, 12)]
    # Turn 6 has 5 tokens after it in the first window and 5 before it in the second.
    assert [window.taken for window in windows] == [tuple(range(7)), tuple(range(7, 12))]


@given(lengths, st.integers(1, LIMIT))
def test_training_windows_share_the_turns_out(lengths, offset):
    windows = training_windows(lengths, LIMIT, offset)
    assert [turn for window in windows for turn in window.taken] == list(range(len(lengths)))
    assert all(sum(lengths[window.first : window.end]) <= LIMIT for window in windows)


def test_the_offset_moves_the_cut():
    assert [w.end for w in training_windows([10] * 6, 30, 30)] == [3, 6]
    assert [w.end for w in training_windows([10] * 6, 30, 10)] == [1, 4, 6]
