from __future__ import annotations

import numpy as np
import pytest

from crossgate.conversation import Conversation, Utterance
from crossgate.evaluation.shifts import FIRST, SAME, SHIFT, UNKNOWN, kinds_of_turns, shift_scores


def talk(id: str, *turns: tuple[str, str | None]) -> Conversation:
    return Conversation(id, tuple(Utterance(f"{id}{k}", who, emotion=e) for k, (who, e) in enumerate(turns)))


TALK = talk(
    "a",
    ("Ann", "joy"),  # first
    ("Ben", "joy"),  # first, whatever Ann felt
    ("Ann", "joy"),  # same
    ("Ben", "anger"),  # shift
    ("Ann", "joy"),  # same, though Ben is angry
    ("Ann", "anger"),  # shift
    ("Ben", "anger"),  # same, a turn of Ann's in between
)


def test_shifts_are_a_speakers_own() -> None:
    assert kinds_of_turns([TALK]).tolist() == [FIRST, FIRST, SAME, SHIFT, SAME, SHIFT, SAME]


def test_a_speaker_begins_anew_in_every_conversation() -> None:
    found = kinds_of_turns([TALK, talk("b", ("Ann", "joy"), ("Ann", "joy"))])
    assert found[7:].tolist() == [FIRST, SAME]


def test_an_unlabelled_turn_leaves_the_next_one_unknown() -> None:
    turns = [("Ann", "joy"), ("Ann", None), ("Ann", "joy"), ("Ann", "joy"), ("Ben", None), ("Ben", "joy")]
    assert kinds_of_turns([talk("a", *turns)]).tolist() == [FIRST, UNKNOWN, UNKNOWN, SAME, UNKNOWN, UNKNOWN]


def test_scores_by_kind() -> None:
    kinds = kinds_of_turns([TALK])
    labels = np.array([0, 0, 0, 1, 0, 1, 1])
    predicted = np.array([0, 1, 0, 0, 0, 1, 1])
    found = shift_scores(kinds, labels, predicted, 2)
    assert [found[kind].utterances for kind in (SHIFT, SAME, FIRST)] == [2, 3, 2]
    assert found[SHIFT].accuracy == 0.5
    assert found[SHIFT].weighted_f1 == pytest.approx(2 / 3)  # 1 hit, 2 labelled, 1 predicted
    assert found[SAME].accuracy == found[SAME].weighted_f1 == 1.0
    assert found[FIRST].accuracy == 0.5


def test_a_kind_that_does_not_occur_has_no_score() -> None:
    found = shift_scores(kinds_of_turns([talk("a", ("Ann", "joy"))]), np.array([0]), np.array([0]), 2)
    assert found[SHIFT].utterances == 0
    assert found[SHIFT].accuracy is None
    assert found[SHIFT].weighted_f1 is None
