"""Which features feed which modality; no torch here."""

from __future__ import annotations

from dataclasses import dataclass, field

from crossgate.conversation import MODALITIES, Modality, refuse_unknown_modalities
from crossgate.errors import InputError


@dataclass(frozen=True)
class MiniLMSettings:
    """How the frozen sentence encoder reads an utterance."""

    layers: tuple[int, ...] = (6,)
    """Hidden states (0 = embeddings, 6 = last) that are mean-pooled and concatenated."""
    max_tokens: int = 128
    """Longest input in tokens; what is over is cut."""
    turns_before: int = 0
    """Turns before the utterance that the encoder sees; only the utterance's own tokens are pooled."""
    turns_after: int = 0
    """Turns after it; must be 0 for a causal model."""

    def __post_init__(self) -> None:
        if not self.layers or any(not 0 <= layer <= 6 for layer in self.layers):
            raise InputError(f"features.minilm.layers is {list(self.layers)}, expected numbers from 0 to 6")
        if not 8 <= self.max_tokens <= 512:
            raise InputError(f"features.minilm.max_tokens is {self.max_tokens}, expected 8 to 512")
        if min(self.turns_before, self.turns_after) < 0:
            raise InputError("features.minilm.turns_before and turns_after are 0 or more")


@dataclass(frozen=True)
class FeatureSettings:
    """The features of each modality by name: a table's column without its prefix, or `minilm`."""

    text: tuple[str, ...] = ()
    """For example [minilm], frozen, or [turns], the text encoder trained here; computed from the texts."""
    audio: tuple[str, ...] = ()
    """For example [praat8]; several are concatenated."""
    visual: tuple[str, ...] = ()
    """For example [au18]; empty where the corpus has none."""
    minilm: MiniLMSettings = field(default_factory=MiniLMSettings)
    """The frozen sentence encoder behind `minilm`."""
    turns: str = ""
    """Head of the trained text encoder behind `turns`, for example meld; needed where text names `turns`."""
    average: tuple[str, ...] = ()
    """Modalities whose features are averaged, not concatenated, as SDT does with its four RoBERTa vectors."""
    speaker_relative: tuple[str, ...] = ()
    """Modalities whose features are given a second time, less the speaker's own mean in the conversation: a
    raised voice is raised against its owner's. Looks at the whole conversation."""

    def __post_init__(self) -> None:
        if not any(self.names(modality) for modality in MODALITIES):
            raise InputError("features: no modality has a feature", fix="for example  text: [minilm]")
        if ("turns" in self.text) != bool(self.turns):
            raise InputError(
                f"features.text is {list(self.text)} and features.turns {self.turns!r}: both or neither",
                fix="for example  text: [turns]  turns: meld",
            )
        for setting in ("average", "speaker_relative"):
            refuse_unknown_modalities(f"features.{setting}", getattr(self, setting))

    def names(self, modality: Modality) -> tuple[str, ...]:
        """Feature names of a modality."""
        names: tuple[str, ...] = getattr(self, modality)
        return names

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """The modalities in use, in the usual order."""
        return tuple(modality for modality in MODALITIES if self.names(modality))
