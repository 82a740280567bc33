"""Pairing utterances with faces of the same label: what the draws are, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare
from toy_banks import SPEC, a_bank

from crossgate.conversation import Conversation, Utterance
from crossgate.corpora.pairing import (
    COUNTERPARTS,
    NO_FACE,
    WITHOUT_COUNTERPART,
    WORDS,
    FaceBank,
    draw_faces,
    pair,
    uniforms,
)
from crossgate.corpora.table import Split
from crossgate.emotions import MELD
from crossgate.errors import InputError
from crossgate.features.visual.face_settings import EXPRESSIONS

SHARES = (0.47, 0.12, 0.03, 0.07, 0.17, 0.03, 0.11)
"""Roughly MELD's."""


def a_split(emotions: Sequence[str | None], name: str = "train", length: int = 10) -> Split:
    talks = [
        Conversation(
            f"c{first}",
            tuple(
                Utterance(f"u{first + k}", "AB"[k % 2], emotion=emotion)
                for k, emotion in enumerate(emotions[first : first + length])
            ),
        )
        for first in range(0, len(emotions), length)
    ]
    return Split(name, tuple(talks), {}, "")


def drawn_emotions(size: int, seed: int = 0) -> list[str]:
    return np.random.default_rng(seed).choice(MELD.labels, size=size, p=SHARES).tolist()


def shown(bank: FaceBank, faces: np.ndarray) -> list[str | None]:
    """The emotions of drawn faces."""
    return [None if face == NO_FACE else COUNTERPARTS[bank.expressions[face]] for face in faces]


MANY = a_split(drawn_emotions(20_000))
LABELS = [u.emotion for c in MANY.conversations for u in c.utterances]
shares = st.floats(0, 1)
some_labels = st.lists(st.sampled_from([None, *MELD.labels]), min_size=1, max_size=40)


def test_the_table_of_counterparts_covers_both_sides() -> None:
    assert {*COUNTERPARTS, *WITHOUT_COUNTERPART} == set(EXPRESSIONS.labels)
    assert set(COUNTERPARTS.values()) == set(MELD.labels)
    assert len(set(COUNTERPARTS.values())) == len(COUNTERPARTS)


@settings(deadline=None)
@given(emotions=some_labels, reliability=shares, missing=st.floats(0, 0.9), seed=st.integers(0, 10**9))
def test_a_column_fits_its_split_and_comes_again(
    emotions: list[str | None], reliability: float, missing: float, seed: int
) -> None:
    bank, split = a_bank(), a_split(emotions)
    column = pair(split, bank, reliability=reliability, missing=missing, seed=seed)
    again = pair(split, bank, reliability=reliability, missing=missing, seed=seed)
    np.testing.assert_array_equal(column.values, again.values)
    assert column.values.shape == (split.rows, 3)
    assert column.values.dtype == np.float32
    assert column.spec.matches(SPEC)
    assert column.spec.source.startswith(WORDS)
    np.testing.assert_array_equal(column.present, ~np.isnan(column.values).any(axis=1))
    for values in column.values[column.present]:
        np.testing.assert_array_equal(values, bank.values[int(values[0])])
    unlabelled = np.array([emotion is None for emotion in emotions])
    assert not column.present[unlabelled].any()
    own = [e for e, there in zip(shown(bank, _faces(column.values)), column.present, strict=True) if there]
    assert set(own) <= {emotion for emotion in emotions if emotion is not None}


def _faces(values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values[:, 0]), NO_FACE, values[:, 0]).astype(np.int64)


@settings(deadline=None)
@given(emotions=some_labels, seed=st.integers(0, 100), data=st.data())
def test_the_order_does_not_matter(emotions: list[str | None], seed: int, data: st.DataObject) -> None:
    split, bank = a_split(emotions), a_bank()
    order = data.draw(st.permutations(split.conversations))
    mixed = replace(split, conversations=tuple(order))
    found = []
    for each in (split, mixed):
        faces = draw_faces(each, bank, reliability=0.5, missing=0.2, seed=seed)
        ids = [u.id for c in each.conversations for u in c.utterances]
        found.append(dict(zip(ids, faces.tolist(), strict=True)))
    assert found[0] == found[1]


@given(seed=st.integers(0, 10**12), split=st.text(), utterance=st.text())
def test_uniforms_are_in_their_range(seed: int, split: str, utterance: str) -> None:
    found = uniforms(seed, split, utterance)
    assert found == uniforms(seed, split, utterance)
    assert all(0 <= number < 1 for number in found)


def test_uniforms_are_the_same_on_every_machine() -> None:
    """Written down once: a change would give other tables for the same command."""
    assert uniforms(0, "train", "dia0_utt0") == pytest.approx(PINNED, abs=1e-15)
    assert uniforms(1, "1", "x") != uniforms(11, "", "x")


PINNED = (0.9415626103974167, 0.8790933496078166, 0.1592987379773403, 0.9569184521251465)


def test_another_seed_and_another_split_are_other_draws() -> None:
    validation, bank = replace(MANY, name="validation"), a_bank("validation")
    first = draw_faces(MANY, a_bank(), reliability=0.5)
    for other in (
        draw_faces(MANY, a_bank(), reliability=0.5, seed=1),
        draw_faces(validation, bank, reliability=0.5),
    ):
        both = (first != NO_FACE) & (other != NO_FACE)
        assert (first == other)[both].mean() < 0.3


