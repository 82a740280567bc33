"""The words everybody speaks refuse what makes no sense."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.conversation import Conversation, FeatureSpec, Utterance
from crossgate.emotions import IEMOCAP, MELD, UNLABELLED, LabelSet, label_set_of
from crossgate.errors import InputError


def talk(speakers: str) -> Conversation:
    return Conversation("c", tuple(Utterance(str(n), speaker) for n, speaker in enumerate(speakers)))


def test_speakers_are_numbered_by_first_appearance() -> None:
    assert talk("BABCA").speaker_indices() == [0, 1, 0, 2, 1]


@given(st.text(alphabet="ABCDE", min_size=1, max_size=12), st.integers(0, 12))
def test_what_comes_later_never_renumbers_the_past(speakers: str, cut: int) -> None:
    whole = talk(speakers).speaker_indices()
    past = speakers[: max(1, cut)]
    assert talk(past).speaker_indices() == whole[: len(past)]


@given(st.text(alphabet="ABC", min_size=1, max_size=12))
def test_names_of_speakers_do_not_matter(speakers: str) -> None:
    renamed = speakers.translate(str.maketrans("ABC", "ZYX"))
    assert talk(speakers).speaker_indices() == talk(renamed).speaker_indices()


def test_an_empty_conversation() -> None:
    with pytest.raises(InputError, match="conversation c: the conversation is empty"):
        Conversation("c", ())


def test_an_id_that_stands_twice() -> None:
    with pytest.raises(InputError, match="'u' stands twice"):
        Conversation("c", (Utterance("u", "A"), Utterance("u", "B")))


@pytest.mark.parametrize("seconds", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("name", ["start", "end"])
def test_a_time_is_a_number_of_seconds(name: str, seconds: float) -> None:
    with pytest.raises(InputError, match=f"utterance u: {name} is"):
        Utterance("u", "A", **{name: seconds})


def test_a_spec_names_its_column() -> None:
    spec = FeatureSpec("audio", "praat8", "6.4", 8, "Praat")
    assert spec.column == "audio_praat8"
    assert str(spec) == "audio_praat8 (version 6.4, 8 dimensions)"
    assert FeatureSpec(**spec.to_json()) == spec


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (FeatureSpec("audio", "praat8", "1", 8, "other words"), True),
        (FeatureSpec("visual", "praat8", "1", 8, ""), False),
        (FeatureSpec("audio", "praat7", "1", 8, ""), False),
        (FeatureSpec("audio", "praat8", "2", 8, ""), False),
        (FeatureSpec("audio", "praat8", "1", 7, ""), False),
    ],
)
def test_specs_match_in_everything_but_words(other: FeatureSpec, same: bool) -> None:
    assert FeatureSpec("audio", "praat8", "1", 8, "").matches(other) is same


@pytest.mark.parametrize(("modality", "dimension"), [("smell", 8), ("audio", 0)])
def test_a_spec_that_makes_no_sense(modality: str, dimension: int) -> None:
    with pytest.raises(InputError):
        FeatureSpec(modality, "x", "1", dimension, "")  # type: ignore[arg-type]


def test_label_sets_have_the_order_of_the_field() -> None:
    assert MELD.index("neutral") == 0
    assert IEMOCAP.index("frustrated") == 5
    assert (len(MELD), len(IEMOCAP)) == (7, 6)
    assert MELD.index(None) == UNLABELLED


def test_an_unknown_emotion_is_named_with_its_place() -> None:
    with pytest.raises(InputError, match=r"row 3: unknown emotion 'hungry'; .* neutral, surprise"):
        MELD.index("hungry", where="row 3")


@pytest.mark.parametrize("labels", [("a", "a"), ("a",), ()])
def test_a_label_set_needs_two_different_labels(labels: tuple[str, ...]) -> None:
    with pytest.raises(InputError):
        LabelSet("mine", labels)


def test_the_label_set_is_recognised_by_its_emotions() -> None:
    assert label_set_of(["joy", "anger"]) == MELD
    assert label_set_of(["happy", "sad"]) == IEMOCAP
    assert label_set_of(["calm", "bored"]).labels == ("bored", "calm")
