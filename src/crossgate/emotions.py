"""Label sets: the emotions a corpus tells apart, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crossgate.errors import InputError

UNLABELLED = -100
"""Class index of an utterance without a label; the value torch's cross-entropy ignores by default."""


@dataclass(frozen=True)
class LabelSet:
    """The ordered emotions of a corpus.

    Attributes:
        name: short name, for example `meld7`.
        labels: emotion names; their order is the order of every probability vector.
    """

    name: str
    labels: tuple[str, ...]

    def __post_init__(self) -> None:
        if not all(isinstance(word, str) for word in (self.name, *self.labels)):
            raise InputError("a label set has a name, and emotions by their names")
        if len(set(self.labels)) != len(self.labels):
            raise InputError(f"label set {self.name!r} names an emotion twice: {', '.join(self.labels)}")
        if len(self.labels) < 2:
            raise InputError(f"label set {self.name!r} needs two emotions at least, got {len(self.labels)}")

    def __len__(self) -> int:
        return len(self.labels)

    def index(self, emotion: str | None, where: str | None = None) -> int:
        """Class index of an emotion; `UNLABELLED` for None. Raises InputError for an unknown one."""
        if emotion is None:
            return UNLABELLED
        try:
            return self.labels.index(emotion)
        except ValueError:
            raise InputError(
                f"unknown emotion {emotion!r}; the label set {self.name!r} has {', '.join(self.labels)}",
                where=where,
                fix="correct the label, leave it empty, or name the label set in manifest.json",
            ) from None


MELD = LabelSet("meld7", ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger"))
"""MELD's seven emotions in the order of the dataset's paper (Poria et al., ACL 2019)."""

IEMOCAP = LabelSet("iemocap6", ("happy", "sad", "neutral", "angry", "excited", "frustrated"))
"""The usual six of IEMOCAP in the order of the community's feature files."""

KNOWN = (MELD, IEMOCAP)


def label_set_of(emotions: Iterable[str]) -> LabelSet:
    """The known label set that contains all `emotions`, else one made of them in alphabetical order.

    Without any label to go by it is MELD's: a table may be there to be predicted only, and then the
    checkpoint's label set is the one that counts.
    """
    found = set(emotions)
    if not found:
        return MELD
    fitting = [known for known in KNOWN if found <= set(known.labels)]
    if fitting:
        return min(fitting, key=lambda known: len(set(known.labels) - found))
    return LabelSet("custom", tuple(sorted(found)))


def refuse_misspelt(emotions: Iterable[str], where: str) -> None:
    """Refuse one or two labels that stand out from a known set whose others are all but complete.

    Most likely they are misspelt, and a label set made to contain them would be trained on without a word.
    """
    found = set(emotions)
    for known in KNOWN:
        strange = found - set(known.labels)
        if 0 < len(strange) <= 2 and len(found & set(known.labels)) >= len(known) - 2:
            raise InputError(
                f"unknown emotion {', '.join(map(repr, sorted(strange)))} among those of {known.name} "
                f"({', '.join(known.labels)})",
                where=where,
                fix="correct the label, or name the label set in a manifest.json if it is meant",
            )
