"""Texts that are no English talk are doubted, with the reason; English talk is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.pipeline.doubts import doubts_of

pytest.importorskip("py3langid")

TALK = (
    "You did what?",
    "I sold it. I am so sorry, really.",
    "Oh, no, no, no, no!",
    "Hi Monica!",
    "[LAUGHTER] Okay.",
)


def why(text: str) -> str:
    (found,) = doubts_of([text], ["A"])
    return "" if found is None else found.why


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ich habe es verkauft, es tut mir leid.", "English"),
        ("Ne yaptın sen?", "English"),
        ("Lorem ipsum dolor sit amet, consectetur adipiscing elit.", "English"),
        ("Что ты наделал?", "alphabet"),
        ("你做了什么?", "alphabet"),
        ("😡", "no words"),
        ("?!?!", "no words"),
        ("42", "no words"),
        ("https://example.org/a/b?c=d", "no words"),
        ("for (int i = 0; i < n; i++) { a[i] += b[i]; }", "code"),
        ("happy " * 50, "again and again"),
        ("x" * 1000, "letters"),
    ],
)
def test_what_is_no_english_talk_is_doubted_and_says_why(text: str, words: str) -> None:
    assert words in why(text)


@pytest.mark.parametrize("text", TALK)
def test_english_talk_is_not(text: str) -> None:
    assert not why(text)


def test_a_text_too_short_to_tell_is_judged_by_its_speaker_s_others() -> None:
    texts = [
        "Was hast du getan?",
        "Ich habe es verkauft, es tut mir leid.",
        "Das ist wunderbar, ich freue mich!",
    ]
    assert doubts_of(texts[:1], ["A"]) == [None]
    assert all(doubts_of(texts, ["A"] * 3))
    assert doubts_of(texts, ["B", "A", "A"])[0] is None


def test_live_use_does_not_look_ahead() -> None:
    texts = [
        "Was hast du getan?",
        "Ich habe es verkauft, es tut mir leid.",
        "Das ist wunderbar, ich freue mich!",
    ]
    whole = doubts_of(texts, ["A"] * 3, causal=True)
    for end in range(1, 4):
        assert doubts_of(texts[:end], ["A"] * end, causal=True) == whole[:end]


def test_what_is_cut_is_said_and_answered() -> None:
    (found,) = doubts_of(["I told you so, and you said no. " * 30], ["A"], tokens=100)
    assert found is not None
    assert not found.abstains
    assert "100" in found.why


def test_what_is_missing_is_not_doubted() -> None:
    assert doubts_of([None, "", " \t"], ["A"] * 3) == [None] * 3


@given(st.lists(st.text(max_size=60), max_size=4), st.booleans())
def test_any_text_can_be_looked_at(texts: list[str], causal: bool) -> None:
    assert len(doubts_of(texts, ["A"] * len(texts), tokens=10, causal=causal)) == len(texts)
