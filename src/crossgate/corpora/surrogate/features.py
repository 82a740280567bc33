"""From what is shown to feature vectors such as an extractor gives: mixed, compressed, padded."""

from __future__ import annotations

import math

import numpy as np

from crossgate.conversation import MODALITIES, FeatureSpec
from crossgate.corpora.surrogate.chain import Course
from crossgate.corpora.surrogate.evidence import Shown
from crossgate.corpora.surrogate.settings import VERSION, Floats, Profile, SurrogateSettings

DIMENSIONS = (64, 32, 24)
"""Of the text, audio and visual vectors; more than the evidence needs: the rest is nuisance."""

DRIFT = 0.9
"""How much of the nuisance's slow part stays from one turn to the next."""

NUISANCE = 0.3
"""Scale of what says nothing of the emotion; at 1.0 some 4000 utterances did not teach a network to fuse."""

MIXING_SEED = 20250
"""The mixing belongs to the extractor, not to a corpus: all seeds share it, as they share the specs."""


def specs(settings: SurrogateSettings) -> tuple[FeatureSpec, ...]:
    """The spec of each modality's vector; profiles differ in version, for their evidence differs."""
    return tuple(
        FeatureSpec(
            modality,
            f"surrogate{dimension}",
            f"{VERSION}-{settings.profile}",
            dimension,
            "random numbers of `crossgate surrogate`; nothing was measured",
        )
        for modality, dimension in zip(MODALITIES, DIMENSIONS, strict=True)
    )


def mixed(
    random: np.random.Generator, profile: Profile, course: Course, shown: Shown, modality: int
) -> Floats:
    """Feature vectors `(conversation, turn, feature)` of a modality.

    Evidence, cues and nuisance (the speaker's own offset, a slow drift, white noise) are rotated into each
    other and each dimension is compressed by arcsinh. Both steps can be undone and nuisance is independent of
    the emotion, so the vectors hold exactly the evidence and the ceilings are those of the vectors. Values
    are rounded to four decimals, so that the last bit of a processor's arithmetic does not reach the file.
    """
    dimension, shape = DIMENSIONS[modality], course.emotion.shape
    view = shown.view[modality] / np.sqrt(1.0 + profile.evidence.view[modality] ** 2)
    told = np.concatenate([view, shown.own[modality], shown.cue[modality]], axis=-1)
    spare = dimension - told.shape[-1]

    offsets = random.standard_normal((shape[0], course.speakers, spare))
    nuisance: Floats = offsets[np.arange(shape[0])[:, None], course.speaker]
    nuisance += 0.5 * random.standard_normal((*shape, spare))
    drift: Floats = random.standard_normal((shape[0], spare))
    for turn in range(shape[1]):
        drift = DRIFT * drift + math.sqrt(1.0 - DRIFT**2) * random.standard_normal(drift.shape)
        nuisance[:, turn] += drift
    latent = np.concatenate([told, NUISANCE * nuisance], axis=-1)
    compressed = np.arcsinh(latent @ _rotation(modality, dimension).T)
    return np.asarray(compressed, dtype=np.float64).round(4)


def _rotation(modality: int, dimension: int) -> Floats:
    """A fixed random rotation `(feature, latent)`; its columns' signs do not depend on the LAPACK at hand."""
    random = np.random.default_rng([MIXING_SEED, modality])
    q, r = np.linalg.qr(random.standard_normal((dimension, dimension)))
    rotation: Floats = q * np.sign(np.diag(r))
    return rotation
