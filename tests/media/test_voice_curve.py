"""Voice activity: the curve, and the spans it tells."""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.errors import InputError
from crossgate.media.clips import Span
from crossgate.media.voices.curve import SpeechSettings, VoiceCurve

STEP = 0.032


def curve(values: list[float], start: float = 0.0) -> VoiceCurve:
    return VoiceCurve(start, STEP, np.array(values, np.float32), len(values) * STEP)


@given(st.lists(st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0]), max_size=120))
def test_spans_are_in_order_long_enough_and_hold_every_long_run_of_speech(values: list[float]) -> None:
    settings = SpeechSettings()
    one = curve(values)
    spans = one.spans(settings)
    assert all(span.seconds > settings.shortest_speech for span in spans)
    assert all(0 <= span.start < span.end <= one.seconds for span in spans)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    place = 0
    for speaks, run in groupby(value >= settings.threshold for value in values):
        length = len(list(run))
        if speaks and length * STEP > settings.shortest_speech:
            first, last = place * STEP, (place + length) * STEP
            assert any(span.start <= first and last <= span.end + 1e-9 for span in spans)
        place += length


def test_spans_equal_those_of_silero_vads_own_code() -> None:
    utils = pytest.importorskip("silero_vad.utils_vad")
    random = np.random.default_rng(5)
    for _ in range(60):
        # A walk, so that there are runs of speech and silence of every length.
        values = 1 / (1 + np.exp(-np.cumsum(random.normal(scale=0.9, size=200))))
        seconds = 200 * STEP
        theirs = utils.get_speech_timestamps_from_probs(values.tolist())
        ours = curve(values.tolist()).spans()
        assert len(ours) == len(theirs)
        for span, other in zip(ours, theirs, strict=True):
            assert span.start == pytest.approx(other["start"] / 16000, abs=1e-3)
            assert span.end == pytest.approx(min(other["end"] / 16000, seconds), abs=1e-3)


def test_spans_count_from_the_start_of_the_recording() -> None:
    values = [0.0] * 20 + [1.0] * 20 + [0.0] * 20
    assert curve(values).spans() == [pytest.approx((20 * STEP - 0.03, 40 * STEP + 0.03))]
    assert curve(values, start=7.0).spans() == [pytest.approx((7 + 20 * STEP - 0.03, 7 + 40 * STEP + 0.03))]


def test_speech_to_the_end_ends_with_the_sound() -> None:
    one = VoiceCurve(0.0, STEP, np.ones(20, np.float32), seconds=0.63)
    assert one.spans() == [Span(0.0, 0.63)]


def test_the_curve_answers_at_times_and_is_0_where_there_is_no_sound() -> None:
    one = curve([0.25, 0.5, 0.75], start=1.0)
    times = [0.99, 1.0, 1.04, 1.0 + 2.5 * STEP, 1.0 + 3 * STEP]
    assert one.at(times).tolist() == [0, 0.25, 0.5, 0.75, 0]
    assert [one(time) for time in times] == one.at(times).tolist()


def test_nothing_in_nothing_out() -> None:
    assert curve([]).spans() == []
    assert curve([]).at([0.0, 1.0]).tolist() == [0, 0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 1.5},
        {"threshold": 0.3, "negative_threshold": 0.4},
        {"padding": -1.0},
        {"shortest_speech": float("nan")},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match="voice activity"):
        SpeechSettings(**wrong)
