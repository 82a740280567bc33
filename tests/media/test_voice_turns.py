"""Utterances out of spans of speech."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.errors import InputError
from crossgate.media.clips import Span
from crossgate.media.voices.turns import utterances_from_speech


@st.composite
def speech(draw: st.DrawFn) -> list[Span]:
    """Spans in order, with pauses between them."""
    time, spans = draw(st.floats(0, 5)), []
    for _ in range(draw(st.integers(0, 25))):
        length, pause = draw(st.floats(0.1, 20)), draw(st.floats(0.01, 2))
        spans.append(Span(time, time + length))
        time += length + pause
    return spans


@given(speech(), st.floats(0.5, 30), st.floats(0.05, 1.5))
def test_all_speech_is_covered_once_and_no_longer_than_it_must(
    spans: list[Span], longest: float, pause: float
) -> None:
    utterances = utterances_from_speech(spans, longest, pause)
    assert all(before.end <= after.start for before, after in pairwise(utterances))
    members = [[s for s in spans if u.start <= s.start and s.end <= u.end] for u in utterances]
    assert [span for group in members for span in group] == spans
    for utterance, group in zip(utterances, members, strict=True):
        assert (utterance.start, utterance.end) == (group[0].start, group[-1].end)
        assert utterance.seconds <= longest or len(group) == 1
        assert all(after.start - before.end < pause for before, after in pairwise(group))


def test_short_pauses_join_and_long_ones_part() -> None:
    spans = [Span(0, 1), Span(1.4, 2), Span(2.5, 3)]
    assert utterances_from_speech(spans) == [Span(0, 2), Span(2.5, 3)]


def test_what_is_too_long_is_cut_at_its_longest_pause() -> None:
    spans = [Span(0, 8), Span(8.2, 12), Span(12.4, 14), Span(14.1, 18)]
    assert utterances_from_speech(spans) == [Span(0, 12), Span(12.4, 18)]
    assert utterances_from_speech(spans, longest=6) == [Span(0, 8), Span(8.2, 12), Span(12.4, 18)]


def test_an_hour_without_long_pauses_is_no_trouble() -> None:
    spans = [Span(k, k + 0.9) for k in range(3600)]
    utterances = utterances_from_speech(spans)
    # Equal pauses: the one nearest the middle is taken, so that no crumbs are left.
    assert {round(utterance.seconds) for utterance in utterances} <= {14, 15}


def test_no_speech_no_utterances() -> None:
    assert utterances_from_speech([]) == []


@pytest.mark.parametrize("limits", [{"longest": 0.0}, {"pause": -1.0}, {"longest": float("nan")}])
def test_limits_must_be_positive(limits: dict[str, float]) -> None:
    with pytest.raises(InputError, match="expected seconds above 0"):
        utterances_from_speech([], **limits)


def test_spans_that_overlap_are_refused() -> None:
    with pytest.raises(InputError, match="speech from 1 s overlaps or precedes speech until 2 s"):
        utterances_from_speech([Span(0, 2), Span(1, 3)])
