"""Texts that are nothing like what the shipped models have read, and why: their answers would mean nothing.

A network answers whatever it is given, and with confidence: of 'Ne yaptın sen?' the default says 'neutral,
91 %'. Each rule here names one kind of text that is not English talk. docs/trust-model.md has what each does
to texts that are, and the command that measures it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from crossgate.pipeline.language import ENOUGH, english, looks_foreign

LIKELY_NOT = 0.003
"""Probability of English below which a text is not. Of MELD's 9,989 training texts 6 are below: 'Adiós.',
'Ta-da.', names."""

SURELY_NOT = 0.01
"""The same for texts of `WORDS` words or more, of which English ones hardly ever come so low."""

WORDS = 4
"""Words from which language identification is steadier. Featureless texts, a single word, are at 0.007."""

NO_LANGUAGE = 0.3
"""Probability of 'no linguistic content' from which a text of three words or more is taken for none."""

POOLED = 300
"""Characters, at most, of a speaker's other words that an ambiguous text is read together with."""

SIGNS = frozenset("{}[]<>=;_/\\|@#$%^*+~&")
"""Characters of code and markup that are rare in talk."""

SIGN_SHARE = 0.05
"""Share of them from which a text with two of them is code; none of MELD's training texts reaches it."""

AGAIN = 15
"""Times a word stands in a text, as three in four of its words, from which it is no talk. MELD's most: 10."""

LONGEST_WORD = 45
"""Letters beyond which there is no word; the longest of English dictionaries has 45, MELD's longest 23."""

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PIECE = re.compile(r"\w+|[^\w\s]")
_ADDRESS = re.compile(r"\S*(?:://|www\.|@)\S+|\S+\.(?:com|org|net)\S*")
_STAGE = re.compile(r"\[[^\W\d_][\w ]*\]|\*[^\W\d_][^*]*\*")
"""`[LAUGHTER]` and `*these*`: people who write talk down write so."""


@dataclass(frozen=True)
class Doubt:
    """What is wrong with a text.

    Attributes:
        why: in words, for the note of a result.
        abstains: whether nothing should be made of it; else its answer stands.
    """

    why: str
    abstains: bool = True


def doubts_of(
    texts: Sequence[str | None],
    speakers: Sequence[str],
    *,
    tokens: int | None = None,
    causal: bool = False,
    since: int = 0,
) -> list[Doubt | None]:
    """What is wrong with each text of a conversation, if anything.

    Args:
        texts: of its turns; None and blank ones are missing, not doubted.
        speakers: of the turns: what is too short to tell is judged by what else its speaker said.
        tokens: as many of a turn are read; None where that is not known.
        causal: look at nothing that is said later.
        since: the first turn that is judged; those before only tell of their speakers.
    """
    found: list[Doubt | None] = []
    for turn, text in enumerate(texts[since:], start=since):
        if text is None or not text.strip():
            found.append(None)
            continue
        doubt = _alone(text) or _beside(turn, texts, speakers, causal)
        if doubt is None and tokens is not None and len(_PIECE.findall(text)) > tokens:
            doubt = Doubt(f"long: only its first {tokens} tokens are read", abstains=False)
        found.append(doubt)
    return found


def _alone(text: str) -> Doubt | None:
    """What a text itself shows."""
    bare = _STAGE.sub(" ", _ADDRESS.sub(" ", text))
    if not any(letter.isalpha() for letter in _ADDRESS.sub(" ", text)):
        return Doubt("no words, only digits, signs or an address")
    letters = [letter for letter in text if letter.isalpha()]
    if sum(letter > "\u024f" and not "\u1e00" <= letter <= "\u1eff" for letter in letters) > len(letters) / 2:
        return Doubt("not in the Latin alphabet, and only English was learned")
    dense = [letter for letter in bare if not letter.isspace()]
    signs = sum(letter in SIGNS for letter in dense)
    if signs >= 2 and signs > SIGN_SHARE * len(dense):
        return Doubt("looks like code or markup")
    words = [word.lower() for word in _WORD.findall(bare)]
    if any(len(word) > LONGEST_WORD for word in words):
        return Doubt(f"a word of more than {LONGEST_WORD} letters")
    if words:
        most = Counter(words).most_common(1)[0][1]
        if most >= AGAIN and most > 0.75 * len(words):
            return Doubt("one word again and again")
    return _foreign(bare, len(words))


def _foreign(text: str, words: int) -> Doubt | None:
    """Whether a text alone is not English."""
    found = english(text)
    if found is None:
        return (
            Doubt("does not look like English, the only language learned") if looks_foreign([text]) else None
        )
    likely, none = found
    if likely < (SURELY_NOT if words >= WORDS else LIKELY_NOT):
        return Doubt("does not look like English, the only language learned")
    return Doubt("does not look like words of a language") if words >= 3 and none > NO_LANGUAGE else None


def _beside(turn: int, texts: Sequence[str | None], speakers: Sequence[str], causal: bool) -> Doubt | None:
    """Whether a text that could be English or not stands among its speaker's words in another language."""
    found = english(texts[turn] or "")
    if found is None or found[0] > 0.5:
        return None
    others = texts[: turn + 1] if causal else texts
    said = [
        text for text, speaker in zip(others, speakers, strict=False) if speaker == speakers[turn] and text
    ]
    pooled = " ".join(said)[-POOLED:] if causal else " ".join(said)[:POOLED]
    together = english(pooled)
    if together is None or together[0] >= SURELY_NOT or len(_WORD.findall(pooled)) < ENOUGH:
        return None
    return Doubt("its speaker's words do not look like English, the only language learned")
