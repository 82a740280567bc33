"""Speakers by the sound of their voices: agglomerative clustering of one vector an utterance. A guess."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import AgglomerativeClustering

from crossgate.errors import InputError
from crossgate.media.clips import Sound, Span
from crossgate.media.voices.blocks import check_rate
from crossgate.media.voices.embedding import CepstralEmbedder, Vector, VoiceEmbedder

Groups = npt.NDArray[np.int64]
"""(utterance) number of the group, from 0."""

Values = npt.NDArray[np.float64]
"""(utterance, feature)"""


@dataclass(frozen=True)
class ClusteringSettings:
    """How voices are grouped.

    Attributes:
        speakers: how many there are, None to have it guessed.
        threshold: distance of two groups from which they are two speakers; None for the embedder's own.
        shortest: seconds; shorter utterances form no group, but join the nearest.
        smallest_share: of all speech; a guessed group with less joins the nearest: it is a laugh or a cough
            of somebody more often than another speaker.
        most: utterances that form groups, the longest ones; the others join the nearest group. Memory and
            time grow with its square.
    """

    speakers: int | None = None
    threshold: float | None = None
    shortest: float = 1.0
    smallest_share: float = 0.02
    most: int = 4000

    def __post_init__(self) -> None:
        if self.speakers is not None and self.speakers < 1:
            raise InputError(f"speakers is {self.speakers}, expected 1 or more", where="speakers")
        if self.threshold is not None and not self.threshold > 0:
            raise InputError(f"threshold is {self.threshold}, expected more than 0", where="speakers")


class ClusteredSpeakers:
    """A guess at who speaks.

    What to expect of it with `CepstralEmbedder`, measured: of the turns of one, two, three and four espeak-ng
    voices that played no part in its making (eight sentences each), 100, 94, 87 and 80 in 100 are right, and
    100, 98, 96 and 94 when told their number. Eight sentences of seven speakers of the GRID corpus are all
    taken for one speaker's; told that there are seven, it gets all eight right, but GRID did play a part.
    With acted emotions it is much worse: from statistics of the same kind (GeMAPS' means and deviations)
    Ward's method gave 66 to 68 in 100 of IEMOCAP's turns to the right one of a man and a woman; always naming
    the same one gives 57.

    Args:
        embedder: what makes the vectors; `CepstralEmbedder` where there is none.
        settings: how they are grouped.
    """

    def __init__(
        self, embedder: VoiceEmbedder | None = None, settings: ClusteringSettings | None = None
    ) -> None:
        self._embedder = embedder or CepstralEmbedder()
        self._settings = settings or ClusteringSettings()
        self._met: tuple[str, ...] = ()
        self.name = f"clustering of voices by {self._embedder.name}"

    @property
    def notes(self) -> tuple[str, ...]:
        """That it is a guess and what would be better, and what was met in the recording labelled last."""
        number = "" if self._settings.speakers else ", and so is their number, rather too low than too high"
        return (
            f"the speakers are guessed from the sound of the voices ({self._embedder.name}){number}; "
            "give a transcript that names them to be sure",
            *self._met,
        )

    def label(self, sounds: Iterable[tuple[int, Sound]], spans: Sequence[Span]) -> list[str]:
        """`Speaker 1`, `Speaker 2`, ... for each utterance, in the order of the first utterances of each.

        An utterance without a voice gets the name of the utterance before.

        Args:
            sounds: place in `spans` and sound at 16 kHz, in any order.
            spans: the utterances.
        """
        self._met = ()
        vectors: list[Vector | None] = [None] * len(spans)
        seconds = np.zeros(len(spans))
        for place, sound in sounds:
            check_rate(sound)
            vectors[place] = self._embedder.embed(sound)
            seconds[place] = sound.seconds
        return numbered(self._groups(vectors, seconds))

    def _groups(self, vectors: list[Vector | None], seconds: npt.NDArray[np.float64]) -> list[int]:
        voiced = np.array([place for place, vector in enumerate(vectors) if vector is not None], np.int64)
        wanted = self._settings.speakers
        if wanted is not None and vectors and len(voiced) < wanted:
            self._met = (f"only {len(voiced)} utterances have a voice to tell {wanted} speakers by",)
        if not len(voiced):
            return [0] * len(vectors)
        values = np.stack([vector for vector in vectors if vector is not None]).astype(np.float64)
        forming = self._forming(seconds[voiced])
        groups = np.zeros(len(voiced), np.int64)
        if len(forming):
            groups[forming] = self._cluster(values[forming], seconds[voiced][forming])
            others = np.setdiff1d(np.arange(len(voiced)), forming)
            groups[others] = _nearest(values[others], _centres(values[forming], groups[forming]))
        return _filled(voiced, groups, len(vectors))

    def _forming(self, seconds: npt.NDArray[np.float64]) -> Groups:
        """Places of the utterances that form groups, in order."""
        settings = self._settings
        # Stable: of equally long utterances the earlier come first.
        longest = np.argsort(-seconds, kind="stable")[: settings.most]
        long_enough = np.sort(longest[seconds[longest] >= settings.shortest])
        if settings.speakers is not None and len(long_enough) < settings.speakers:
            return np.sort(longest)
        return long_enough

    def _cluster(self, values: Values, seconds: npt.NDArray[np.float64]) -> Groups:
        settings = self._settings
        if len(values) == 1:
            return np.zeros(1, np.int64)
        if settings.speakers is not None:
            # Average linkage would reach the number by setting odd utterances apart; Ward's method does not.
            clustering = AgglomerativeClustering(min(settings.speakers, len(values)), linkage="ward")
            return np.asarray(clustering.fit_predict(values), np.int64)
        clustering = AgglomerativeClustering(
            None, distance_threshold=settings.threshold or self._embedder.threshold, linkage="average"
        )
        groups = np.asarray(clustering.fit_predict(values), np.int64)
        spoken = np.bincount(groups, weights=seconds)
        # With very many small groups the largest may be small as well.
        large = spoken >= min(settings.smallest_share * spoken.sum(), spoken.max())
        kept = large[groups]
        kept_groups = np.unique(groups[kept], return_inverse=True)[1]
        merged = np.zeros(len(values), np.int64)
        merged[kept] = kept_groups
        merged[~kept] = _nearest(values[~kept], _centres(values[kept], kept_groups))
        return merged


def numbered(groups: Sequence[Hashable]) -> list[str]:
    """`Speaker 1` for the first group to appear, `Speaker 2` for the next, ..."""
    order: dict[Hashable, int] = {}
    return [f"Speaker {order.setdefault(group, len(order) + 1)}" for group in groups]


def _centres(values: Values, groups: npt.NDArray[np.int64]) -> Values:
    return np.stack([values[groups == group].mean(axis=0) for group in range(groups.max() + 1)])


def _nearest(values: Values, centres: Values) -> Groups:
    distances = np.linalg.norm(values[:, None] - centres, axis=2)
    return np.asarray(distances.argmin(axis=1), np.int64)


def _filled(voiced: Groups, groups: Groups, length: int) -> list[int]:
    """Groups of all utterances: one without a voice has that of the voiced one before it, or of the first."""
    known = dict(zip(voiced.tolist(), groups.tolist(), strict=True))
    current = int(groups[0])
    filled = []
    for place in range(length):
        current = known.get(place, current)
        filled.append(current)
    return filled
