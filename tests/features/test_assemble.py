"""Columns of a table made into what a model asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from crossgate.conversation import Conversation, FeatureSpec, Modality, Utterance
from crossgate.corpora.table import FeatureColumn, Split
from crossgate.errors import InputError
from crossgate.features.assemble import assemble, relative_to_speaker
from crossgate.features.settings import FeatureSettings, MiniLMSettings


def column(modality: Modality, name: str, size: int, missing: Sequence[int] = ()) -> FeatureColumn:
    values = np.random.default_rng([size, *name.encode()]).normal(size=(5, size)).astype(np.float32)
    values[list(missing)] = np.nan
    present = ~np.isin(np.arange(5), missing)
    return FeatureColumn(FeatureSpec(modality, name, "1", size, "drawn"), values, present)


def split(*columns: FeatureColumn, text: str | None = None) -> Split:
    """Two conversations, three and two turns."""
    conversations = tuple(
        Conversation(id, tuple(Utterance(f"{id}{turn}", name, text) for turn, name in enumerate(speakers)))
        for id, speakers in (("c", "ABA"), ("d", "AA"))
    )
    return Split("train", conversations, {each.spec.column: each for each in columns}, "0")


PITCH, ENERGY, FACE = (
    column("audio", "pitch", 3, missing=[0, 1]),
    column("audio", "energy", 2, missing=[1, 4]),
    column("visual", "face", 4),
)


def test_columns_stand_side_by_side_in_the_order_asked_for() -> None:
    features, specs = assemble(
        split(PITCH, ENERGY, FACE), FeatureSettings(visual=("face",), audio=("energy", "pitch"))
    )
    assert list(features) == list(specs) == ["audio", "visual"]  # the order of modalities is the usual one
    assert specs["audio"] == (ENERGY.spec, PITCH.spec)
    assert np.array_equal(
        features["audio"].values, np.concatenate([ENERGY.values, PITCH.values], axis=1), equal_nan=True
    )
    # Present where any of the two is; what is then missing of the other is NaN and becomes the mean.
    assert features["audio"].present.tolist() == [True, False, True, True, True]
    assert features["visual"].present.all()


def test_the_average_is_of_those_that_are_there() -> None:
    first, second = column("text", "one", 3, missing=[0, 1]), column("text", "two", 3, missing=[1, 4])
    features, specs = assemble(split(first, second), FeatureSettings(text=("one", "two"), average=("text",)))
    values = features["text"].values
    assert specs["text"] == (first.spec, second.spec)
    assert np.allclose(values[2:4], (first.values[2:4] + second.values[2:4]) / 2)
    assert np.allclose(values[0], second.values[0])
    assert np.allclose(values[4], first.values[4])
    assert np.isnan(values[1]).all()
    assert features["text"].present.tolist() == [True, False, True, True, True]


def test_vectors_of_two_lengths_have_no_average() -> None:
    with pytest.raises(InputError, match=r"audio_pitch.*audio_energy"):
        assemble(split(PITCH, ENERGY), FeatureSettings(audio=("pitch", "energy"), average=("audio",)))


def test_a_missing_column_is_named_with_what_there_is() -> None:
    table = split(PITCH, ENERGY, FACE)
    with pytest.raises(InputError) as caught:
        assemble(table, FeatureSettings(audio=("pitsch",)))
    for words in ("audio_pitsch", "audio_pitch", "audio_energy", "train", "features.audio"):
        assert words in str(caught.value)
    assert "visual_face" not in str(caught.value)
    with pytest.raises(InputError, match="the text features here are none"):
        assemble(table, FeatureSettings(text=("roberta",)))


@pytest.mark.parametrize(
    "change", [{"name": "tone"}, {"version": "2"}, {"dimension": 9}], ids=lambda change: next(iter(change))
)
def test_other_features_than_the_checkpoints_are_refused_with_both_names(change: dict[str, object]) -> None:
    trained = replace(PITCH.spec, **change)
    with pytest.raises(InputError) as caught:
        assemble(split(PITCH), FeatureSettings(audio=("pitch",)), {"audio": (trained,)})
    assert str(trained) in str(caught.value)
    assert str(PITCH.spec) in str(caught.value)


def test_the_checkpoints_columns_must_all_be_there_in_its_order() -> None:
    table, settings = split(PITCH, ENERGY), FeatureSettings(audio=("pitch", "energy"))
    assemble(table, settings, {"audio": (PITCH.spec, ENERGY.spec)})
    for wrong in ((ENERGY.spec, PITCH.spec), (PITCH.spec,), (PITCH.spec, ENERGY.spec, PITCH.spec)):
        with pytest.raises(InputError, match="the checkpoint was trained on"):
            assemble(table, settings, {"audio": wrong})


def test_where_the_vectors_come_from_may_be_said_in_other_words() -> None:
    elsewhere = replace(PITCH.spec, source="computed by somebody else")
    features, _ = assemble(split(PITCH), FeatureSettings(audio=("pitch",)), {"audio": (elsewhere,)})
    assert np.array_equal(features["audio"].values, PITCH.values, equal_nan=True)


def test_relative_to_speaker_by_hand() -> None:
    values = np.array([[1, 10], [5, np.nan], [3, 20], [7, 1], [9, np.nan]], dtype=np.float32)
    relative = relative_to_speaker(values, split())
    by_hand = [[-1, -5], [0, np.nan], [1, 5], [-1, 0], [1, np.nan]]
    assert np.array_equal(relative, np.array(by_hand, dtype=np.float32), equal_nan=True)


def test_relative_features_stand_beside_the_others() -> None:
    table = split(PITCH, FACE)
    features, _ = assemble(
        table, FeatureSettings(audio=("pitch",), visual=("face",), speaker_relative=("audio",))
    )
    assert features["visual"].values.shape == (5, 4)
    audio = features["audio"].values
    assert audio.shape == (5, 6)
    assert np.array_equal(audio[:, :3], PITCH.values, equal_nan=True)
    assert np.array_equal(audio[:, 3:], relative_to_speaker(PITCH.values, table), equal_nan=True)


def test_a_shift_of_a_speakers_voice_is_not_seen_in_the_relative_features() -> None:
    values = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
    shifted = values.copy()
    shifted[[0, 2]] += 40  # speaker A of conversation c
    table = split()
    assert np.allclose(relative_to_speaker(values, table), relative_to_speaker(shifted, table), atol=1e-4)


def test_the_sentence_encoder_needs_sentences() -> None:
    with pytest.raises(InputError, match="no utterance has a text"):
        assemble(split(PITCH), FeatureSettings(text=("minilm",)))


def test_a_column_of_that_name_goes_before_the_sentence_encoder() -> None:
    precomputed = column("text", "minilm", 3)
    features, specs = assemble(split(precomputed, text="Hello."), FeatureSettings(text=("minilm",)))
    assert specs["text"] == (precomputed.spec,)
    assert np.array_equal(features["text"].values, precomputed.values)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({}, "no modality has a feature"),
        ({"text": ("a",), "speaker_relative": ("smell",)}, "features.speaker_relative"),
        ({"text": ("a",), "average": ("smell",)}, "features.average"),
    ],
)
def test_feature_settings_that_cannot_be_are_refused(wrong: dict[str, tuple[str, ...]], named: str) -> None:
    with pytest.raises(InputError, match=named):
        FeatureSettings(**wrong)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"layers": ()}, "layers"),
        ({"layers": (7,)}, "layers"),
        ({"layers": (-1,)}, "layers"),
        ({"max_tokens": 7}, "max_tokens"),
        ({"max_tokens": 513}, "max_tokens"),
        ({"turns_before": -1}, "turns_before"),
        ({"turns_after": -1}, "turns_after"),
    ],
    ids=str,
)
def test_encoder_settings_that_cannot_be_are_refused(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        MiniLMSettings(**wrong)  # type: ignore[arg-type]


def test_only_modalities_in_use_are_named() -> None:
    assert FeatureSettings(visual=("face",), text=("one",)).modalities == ("text", "visual")
