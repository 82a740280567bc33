"""Turn by turn gives what the whole conversation at once gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import crossgate
from crossgate.conversation import Conversation, Utterance
from crossgate.corpora.table import FeatureColumn
from crossgate.errors import CrossgateError, InputError
from crossgate.features import runtime
from crossgate.features.graphs import Graph
from crossgate.features.runtime import ENVIRONMENT
from crossgate.models.checkpoint import Checkpoint
from crossgate.pipeline.in_memory import examples_in_memory
from crossgate.pipeline.live import Live
from crossgate.pipeline.predictions import predictions_of
from crossgate.prediction import Prediction
from toy_checkpoints import AUDIO, VISUAL, toy_checkpoint

WORDS = ("you", "did", "what", "never", "again", "the", "sofa", "is", "on", "fire", "and", "nobody", "told")


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return toy_checkpoint(tmp_path_factory.mktemp("causal"))


def numbers(prediction: Prediction) -> list[float]:
    return [*prediction.distribution.values(), *prediction.shares.values()]


def drawn_talk(seed: int, turns: int) -> tuple[Conversation, dict[str, np.ndarray]]:
    """A talk of three people; some turns without words, sound or picture, some without any of them."""
    random = np.random.default_rng(seed)
    utterances = tuple(
        Utterance(
            str(turn),
            "ABC"[random.integers(3)],
            " ".join(random.choice(WORDS, random.integers(1, 9))) if random.random() > 0.2 else None,
        )
        for turn in range(turns)
    )
    values = {}
    for spec in (AUDIO, VISUAL):
        vectors = random.normal(size=(turns, spec.dimension)).astype(np.float32)
        vectors[random.random(turns) < 0.3] = np.nan
        values[spec.column] = vectors
    return Conversation("talk", utterances), values


def at_once(checkpoint: Checkpoint, talk: Conversation, values: dict[str, np.ndarray]) -> list[Prediction]:
    columns = [
        FeatureColumn(spec, values[spec.column], ~np.isnan(values[spec.column]).all(axis=1))
        for spec in (AUDIO, VISUAL)
    ]
    return predictions_of(checkpoint, examples_in_memory([talk], checkpoint, columns))


@pytest.fixture(params=["torch", "auto"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each library that may run the fusion."""
    monkeypatch.setenv(ENVIRONMENT, request.param)


@pytest.mark.usefixtures("library")
@given(seed=st.integers(0, 10_000), turns=st.integers(1, 14))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_live_is_the_whole_at_once(causal: Checkpoint, seed: int, turns: int) -> None:
    talk, values = drawn_talk(seed, turns)
    live = Live(causal)
    for row, (utterance, expected) in enumerate(
        zip(talk.utterances, at_once(causal, talk, values), strict=True)
    ):
        vectors: Any = {
            "audio": values[AUDIO.column][row],
            "visual": values[VISUAL.column][row],
        }
        found = live.add(speaker=utterance.speaker, text=utterance.text, vectors=vectors)
        assert numbers(found) == pytest.approx(numbers(expected), abs=2e-5)
        assert (found.views.keys(), found.abstained) == (expected.views.keys(), expected.abstained)
    assert len(live.utterances) == turns


def test_the_shipped_live_model_answers_as_it_does_of_the_whole() -> None:
    model = crossgate.load("crossgate-meld-live")
    texts = [" ".join(WORDS[k % 7 : k % 7 + 6]) for k in range(40)]  # more than one window of the encoder
    talk = Conversation("talk", tuple(Utterance(str(k), "AB"[k % 2], text) for k, text in enumerate(texts)))
    live = model.live()
    for utterance, expected in zip(talk.utterances, model.predict([talk])[0], strict=True):
        found = live.add(speaker=utterance.speaker, text=utterance.text)
        assert numbers(found) == pytest.approx(numbers(expected), abs=1e-4)


def test_a_turn_of_which_nothing_is_known_is_abstained_from(causal: Checkpoint) -> None:
    live = Live(causal)
    assert live.add(speaker="A").abstained
    assert live.add(speaker="B", text="the sofa").views.keys() == {"t"}


