"""One share for a whole analysis, out of the shares of its steps."""

from __future__ import annotations

from collections.abc import Collection

FETCHING = "fetching the recording"
FETCHING_TRANSCRIPT = "fetching the transcript"

CARRYING = "taking it to another machine"
"""Told where that happens; it moves no bar."""

WRITING_DOWN = "writing down what is said"

STEPS = {
    FETCHING: 10.0,
    FETCHING_TRANSCRIPT: 1.0,
    "opening the recording": 1.0,
    "listening for speech": 10.0,
    WRITING_DOWN: 60.0,
    "telling the voices apart": 10.0,
    "listening to the voices": 20.0,
    "looking at the faces": 50.0,
}
"""What the pipeline says it is at, in its order -> about how much of the work that is. Rough: it decides how
a bar moves, and nothing else."""

TOGETHER = ("listening to the voices", "looking at the faces")
"""These two go on side by side."""

ALMOST = 0.99
"""Of the work that is measured; the whole is done when the result is kept."""


class Progress:
    """How far one analysis has come.

    Args:
        left_out: steps that will not be taken; others may be skipped as well, and count as done then.
    """

    def __init__(self, left_out: Collection[str] = ()) -> None:
        self._weights = {words: weight for words, weight in STEPS.items() if words not in left_out}
        self._shares = dict.fromkeys(self._weights, 0.0)
        self.step: str | None = None
        self.share = 0.0
        """Of the whole, 0 to 1; never falls."""

    def tell(self, words: str, share: float | None) -> None:
        """The step `words` is at `share`; a step that is not known moves nothing."""
        self.step = words
        if words not in self._shares:
            return
        for earlier in self._shares:
            if earlier == words or (words in TOGETHER and earlier in TOGETHER):
                break
            self._shares[earlier] = 1.0
        self._shares[words] = max(self._shares[words], min(1.0, share or 0.0))
        done = sum(self._weights[each] * self._shares[each] for each in self._shares)
        self.share = max(self.share, ALMOST * done / sum(self._weights.values()))
