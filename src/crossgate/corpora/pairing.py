"""Pairs the utterances of a corpus with FER+ faces of the same label: a visual modality that is made up.

As AV-MNIST pairs written digits with spoken ones (Vielzeuf et al., CentralNet, ECCV 2018 workshops), for want
of a corpus with raw video and labels. It serves to train the visual gate and to compare ways of fusion; what
a model gains by it is **no gain on the corpus**, since the faces were chosen by the labels.

What real video has and this has not: here a speaker does not keep a face from one turn to the next, each is
another person's; a face does not change while it is seen; whether there is one, and whether it can be relied
upon, does not depend on what is said or felt. Besides, the network tells the faces it was trained on apart
better than those of the validation part, so that vision is a little more reliable in training than later.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.corpora.table import FeatureColumn, Split
from crossgate.errors import InputError

WORDS = "Faces are FER+ images paired by label, not the speakers'"
"""How every description of a paired table begins."""

COUNTERPARTS = {
    "neutral": "neutral",
    "happiness": "joy",
    "surprise": "surprise",
    "sadness": "sadness",
    "anger": "anger",
    "disgust": "disgust",
    "fear": "fear",
}
"""The emotion of MELD that an expression of FER+ stands for."""

WITHOUT_COUNTERPART = frozenset({"contempt"})
"""Expressions of FER+ that MELD has no emotion for; such faces are left out."""

NO_FACE = -1


@dataclass(frozen=True)
class FaceBank:
    """Embedded faces of one part of FER+.

    Attributes:
        split: train or validation: the split of a corpus that these faces may go to.
        spec: what made the vectors.
        values: (face, feature) float32, no NaN.
        expressions: (face,) names as FER+ has them.
        rows: (face,) row of each face in its file, from 0.
        file: name of the file the faces are from.
        sha256: of that file.
    """

    split: str
    spec: FeatureSpec
    values: npt.NDArray[np.float32]
    expressions: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    file: str
    sha256: str

    def __post_init__(self) -> None:
        """Raises InputError where shapes do not fit, a vector is no number or an expression is unknown."""
        expected = (len(self.expressions), self.spec.dimension)
        if self.values.shape != expected or self.rows.shape != expected[:1]:
            raise InputError(
                f"vectors of shape {self.values.shape} and rows of shape {self.rows.shape}, "
                f"expected {expected} and {expected[:1]}",
                where=self.file,
            )
        if self.spec.modality != "visual":
            raise InputError(f"the vectors are {self.spec.modality}, expected visual", where=self.file)
        if not np.isfinite(self.values).all():
            face = int(np.flatnonzero(~np.isfinite(self.values).all(axis=1))[0])
            raise InputError("the vector is not made of numbers", where=f"{self.file}, row {self.rows[face]}")
        unknown = set(self.expressions) - COUNTERPARTS.keys() - WITHOUT_COUNTERPART
        if unknown:
            raise InputError(
                f"unknown expression {', '.join(sorted(unknown))}; FER+ has "
                f"{', '.join([*COUNTERPARTS, *sorted(WITHOUT_COUNTERPART)])}",
                where=self.file,
            )


def draw_faces(
    split: Split, bank: FaceBank, *, reliability: float, missing: float = 0.1, seed: int = 0
) -> npt.NDArray[np.int64]:
    """Draw a face for every utterance.

    With probability `reliability` the face shows the utterance's emotion, else one drawn by the frequencies
    of the split's own labels, which may be the same; within an emotion all faces are alike likely. So the
    faces' emotions are distributed as the labels are, whatever the reliability, and with 0 say nothing.

    A draw depends on the seed, the split's name and the utterance's id alone (besides bank and frequencies),
    not on the order. More reliability only turns drawn emotions into the utterance's own, and a greater share
    of missing faces only takes faces away: tables of one seed are comparable utterance by utterance.

    Args:
        split: conversations; utterances without an emotion get no face.
        bank: faces of the part of FER+ that has the split's name.
        reliability: 0 to 1.
        missing: share of labelled utterances without a face, 0 or more, less than 1.
        seed: 0 or more.

    Returns (utterance,) index of the face in `bank`, `NO_FACE` where there is none.

    Raises InputError where the bank is of another split, an emotion has no face or a number is out of range.
    """
    _check(reliability, missing, seed)
    if bank.split != split.name:
        raise InputError(
            f"faces of FER+'s {bank.split} part for the {split.name} split",
            where=bank.file,
            fix=f"a face must stay on its side: give the faces of FER+'s {split.name} part",
        )
    utterances = [one for conversation in split.conversations for one in conversation.utterances]
    counts = Counter(one.emotion for one in utterances if one.emotion is not None)
    _refuse_faceless(counts, bank.expressions, f"{bank.file} for the {split.name} split")
    emotions = sorted(counts)
    shown = np.array([COUNTERPARTS.get(expression, "") for expression in bank.expressions])
    faces_of = {emotion: np.flatnonzero(shown == emotion) for emotion in emotions}
    # Whole numbers: the last edge is the number of labels exactly, and every draw falls below it.
    edges = np.cumsum([counts[emotion] for emotion in emotions])

    drawn = np.full(len(utterances), NO_FACE, dtype=np.int64)
    for place, utterance in enumerate(utterances):
        if utterance.emotion is None:
            continue
        coin_missing, coin_own, which_emotion, which_face = uniforms(seed, split.name, utterance.id)
        if coin_missing < missing:
            continue
        emotion = utterance.emotion
        if coin_own >= reliability:
            emotion = emotions[int(np.searchsorted(edges, which_emotion * edges[-1], side="right"))]
        faces = faces_of[emotion]
        drawn[place] = faces[int(which_face * len(faces))]
    return drawn


def pair(
    split: Split, bank: FaceBank, *, reliability: float, missing: float = 0.1, seed: int = 0
) -> FeatureColumn:
    """The visual column that `draw_faces` gives a split, row for row; see there for arguments and errors."""
    return column_of(bank, draw_faces(split, bank, reliability=reliability, missing=missing, seed=seed))


def column_of(bank: FaceBank, faces: npt.NDArray[np.int64]) -> FeatureColumn:
    """The vectors of drawn faces (utterance,); NaN and not present for `NO_FACE`."""
    present = faces != NO_FACE
    values = np.full((len(faces), bank.spec.dimension), np.nan, dtype=np.float32)
    values[present] = bank.values[faces[present]]
    return FeatureColumn(paired_spec(bank.spec), values, present)


def _refuse_faceless(emotions: Iterable[str], expressions: Iterable[str], where: str) -> None:
    """Raise InputError for emotions that none of the faces, by their expressions, stands for."""
    shown = {COUNTERPARTS.get(expression) for expression in expressions}
    if faceless := sorted(set(emotions) - shown):
        known = ", ".join(COUNTERPARTS.values())
        strange = [emotion for emotion in faceless if emotion not in COUNTERPARTS.values()]
        raise InputError(
            f"no face shows {', '.join(faceless)}",
            where=where,
            fix=f"faces can be paired with {known} only" if strange else "add faces of these expressions",
        )


def uniforms(seed: int, split: str, utterance: str) -> tuple[float, float, float, float]:
    """Four numbers in [0, 1) that depend on the three arguments alone, the same on every machine."""
    key = json.dumps([seed, split, utterance]).encode()  # JSON keeps the three apart
    digest = hashlib.sha256(key).digest()
    one, two, three, four = (int.from_bytes(digest[at : at + 8]) >> 11 for at in range(0, 32, 8))
    return one / 2**53, two / 2**53, three / 2**53, four / 2**53


def _check(reliability: float, missing: float, seed: int) -> None:
    if not 0 <= reliability <= 1:
        raise InputError(f"reliability is {reliability}, expected 0 to 1")
    if not 0 <= missing < 1:
        raise InputError(f"missing is {missing}, expected 0 or more, less than 1")
    if seed < 0:
        raise InputError(f"seed is {seed}, expected 0 or more")


def paired_spec(spec: FeatureSpec) -> FeatureSpec:
    """The network's own spec; the words alone say that the faces are paired, since vectors are the same."""
    return replace(spec, source=f"{WORDS}: {spec.source}")
