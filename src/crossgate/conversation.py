"""The words everybody speaks: utterances, conversations, modalities and what their features are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from crossgate.errors import InputError

Modality = Literal["text", "audio", "visual"]

MODALITIES: tuple[Modality, ...] = ("text", "audio", "visual")
"""What is said, how it is said, how the speaker looks; this order everywhere."""

INITIALS: dict[Modality, str] = {"text": "t", "audio": "a", "visual": "v"}
"""One letter a modality; a view such as `ta` is spelled with them."""


def refuse_unknown_modalities(setting: str, named: Iterable[str]) -> None:
    """Raises InputError where a setting names what is no modality."""
    for modality in named:
        if modality not in MODALITIES:
            raise InputError(f"{setting}: unknown modality {modality!r}; expected {', '.join(MODALITIES)}")


@dataclass(frozen=True)
class Utterance:
    """One turn of one speaker.

    Attributes:
        id: unique within its split.
        speaker: name or number of the speaker, unique within the conversation.
        text: what was said, or None.
        start: seconds from the start of the recording, or None.
        end: seconds from the start of the recording, or None.
        emotion: the annotated emotion, or None.
    """

    id: str
    speaker: str
    text: str | None = None
    start: float | None = None
    end: float | None = None
    emotion: str | None = None

    def __post_init__(self) -> None:
        for name in ("start", "end"):
            seconds = getattr(self, name)
            if seconds is not None and not math.isfinite(seconds):
                raise InputError(f"{name} is {seconds}, expected seconds", where=f"utterance {self.id}")


@dataclass(frozen=True)
class Conversation:
    """Utterances in the order of speaking. Raises InputError when there is none, or an id stands twice."""

    id: str
    utterances: tuple[Utterance, ...]
    media: Path | None = None

    def __post_init__(self) -> None:
        if not self.utterances:
            raise InputError(
                "the conversation is empty",
                where=f"conversation {self.id}",
                fix="leave it out, or give it one utterance at least",
            )
        seen: set[str] = set()
        for utterance in self.utterances:
            if utterance.id in seen:
                raise InputError(
                    f"the id {utterance.id!r} stands twice",
                    where=f"conversation {self.id}",
                    fix="give every utterance an id of its own",
                )
            seen.add(utterance.id)

    def __len__(self) -> int:
        return len(self.utterances)

    def speaker_indices(self) -> list[int]:
        """Who speaks, relative to this conversation: 0 for the first to appear, 1 for the second, ...

        A new speaker needs no new weights, and the past of a live conversation never changes.
        """
        order: dict[str, int] = {}
        return [order.setdefault(utterance.speaker, len(order)) for utterance in self.utterances]


MOST_DIMENSIONS = 100_000
"""Of a feature vector; the largest sets of openSMILE have some 7,000."""


@dataclass(frozen=True)
class FeatureSpec:
    """Names the extractor of a feature exactly, so that no network is fed what it was not trained on.

    Attributes:
        modality: text, audio or visual.
        name: the extractor, for example `praat8`; the table's column is `<modality>_<name>`.
        version: release or revision of the extractor, or `unknown`.
        dimension: length of the vector.
        source: where the vectors come from, in words.
    """

    modality: Modality
    name: str
    version: str
    dimension: int
    source: str

    def __post_init__(self) -> None:
        if self.modality not in MODALITIES:
            raise InputError(f"unknown modality {self.modality!r}; expected one of {', '.join(MODALITIES)}")
        if not all(isinstance(words, str) for words in (self.name, self.version, self.source)):
            raise InputError(f"feature {self.name!r}: name, version and source are words")
        if not isinstance(self.dimension, int) or not 1 <= self.dimension <= MOST_DIMENSIONS:
            raise InputError(
                f"feature {self.name!r} has dimension {self.dimension!r}; expected 1 to {MOST_DIMENSIONS:,}"
            )

    @property
    def column(self) -> str:
        """Name of the table's column."""
        return f"{self.modality}_{self.name}"

    def __str__(self) -> str:
        return f"{self.column} (version {self.version}, {self.dimension} dimensions)"

    def matches(self, other: FeatureSpec) -> bool:
        """Whether vectors of `other` may be fed to what was trained on this; the source is only words."""
        return (self.modality, self.name, self.version, self.dimension) == (
            other.modality,
            other.name,
            other.version,
            other.dimension,
        )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)
