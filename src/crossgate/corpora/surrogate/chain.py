"""Who speaks, what he feels and where noise bursts in: the hidden course of surrogate conversations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crossgate.corpora.surrogate.settings import Bools, Ints, Profile, SurrogateSettings

STAY = 0.15
"""Chance that a speaker goes on after his own turn; two speakers otherwise alternate."""


@dataclass(frozen=True)
class Course:
    """The hidden course of conversations that all have the same number of speakers.

    Attributes:
        speakers: how many take part in each.
        real: (conversation, turn) bool; False for the padding at the end.
        speaker: (conversation, turn) number of the speaker; the first to speak is 0.
        recency: (conversation, turn) place of the speaker in the order of who spoke last, before his turn.
        emotion: (conversation, turn) class index.
        burst: (conversation, turn) 0 for none, else 1 + the modality that carries noise.
    """

    speakers: int
    real: Bools
    speaker: Ints
    recency: Ints
    emotion: Ints
    burst: Ints


def draw_course(
    random: np.random.Generator, profile: Profile, settings: SurrogateSettings, speakers: int, count: int
) -> Course:
    """Draw `count` conversations of `speakers` people.

    Before anybody has spoken each has a mood drawn from the prior, which takes the place of his last emotion.
    """
    longest = settings.longest
    lengths = random.integers(settings.shortest, longest + 1, size=count)
    real = np.arange(longest)[None, :] < lengths[:, None]
    rows = np.arange(count)

    prior = np.asarray(profile.prior)
    transition, bursts = profile.transition(), profile.bursts.transition()
    order = np.tile(np.arange(speakers), (count, 1))
    mood = random.choice(len(prior), size=(count, speakers), p=prior)
    burst_now = random.choice(4, size=count, p=profile.bursts.stationary())

    speaker, recency, emotion, burst = (np.zeros((count, longest), dtype=np.int64) for _ in range(4))
    for turn in range(longest):
        others = random.integers(1, speakers, size=count)
        place = np.where(random.random(count) < STAY, 0, others) if turn else np.zeros(count, dtype=np.int64)
        who = order[rows, place]
        other = order[rows, np.where(place == 0, 1, 0)]
        feels = _draw(random, transition[mood[rows, who], mood[rows, other]])
        burst_now = _draw(random, bursts[burst_now])
        speaker[:, turn], recency[:, turn], emotion[:, turn], burst[:, turn] = who, place, feels, burst_now
        mood[rows, who] = feels
        rest = order[order != who[:, None]].reshape(count, speakers - 1)
        order = np.concatenate([who[:, None], rest], axis=1)
    return Course(speakers, real, speaker, recency, emotion, burst)


def _draw(random: np.random.Generator, probabilities: np.ndarray) -> Ints:
    """One class a row of `probabilities (row, class)`."""
    edges = probabilities.cumsum(axis=1)
    drawn: Ints = (random.random((len(edges), 1)) * edges[:, -1:] >= edges).sum(axis=1)
    return drawn
