"""Whether words look like English, the only language the shipped models have read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

_WORDS = """
a about after all also am an and any are as at back be because been but by can come could day did do does
don even first for from get go going good got had has have he her here him his how i if in into is it its
just know let like ll look make me more my need new no not now of oh okay on one only or other our out
over people please re really right say see she so some take tell than thank that the their them then there
these they thing think this time to too two up us use ve very want was way we well were what when where
which who why will with work would yeah year yes you your
"""
COMMON = frozenset(_WORDS.split())
"""Frequent words of spoken English, in lower case, cut at apostrophes."""

LEAST = 0.25
"""Share of common words below which a text is taken for another language. The least among MELD's 964 training
conversations of `ENOUGH` words or more is 0.33, among IEMOCAP's 120 it is 0.48; other languages share few."""

ENOUGH = 12
"""Words below which nothing is said."""

_WORD = re.compile(r"[^\W\d_]+")


READ = 500
"""Characters of a text that language identification reads: more changes nothing but the time."""


def english(text: str) -> tuple[float, float] | None:
    """How likely a text is English, and how likely it is no language at all, by py3langid (BSD, 140 classes).

    None where it is not installed.
    """
    identifier = _identifier()
    if identifier is None:
        return None
    ranked = dict(identifier.rank(text[:READ]))
    return float(ranked["en"]), float(ranked.get("zxx", 0.0))


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """Reads its model, 4.6 MB compressed, the first time it is asked."""
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:  # comes with the extra `text`
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def looks_foreign(texts: Iterable[str | None]) -> bool:
    """Whether the words of a recording, taken together, do not look like English; False for few words."""
    words = [word for text in texts if text for word in _WORD.findall(text.lower())]
    letters = "".join(words)
    # Scripts without blanks between words give few and long ones: there, every letter counts as a word.
    if len(words) < ENOUGH and not (letters and sum(c > "\u024f" for c in letters) > ENOUGH):
        return False
    return sum(word in COMMON for word in words) < LEAST * len(words)
