"""Women and men apart: who is whom, and figures that agree with those of the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from crossgate.conversation import Conversation, Utterance
from crossgate.errors import InputError
from crossgate.evaluation.by_gender import MEN, WOMEN, by_gender, gender_of
from crossgate.evaluation.calibration import reliability
from crossgate.evaluation.metrics import weighted_f1

RANDOM = np.random.default_rng(0)
NAMES = ("Ross", "Monica", "Frank", "Rachel")
TALKS = [
    Conversation(str(talk), tuple(Utterance(f"{talk}-{turn}", NAMES[turn % 4], "") for turn in range(12)))
    for talk in range(10)
]
LABELS = RANDOM.integers(0, 3, 120)
PROBABILITIES = RANDOM.dirichlet([1, 1, 1], 120)


@pytest.mark.parametrize(
    ("speaker", "gender"),
    [("Ses01_F", WOMEN), ("Ses05_M", MEN), ("Phoebe", WOMEN), ("Joey", MEN), ("Frank", None), ("All", None)],
)
def test_nobody_s_gender_is_guessed(speaker: str, gender: str | None) -> None:
    assert gender_of(speaker) == gender


def test_each_group_has_the_figures_of_its_own_utterances() -> None:
    women, men, apart = by_gender(TALKS, LABELS, PROBABILITIES)
    for group, names in ((women, ("Monica", "Rachel")), (men, ("Ross",))):
        own = np.array([u.speaker in names for c in TALKS for u in c.utterances])
        answers = PROBABILITIES[own].argmax(axis=1)
        assert group.utterances == own.sum()
        assert group.accuracy.value == pytest.approx((answers == LABELS[own]).mean())
        assert group.weighted_f1.value == pytest.approx(weighted_f1(LABELS[own], answers, 3))
        error = reliability(LABELS[own], PROBABILITIES[own]).expected_calibration_error
        assert group.calibration_error == pytest.approx(error)
        assert group.accuracy.low <= group.accuracy.value <= group.accuracy.high
    assert apart.accuracy.value == pytest.approx(women.accuracy.value - men.accuracy.value)


def test_a_difference_that_is_there_is_found() -> None:
    women = np.array([gender_of(u.speaker) == WOMEN for c in TALKS for u in c.utterances])
    sure = np.full((120, 3), 0.05)
    sure[np.arange(120), np.where(women, LABELS, (LABELS + 1) % 3)] = 0.9
    _, _, apart = by_gender(TALKS, LABELS, sure)
    assert apart.accuracy.low == apart.accuracy.high == 1


def test_a_corpus_that_does_not_tell_is_refused() -> None:
    strangers = [
        replace(c, utterances=tuple(replace(u, speaker="Frank") for u in c.utterances)) for c in TALKS
    ]
    with pytest.raises(InputError, match="women or the men"):
        by_gender(strangers, LABELS, PROBABILITIES)
