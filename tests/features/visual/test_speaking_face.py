"""Which of several faces is the speaker's, and what is said of the choice."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.features.visual.speaking_face import Candidate, choose_face, speaking_motion

TIMES = [0.2 * k + 0.1 for k in range(10)]


def face(
    track: int, *motions: float, prominence: float = 1.0, seen: int = 10, score: float = 0.7
) -> Candidate:
    return Candidate(track, seen, seen, score, prominence, list(zip(TIMES, motions, strict=False)))


def test_one_face_is_it() -> None:
    assert choose_face([face(4)], 10, 1) == (4, "only face")


def test_the_mouth_that_moves_most_speaks() -> None:
    choice = choose_face([face(0, *[0.05] * 10, prominence=9), face(1, *[0.2] * 10)], 10, 2)
    assert choice == (1, "mouth motion (0.8 against 0.2)")


def test_where_mouths_move_alike_the_largest_counts() -> None:
    faces = [face(0, *[0.2] * 10), face(1, *[0.18] * 10, prominence=2), face(2, *[0.19] * 10)]
    assert choose_face(faces, 10, 3) == (1, "largest of 3 faces")


def test_where_nothing_moves_the_largest_counts() -> None:
    assert choose_face([face(0, *[0.001] * 10), face(1, *[0.0] * 10, prominence=2)], 10, 2).track == 1


def test_few_motions_do_not_decide() -> None:
    assert choose_face([face(0, 0.9, 0.9), face(1, prominence=2)], 10, 2) == (1, "largest of 2 faces")


def test_one_after_another_is_not_one_beside_another() -> None:
    assert choose_face([face(0), face(1, prominence=2)], 10, 1) == (1, "most prominent of 2 faces in turn")


def test_a_mouth_in_step_with_the_voice_beats_one_that_moves_in_the_pauses() -> None:
    def voice(time: float) -> float:
        return float(time < 1)

    speaking = face(0, *[0.2] * 5, *[0.0] * 5)
    chewing = face(1, *[0.2] * 5, *[0.4] * 5, prominence=5)
    assert choose_face([speaking, chewing], 10, 2).track == 1
    assert choose_face([speaking, chewing], 10, 2, voice).track == 0
    assert speaking_motion(chewing.motions, 10, voice) == 0


def test_what_flashes_up_once_is_no_face_unless_it_is_sure() -> None:
    assert choose_face([face(0, seen=1)], 12, 1) == (None, "no face found in 12 frames")
    assert choose_face([face(0, seen=1)], 1, 1).note == "no face found in 1 frame"
    assert choose_face([face(0, seen=1, score=0.95)], 12, 1) == (0, "only face")


def test_without_pictures_it_says_so() -> None:
    assert choose_face([], 0, 0) == (None, "no picture in this stretch")


FACES = st.lists(
    st.tuples(st.lists(st.floats(0, 1), max_size=10), st.floats(0.01, 1), st.integers(1, 10)), max_size=4
)


@given(FACES)
def test_the_order_of_the_faces_does_not_matter_and_one_of_them_is_chosen(
    drawn: list[tuple[list[float], float, int]],
) -> None:
    # Distinct prominence, so that no tie is left to the order.
    faces = [face(k, *m, prominence=p + 2 * k, seen=n) for k, (m, p, n) in enumerate(drawn)]
    choices = {choose_face(list(order), 10, 2) for order in permutations(faces)}
    assert len(choices) == 1
    (choice,) = choices
    assert (choice.track is None) == (not any(one.seen >= 2 for one in faces))


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10), st.floats(0, 1))
def test_motion_is_never_negative_and_never_more_than_with_voice_throughout(
    motions: list[float], level: float
) -> None:
    steps = list(zip(TIMES, motions, strict=False))
    whole = speaking_motion(steps, 10, None)
    assert 0 <= speaking_motion(steps, 10, lambda time: level) <= whole + 1e-9
    assert speaking_motion(steps, 10, lambda time: 1.0) == pytest.approx(whole)
