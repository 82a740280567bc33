"""What ships: every packaged checkpoint loads, answers, carries its card, and all are small together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import crossgate
from crossgate.conversation import Conversation, Utterance
from crossgate.emotions import IEMOCAP, MELD
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.packaged import checkpoint_folder, packaged_names

TALKERS = {"crossgate-meld": MELD, "crossgate-meld-live": MELD, "crossgate-iemocap": IEMOCAP}
MEGABYTES = 30

TALK = Conversation(
    "talk",
    (
        Utterance("0", "Ann", "I can't believe it, we won! This is wonderful!"),
        Utterance("1", "Ben", "Oh my God, really?"),
        Utterance("2", "Ann", "Get out of my house. I hate you, you ruined everything!"),
        Utterance("3", "Ben", "I'm so sorry. I miss her so much, I can't stop crying."),
    ),
)


def test_everything_that_is_promised_is_there() -> None:
    assert set(packaged_names()) == {*TALKERS, "face"}


def test_together_they_are_small() -> None:
    """All that answers, the face network among it; the warm-up is for trainings alone."""
    files = [path for name in (*TALKERS, "face") for path in checkpoint_folder(name).rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) <= MEGABYTES * 1e6


@pytest.mark.parametrize("name", [*TALKERS, "face", "text-warm-up"])
def test_each_has_a_card_and_nothing_that_runs(name: str) -> None:
    folder = checkpoint_folder("face").parent / name
    card = (folder / "README.md").read_text(encoding="utf-8")
    for word in ("Licence", "Limits", "crossgate", "SHA-256"):
        assert word in card
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {".safetensors", ".json", ".md"}


@pytest.mark.parametrize(("name", "labels"), TALKERS.items())
def test_each_answers_from_text_alone(name: str, labels: crossgate.emotions.LabelSet) -> None:
    predictions = crossgate.load(name).predict([TALK])[0]
    assert len(predictions) == len(TALK)
    for prediction in predictions:
        assert list(prediction.distribution) == list(labels.labels)
        assert sum(prediction.distribution.values()) == pytest.approx(1, abs=1e-5)
        assert prediction.shares["text"] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("name", ["crossgate-meld", "crossgate-meld-live"])
@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("I can't believe it, we won! This is wonderful!", "joy"),
        ("Oh my God, really?", "surprise"),
        ("I'm so sorry. I miss her so much, I can't stop crying.", "sadness"),
        ("Get out! How dare you!", "anger"),
        ("The meeting is at four.", "neutral"),
    ],
)
def test_plain_words_are_understood(name: str, text: str, emotion: str) -> None:
    alone = Conversation("alone", (Utterance("0", "Ann", text),))
    assert crossgate.load(name).predict([alone])[0][0].emotion == emotion


def test_a_text_encoder_can_begin_with_the_warm_up() -> None:
    embedder = TurnEmbedder.load(checkpoint_folder("face").parent / "text-warm-up")
    assert "meld" not in embedder.labels
    assert len(embedder.labels) == 10
    fresh = TurnEmbedder.fresh(embedder.encoder.settings, {"mine": ("a", "b")})
    fresh.take_from(embedder)
    turns = embedder.turns(["Ann"], ["You did what?"])
    np.testing.assert_allclose(fresh.vectors([turns]), embedder.vectors([turns]), atol=1e-5)


def test_the_live_one_does_not_look_ahead() -> None:
    model = crossgate.load("crossgate-meld-live")
    whole = model.predict([TALK])[0]
    for turns in range(1, len(TALK)):
        so_far = model.predict([Conversation("talk", TALK.utterances[:turns])])[0]
        np.testing.assert_allclose(
            list(so_far[-1].distribution.values()),
            list(whole[turns - 1].distribution.values()),
            atol=1e-5,
        )


@pytest.mark.parametrize("name", TALKERS)
def test_it_is_calibrated_and_no_test_split_was_opened_for_it(name: str) -> None:
    folder: Path = checkpoint_folder(name)
    packed = json.loads((folder / "packed.json").read_text(encoding="utf-8"))
    assert packed["calibration"]["expected_calibration_error"] <= 0.05
    for given in ("t", "a"):  # what can be measured on the corpus' own texts and voices
        assert packed["subsets"][given]["expected_calibration_error"] <= 0.05
    assert packed["run"]["test_openings"] == 0
    assert packed["run"]["seeds"]["scores"]["weighted_f1"]["n"] >= 5
