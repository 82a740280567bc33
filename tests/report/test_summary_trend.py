"""Trends over several recordings of one person."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from toy_results import toy_result

from crossgate.emotions import IEMOCAP, MELD
from crossgate.errors import InputError
from crossgate.report.result import Result
from crossgate.report.summary import trend


def with_anger(share: float, seed: int, turns: int = 60) -> Result:
    """A recording with about that share of anger, the rest neutral, of one sure model."""
    random = np.random.default_rng(seed)
    made = toy_result(turns, seed=seed)
    changed = []
    for turn in made.utterances:
        emotion = "anger" if random.random() < share else "neutral"
        probabilities = {label: 0.94 if label == emotion else 0.01 for label in MELD.labels}
        changed.append(replace(turn, emotion=emotion, confidence=0.94, probabilities=probabilities))
    media = replace(made.media, name=f"day{seed}.mp4", sha256=f"{seed:064d}")
    return replace(made, media=media, utterances=tuple(changed))


def anger(results: list[Result], speaker: str = "Ann"):
    (found,) = trend(results, speaker).speakers
    return found.emotions[MELD.labels.index("anger")]


def test_a_rise_and_a_fall_are_found() -> None:
    results = [with_anger(0.1 + 0.15 * day, day) for day in range(6)]
    one = anger(results)
    assert one.verdict == "rises"
    assert one.interval.low <= one.slope <= one.interval.high
    assert one.slope == pytest.approx(0.14, abs=0.05)
    assert anger(results[::-1]).verdict == "falls"
    assert anger(results[::-1]).slope == pytest.approx(-one.slope)
    (ann,) = trend(results, "Ann").speakers
    assert ann.negative is not None
    assert ann.negative.verdict == "rises"


def test_nothing_is_found_where_nothing_changes() -> None:
    found = 0
    for start in range(0, 120, 6):
        found += anger([with_anger(0.3, start + day) for day in range(6)]).verdict != "no clear change"
    assert found <= 2


def test_days_that_differ_are_no_trend() -> None:
    """Each share is known well, but they jump up and down."""
    shares = [0.2, 0.6, 0.25, 0.65, 0.3, 0.7]
    one = anger([with_anger(share, day, 400) for day, share in enumerate(shares)])
    assert one.verdict == "no clear change"


def test_the_slope_is_that_of_least_squares() -> None:
    one = anger([with_anger(share, day) for day, share in enumerate([0.1, 0.5, 0.2, 0.4])])
    expected = np.polyfit(range(4), [share.estimate for share in one.shares], 1)[0]
    assert one.slope == pytest.approx(expected)


def test_two_recordings_differ_but_are_no_trend() -> None:
    made = trend([with_anger(0.05, 0, 200), with_anger(0.8, 1, 200)], "Ben")
    assert made.speakers[0].emotions[MELD.labels.index("anger")].verdict == "rises"
    assert any("not a trend" in note for note in made.notes)


def test_few_turns_are_said() -> None:
    (one,) = trend([with_anger(0.1, 0), with_anger(0.9, 1, 4)], "Ann").speakers
    assert one.too_few
    assert all(emotion.verdict == "no clear change" for emotion in one.emotions)


def test_speakers_are_matched_by_name() -> None:
    first, second = toy_result(12, ("Ann", "Ben", "Cy")), toy_result(12, ("Ben", "Ann", "Di"))
    made = trend([first, second])
    assert [one.speaker for one in made.speakers] == ["Ann", "Ben"]
    assert made.left_out == ("Cy", "Di")
    assert json.loads(json.dumps(made.to_json(), allow_nan=False)) == made.to_json()
    with pytest.raises(InputError, match=r"'Cy' is not in every recording.*Ben, Ann, Di"):
        trend([first, second], "Cy")
    with pytest.raises(InputError, match=r"no speaker is in every recording.*Ann.*Eve"):
        trend([toy_result(3, ("Ann",)), toy_result(3, ("Eve",))])
    with pytest.raises(InputError, match="nobody"):
        trend([toy_result(3), toy_result(0)])


def test_labels_must_agree() -> None:
    with pytest.raises(InputError, match=r"recording 2, talk.mp4.*frustrated"):
        trend([toy_result(6), toy_result(6, labels=IEMOCAP.labels)])
    turned = toy_result(6, labels=MELD.labels[::-1])
    assert trend([toy_result(6), turned]).labels == MELD.labels
    with pytest.raises(InputError, match="two recordings"):
        trend([toy_result(6)])


def test_what_weakens_a_comparison_is_said() -> None:
    first, second, third = (with_anger(0.3, day) for day in range(3))
    other = replace(second, model=replace(second.model, sha256="2" * 64), policy="eu-work-education")
    notes = " ".join(trend([first, other, toy_result(20, kind="audio")]).notes)
    for words in ("different models", "usage policies", "same modalities", "3 recordings"):
        assert words in notes
    assert "more than once" in " ".join(trend([first, first, third]).notes)
    assert "models" not in " ".join(trend([first, second, third]).notes)