def test_full_reliability_gives_every_utterance_its_own_emotion() -> None:
    bank = a_bank()
    faces = draw_faces(MANY, bank, reliability=1, missing=0)
    assert shown(bank, faces) == LABELS


def test_no_reliability_says_nothing() -> None:
    bank = a_bank()
    faces = draw_faces(MANY, bank, reliability=0, missing=0)
    counts = contingency(LABELS, shown(bank, faces))
    assert chi2_contingency(counts).pvalue > 0.01
    joint = counts / counts.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    filled = joint > 0
    information = float(np.sum(joint[filled] * np.log2((joint / independent)[filled])))
    assert information < 0.003  # bits; 36 degrees of freedom alone make about 0.0013 of them here


def contingency(labels: Sequence[str | None], others: Sequence[str | None]) -> np.ndarray:
    counts = np.zeros((len(MELD), len(MELD)))
    for label, other in zip(labels, others, strict=True):
        if label is not None and other is not None:
            counts[MELD.index(label), MELD.index(other)] += 1
    return counts


@pytest.mark.parametrize("reliability", [0.0, 0.2, 0.7, 1.0])
def test_faces_are_distributed_as_the_labels_are(reliability: float) -> None:
    bank = a_bank()
    counts = contingency(LABELS, shown(bank, draw_faces(MANY, bank, reliability=reliability, missing=0)))
    wanted = contingency(LABELS, LABELS).sum(axis=0)
    assert chisquare(counts.sum(axis=0), wanted).pvalue > 0.01


def test_the_share_of_own_emotions_is_as_set() -> None:
    bank = a_bank()
    frequencies = contingency(LABELS, LABELS).sum(axis=0) / len(LABELS)
    for reliability in (0.2, 0.5):
        faces = shown(bank, draw_faces(MANY, bank, reliability=reliability, missing=0))
        own = np.mean([face == label for face, label in zip(faces, LABELS, strict=True)])
        assert own == pytest.approx(reliability + (1 - reliability) * np.square(frequencies).sum(), abs=0.01)


def test_faces_of_an_emotion_are_drawn_alike_often() -> None:
    faces = draw_faces(MANY, a_bank(), reliability=0.5)
    neutral = np.bincount(faces[faces != NO_FACE], minlength=40)[:5]
    assert chisquare(neutral).pvalue > 0.01


@settings(deadline=None, max_examples=30)
@given(low=shares, high=shares, seed=st.integers(0, 100))
def test_more_reliability_takes_no_right_face_away(low: float, high: float, seed: int) -> None:
    low, high = sorted((low, high))
    bank, split = a_bank(), a_split(drawn_emotions(100, seed))
    labels = [u.emotion for c in split.conversations for u in c.utterances]
    less, more = (shown(bank, draw_faces(split, bank, reliability=r, seed=seed)) for r in (low, high))
    for label, one, other in zip(labels, less, more, strict=True):
        assert (one is None) == (other is None)
        assert one != label or other == label


def test_missing_faces_are_as_many_as_asked_for_and_whoever_lacks_one_lacks_it_at_more() -> None:
    few, many = (draw_faces(MANY, a_bank(), reliability=0.5, missing=share) for share in (0.1, 0.4))
    assert (few == NO_FACE).mean() == pytest.approx(0.1, abs=0.01)
    assert (many == NO_FACE).mean() == pytest.approx(0.4, abs=0.01)
    stay = many != NO_FACE
    np.testing.assert_array_equal(few[stay], many[stay])
    joint = np.array([[(few == NO_FACE)[np.array(LABELS) == label].mean()] for label in MELD.labels])
    assert np.ptp(joint) < 0.06  # whether there is a face does not tell the emotion


def test_a_split_without_labels_gets_no_face() -> None:
    column = pair(a_split([None] * 30), a_bank(), reliability=0.5)
    assert not column.present.any()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"reliability": 1.1}, "reliability is 1.1"),
        ({"reliability": -0.1}, "reliability"),
        ({"reliability": float("nan")}, "reliability"),
        ({"missing": 1.0}, "missing is 1.0"),
        ({"missing": float("nan")}, "missing"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_numbers_out_of_range(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        draw_faces(a_split(["joy"]), a_bank(), **{"reliability": 0.5, **arguments})


def test_faces_stay_on_their_side() -> None:
    with pytest.raises(InputError, match="validation part for the train split"):
        draw_faces(a_split(["joy"]), a_bank("validation"), reliability=0.5)


def test_an_emotion_without_a_face_is_refused() -> None:
    bank = a_bank(expressions=("neutral", "contempt"))
    with pytest.raises(InputError, match=r"no face shows joy.*\n.*add faces"):
        draw_faces(a_split(["neutral", "joy"]), bank, reliability=0.5)
    with pytest.raises(InputError, match=r"no face shows frustrated.*\n.*neutral, joy"):
        draw_faces(a_split(["frustrated"]), a_bank(), reliability=0.5)
    assert draw_faces(a_split(["neutral"]), bank, reliability=0, missing=0)[0] < 5  # never contempt


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"values": np.zeros((40, 2), np.float32)}, "shape"),
        ({"rows": np.zeros(3, np.int64)}, "shape"),
        ({"values": np.full((40, 3), np.nan, np.float32)}, r"train.parquet, row 0.*numbers"),
        ({"expressions": ("glee",) * 40}, "unknown expression glee"),
        ({"spec": replace(SPEC, modality="audio")}, "expected visual"),
    ],
)
def test_a_bank_that_is_wrong(change: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        replace(a_bank(), **change)