@pytest.mark.usefixtures("library")
def test_what_cannot_be_read_leaves_the_conversation_as_it_was(causal: Checkpoint) -> None:
    live, other = Live(causal), Live(causal)
    for one in (live, other):
        one.add(speaker="A", text="you did what")
    with pytest.raises(InputError, match=r"audio vector has shape \(3,\), expected \(5,\)"):
        live.add(speaker="B", text="never", vectors={"audio": np.zeros(3)})
    assert len(live.utterances) == 1
    found, expected = (one.add(speaker="B", text="again the sofa") for one in (live, other))
    assert numbers(found) == pytest.approx(numbers(expected))


def test_without_a_graph_it_goes_on_or_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(graph: Graph, threads: int | None) -> None:
        raise CrossgateError("no such operator")

    pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    monkeypatch.setattr(runtime, "made", refuse)
    causal = toy_checkpoint(tmp_path)  # of which no graph was made yet
    with pytest.warns(UserWarning, match="could not: no such operator"):
        assert not Live(causal).add(speaker="A", text="you did what").notes
    monkeypatch.setenv(ENVIRONMENT, "onnx")
    with pytest.raises(CrossgateError, match="no such operator"):
        Live(causal)


def test_a_model_that_looks_ahead_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="reads the whole conversation"):
        Live(toy_checkpoint(tmp_path, causal=False))
    with pytest.raises(InputError, match="crossgate-meld-live"):
        crossgate.load("crossgate-meld").live()


def test_the_future_changes_nothing(causal: Checkpoint) -> None:
    talk, values = drawn_talk(1, 12)
    short = Conversation("talk", talk.utterances[:7])
    begun = at_once(causal, short, {name: found[:7] for name, found in values.items()})
    for first, second in zip(begun, at_once(causal, talk, values), strict=False):
        assert torch.allclose(torch.tensor(numbers(first)), torch.tensor(numbers(second)), atol=2e-5)


def test_texts_are_given_in_words(causal: Checkpoint) -> None:
    with pytest.raises(InputError, match="in words"):
        Live(causal).add(speaker="A", vectors={"text": np.zeros(2)})
    with pytest.raises(InputError, match="sound is str"):
        Live(causal).add(speaker="A", sound="hello.wav")  # type: ignore[arg-type]


def test_a_short_text_is_judged_by_what_its_speaker_said_before(causal: Checkpoint) -> None:
    live = Live(causal)
    for text in (
        "Ich habe dir doch gesagt, dass wir heute Abend nicht kommen können, weil die Kinder krank sind.",
        "Warum hast du mich nicht angerufen, als du gesehen hast, dass das Auto nicht anspringt?",
        "Das ist mir jetzt wirklich egal, ich gehe nach Hause und lege mich ins Bett, gute Nacht.",
        "Und morgen früh reden wir noch einmal darüber, wenn du wieder nüchtern bist, verstanden?",
    ):
        live.add(speaker="Ann", text=text)
    found = live.add(speaker="Ann", text="Na gut.")
    assert found.abstained
    assert "its speaker's words" in found.notes["text"]


def test_a_frozen_sensor_is_taken_for_missing_as_in_the_whole(causal: Checkpoint) -> None:
    talk, values = drawn_talk(3, 6)
    for vectors in values.values():
        vectors[:] = np.random.default_rng(0).standard_normal(vectors.shape[1])
    live = Live(causal)
    for row, (utterance, expected) in enumerate(
        zip(talk.utterances, at_once(causal, talk, values), strict=True)
    ):
        measured: Any = {"audio": values[AUDIO.column][row], "visual": values[VISUAL.column][row]}
        found = live.add(speaker=utterance.speaker, text=utterance.text, vectors=measured)
        assert numbers(found) == pytest.approx(numbers(expected), abs=2e-5)
        assert dict(found.notes) == dict(expected.notes)
    assert "visual" in found.notes
