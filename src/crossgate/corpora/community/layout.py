"""Which of the community's feature pickles this is: layout, corpus and features, told from its structure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec, Modality
from crossgate.corpora.known import KNOWN_IEMOCAP, KNOWN_MELD, KnownCorpus
from crossgate.errors import InputError

_HEAD = ("videoIDs", "videoSpeakers", "videoLabels", "videoText")
_TAIL = ("videoAudio", "videoVisual", "videoSentence", "trainVid", "testVid")
_LISTS = ("trainVid", "testVid")


@dataclass(frozen=True)
class Layout:
    """A way of packing a corpus into a tuple.

    Attributes:
        name: for reports.
        fields: names of the elements, in order; MELD's files have one more (sentiment), not used.
        texts: the fields that hold text vectors.
        origin: who released files like this.
    """

    name: str
    fields: tuple[str, ...]
    texts: tuple[str, ...]
    origin: str


_ROBERTA = ("videoText", "roberta2", "roberta3", "roberta4")
LAYOUTS = (
    Layout("four RoBERTa texts", (*_HEAD, *_ROBERTA[1:], *_TAIL), _ROBERTA, "SDT, MultiEMO and followers"),
    Layout("one text", (*_HEAD, *_TAIL), ("videoText",), "MMGCN, MM-DFN and followers"),
)

_NOT_READ = "text-only files (COSMIC's *_features_roberta.pkl) and files of single modalities are not read"

_DESCRIPTIONS: dict[tuple[Modality, int], tuple[str, str]] = {
    ("text", 100): ("textcnn100", "TextCNN on the utterance, as released with MMGCN for IEMOCAP"),
    ("text", 600): ("textcnn600", "TextCNN on the utterance, as released with MMGCN for MELD"),
    ("audio", 1582): ("is10", "openSMILE IS10 (Interspeech 2010 paralinguistic challenge)"),
    ("audio", 300): ("community300", "openSMILE IS10 reduced to 300 dimensions, as released with MMGCN"),
    ("visual", 342): ("denseface342", "DenseNet trained on FER+, as released with MMGCN"),
}


@dataclass(frozen=True)
class Packed:
    """The elements of the tuple by name, and what was told from them."""

    layout: Layout
    corpus: KnownCorpus
    fields: dict[str, Any]
    features: dict[str, FeatureSpec]
    """Feature spec by the field it is stored in."""

    def describe(self) -> str:
        """What was detected, in a sentence."""
        columns = ", ".join(f"{spec.column} ({spec.dimension})" for spec in self.features.values())
        return (
            f"detected {self.corpus.labels.name} in the layout with {self.layout.name} "
            f"({self.layout.origin}): {columns}"
        )


def unpack(content: Any, where: str) -> Packed:
    """Recognise the content of a feature pickle. Raises InputError with what was expected."""
    fields, layout = _fields(content, where)
    speakers = _first(fields["videoSpeakers"], "videoSpeakers", where)
    corpus = _corpus(speakers, where)
    features: dict[str, FeatureSpec] = {}
    for field, modality in (
        *((text, "text") for text in layout.texts),
        ("videoAudio", "audio"),
        ("videoVisual", "visual"),
    ):
        dimension = matrix(_first(fields[field], field, where), f"{where}, {field}").shape[1]
        features[field] = _spec(field, modality, dimension, layout)  # type: ignore[arg-type]
    return Packed(layout, corpus, fields, features)


def matrix(value: Any, where: str) -> npt.NDArray[np.float32]:
    """The vectors of a dialogue as (utterance, feature). Raises InputError where they are no matrix."""
    try:
        array = np.asarray(value, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"not vectors of numbers: {error}", where=where) from error
    if array.ndim == 1 and array.size and np.ndim(value[0]) == 0:
        array = array[None]  # some files keep the only vector of a dialogue bare
    if array.ndim != 2:
        raise InputError(f"expected one vector an utterance, got the shape {array.shape}", where=where)
    return array


def _fields(content: Any, where: str) -> tuple[dict[str, Any], Layout]:
    expected = "; ".join(
        f"{len(layout.fields)} (IEMOCAP) or {len(layout.fields) + 1} (MELD): {', '.join(layout.fields)}"
        for layout in LAYOUTS
    )
    if not isinstance(content, tuple | list):
        raise InputError(
            f"the pickle holds a {type(content).__name__}, expected a tuple of {expected}", where=where
        )
    layout = next((one for one in LAYOUTS if len(content) - len(one.fields) in (0, 1)), None)
    if layout is None:
        raise InputError(
            f"the pickle holds a tuple of {len(content)} elements, expected {expected}",
            where=where,
            fix=_NOT_READ,
        )
    fields = dict(zip(layout.fields, content, strict=False))
    for place, (name, value) in enumerate(fields.items()):
        is_list = isinstance(value, list | tuple | set | frozenset | np.ndarray)
        if (name in _LISTS and not is_list) or (name not in _LISTS and not isinstance(value, dict)):
            raise InputError(
                f"element {place} is a {type(value).__name__}, expected {name}: "
                + ("a list of dialogue ids" if name in _LISTS else "a dict by dialogue id"),
                where=where,
                fix=f"a tuple of {expected}; {_NOT_READ}",
            )
    return fields, layout


def _first(field: dict[Any, Any], name: str, where: str) -> Any:
    """The first dialogue of a field that holds an utterance."""
    value = next((value for value in field.values() if len(value)), None)
    if value is None:
        raise InputError(f"{name} holds no utterance", where=where)
    return value


def _corpus(speakers: Sequence[Any], where: str) -> KnownCorpus:
    if isinstance(speakers[0], str) and speakers[0] in ("M", "F"):
        return KNOWN_IEMOCAP
    if np.ndim(speakers[0]) == 1 and len(speakers[0]) == 9:
        return KNOWN_MELD
    raise InputError(
        f"a speaker is {speakers[0]!r:.60}; expected 'M' or 'F' (IEMOCAP) or a one-hot of nine (MELD)",
        where=f"{where}, videoSpeakers",
        fix=_NOT_READ,
    )


def _spec(field: str, modality: Modality, dimension: int, layout: Layout) -> FeatureSpec:
    if len(layout.texts) > 1 and modality == "text":
        number = layout.texts.index(field) + 1
        name, source = (
            f"roberta{number}",
            f"RoBERTa-large tuned on the corpus, vector {number} of 4, as in COSMIC",
        )
    else:
        unknown = (f"community{dimension}", "not documented by those who released it")
        name, source = _DESCRIPTIONS.get((modality, dimension), unknown)
    return FeatureSpec(modality, name, "unknown", dimension, source)
