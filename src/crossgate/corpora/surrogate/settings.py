"""What a surrogate corpus is made of: settings, the published ablation it is tuned to, tuned constants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from crossgate.emotions import IEMOCAP, MELD, LabelSet
from crossgate.errors import InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

VERSION = "1"
"""Of the generator; any change that alters a byte of what it writes raises it."""

VIEWS: dict[str, tuple[int, ...]] = {
    "t": (0,),
    "a": (1,),
    "v": (2,),
    "ta": (0, 1),
    "tv": (0, 2),
    "av": (1, 2),
    "tav": (0, 1, 2),
}
"""The seven modality subsets, as positions in `MODALITIES`."""


@dataclass(frozen=True)
class SurrogateSettings:
    """Settings of a surrogate corpus. Raises InputError where one of them makes no sense."""

    profile: Literal["iemocap", "meld"] = "iemocap"
    """Whose label set and published modality ablation the ceilings are tuned to."""
    train: int = 240
    """Conversations in the train split."""
    validation: int = 60
    """Conversations in the validation split."""
    test: int = 160
    """Conversations in the test split."""
    shortest: int = 8
    """Fewest turns of a conversation."""
    longest: int = 40
    """Most turns of a conversation."""
    three_speakers: float = 0.2
    """Share of conversations with three speakers; the others have two."""
    missing: float = 0.02
    """Chance that an utterance lacks its audio, and likewise its visual features; text is always there."""
    ceiling_conversations: int = 600
    """Conversations drawn, apart from the splits, to estimate the ceilings; more give a smaller error."""
    seed: int = 0
    """Every random number comes from it; the same settings give the same bytes."""

    def __post_init__(self) -> None:
        for name in ("train", "validation", "test", "ceiling_conversations"):
            if getattr(self, name) < 1:
                raise InputError(
                    f"{getattr(self, name)} conversations; expected 1 or more", where=f"--{name}"
                )
        if not 2 <= self.shortest <= self.longest:
            raise InputError(
                f"conversations of {self.shortest} to {self.longest} turns; expected 2 turns or more, rising",
                where="--shortest, --longest",
            )
        for name in ("three_speakers", "missing"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise InputError(
                    f"{getattr(self, name)}; expected a share from 0 to below 1", where=f"--{name}"
                )
        if self.profile not in PROFILES:
            raise InputError(
                f"no profile {self.profile!r}; there are {', '.join(PROFILES)}", where="--profile"
            )
        if self.seed < 0:
            raise InputError(f"the seed is {self.seed}; expected 0 or more", where="--seed")


@dataclass(frozen=True)
class Evidence:
    """How much each modality tells of the emotion; the constants that `calibrate` finds.

    Attributes:
        core: distance between two emotions in the shared part, in standard deviations of its own noise.
        view: per modality, standard deviation of the noise with which it sees the shared part.
        own: per modality, distance between two emotions in the part that it alone has.
    """

    core: float
    view: tuple[float, float, float]
    own: tuple[float, float, float]


@dataclass(frozen=True)
class Bursts:
    """Spans of turns in which one modality carries noise in place of evidence.

    The noise is that of a crowd: each turn the modality shows an emotion that has nothing to do with the
    speaker's (somebody else talking, the wrong face, a misheard sentence). It looks like evidence, so that
    only the cues tell, and a fusion that cannot be steered by them is misled.

    Attributes:
        share: per modality, the share of turns that lie in one of its bursts.
        cue: cue[n][k] is how clearly modality n shows that modality k is in a burst, in standard deviations.
            A modality hardly notices its own burst; the camera that sees who else is there tells most, so
            that words and voice need it to know whom of them to trust.
        length: mean number of turns of a burst.
        gain: how loud the false emotion is, in units of the true one.
    """

    share: tuple[float, float, float]
    cue: tuple[tuple[float, float, float], ...]
    length: float = 4.0
    gain: float = 1.0

    def transition(self) -> Floats:
        """Rows sum to one: (from, to) over no burst, text, audio, visual. A burst ends in no burst."""
        matrix = np.zeros((4, 4))
        quiet = 1.0 - sum(self.share)
        for modality, share in enumerate(self.share, start=1):
            matrix[0, modality] = share / (self.length * quiet)
            matrix[modality] = np.eye(4)[modality] * (1.0 - 1.0 / self.length)
            matrix[modality, 0] = 1.0 / self.length
        matrix[0, 0] = 1.0 - matrix[0, 1:].sum()
        return matrix

    def stationary(self) -> Floats:
        """Share of turns in each of the four states of `transition`."""
        return np.array([1.0 - sum(self.share), *self.share])


@dataclass(frozen=True)
class Profile:
    """A label set, how emotions follow each other, what modalities tell of them, and the figures aimed at.

    Attributes:
        labels: the emotions.
        prior: share of each emotion.
        inertia: chance that a speaker keeps the emotion of his last turn.
        contagion: chance that he takes over the emotion of the last turn of somebody else; in what is left
            he draws from the prior.
        evidence: constants found by `calibrate`.
        bursts: of noise.
        targets: percent, per modality subset.
    """

    labels: LabelSet
    prior: tuple[float, ...]
    inertia: float
    contagion: float
    evidence: Evidence
    bursts: Bursts
    targets: dict[str, float]

    def transition(self) -> Floats:
        """P(next | own last, other's last) as (own, other, next).

        Copying and drawing both keep the prior, so every turn has the prior as its marginal distribution.
        """
        size = len(self.labels)
        one = np.eye(size)
        fresh = 1.0 - self.inertia - self.contagion
        return (
            self.inertia * one[:, None, :]
            + self.contagion * one[None, :, :]
            + fresh * np.asarray(self.prior)[None, None, :]
        )


PROFILES: dict[str, Profile] = {
    "iemocap": Profile(
        labels=IEMOCAP,
        prior=(0.09, 0.15, 0.23, 0.15, 0.14, 0.24),
        inertia=0.4,
        contagion=0.15,
        evidence=Evidence(core=1.274, view=(0.3, 0.535, 3.179), own=(0.923, 0.3, 0.3)),
        bursts=Bursts(share=(0.08, 0.15, 0.12), cue=((0.5, 0.5, 0.5), (0.5, 0.5, 2.0), (4.0, 2.0, 0.5))),
        targets={"t": 68.0, "a": 54.1, "v": 33.7, "ta": 70.3, "tv": 68.8, "av": 56.6, "tav": 72.2},
    ),
    # MELD's neutral is 47 %, more than the published figure of its visual features (weighted F1 may fall
    # below the share of the most frequent class, the best accuracy cannot), so the prior is evened out: about
    # the square root of MELD's. The published TV, 66.4, is below T, which no ceiling can be: TV aims at T's.
    "meld": Profile(
        labels=MELD,
        prior=(0.29, 0.14, 0.07, 0.11, 0.18, 0.07, 0.14),
        inertia=0.3,
        contagion=0.15,
        evidence=Evidence(core=1.437, view=(0.3, 0.985, 3.237), own=(0.675, 0.115, 0.148)),
        bursts=Bursts(share=(0.03, 0.1, 0.1), cue=((0.5, 0.5, 0.5), (0.5, 0.5, 1.0), (3.0, 1.0, 0.5))),
        targets={"t": 66.7, "a": 48.4, "v": 32.6, "ta": 66.8, "tv": 66.7, "av": 48.6, "tav": 68.0},
    ),
}
