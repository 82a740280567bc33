"""The exact posterior of every emotion by forward-backward, and the accuracy nobody can beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from crossgate.corpora.surrogate.chain import Course, draw_course
from crossgate.corpora.surrogate.evidence import Shown, draw_shown, log_density
from crossgate.corpora.surrogate.settings import VIEWS, Floats, Ints, Profile, SurrogateSettings


@dataclass(frozen=True)
class Posteriors:
    """P(emotion | what is shown) of every turn, each (conversation, turn, emotion).

    Attributes:
        utterance: given this utterance alone.
        past: given this utterance and those before it, as live use sees them.
        conversation: given the whole conversation.
    """

    utterance: Floats
    past: Floats
    conversation: Floats


def posteriors(log_evidence: Floats, course: Course, profile: Profile) -> Posteriors:
    """Exact posteriors from `log_evidence (conversation, turn, emotion, burst)`.

    The hidden state is the last emotion of every speaker, ordered by who spoke last, and the burst:
    alpha is (conversation, emotion of the most recent speaker, ..., of the least recent, burst).
    """
    top = log_evidence.max(axis=(2, 3), keepdims=True)
    evidence = np.exp(log_evidence - top)
    count, turns, size, _ = evidence.shape
    prior = np.asarray(profile.prior)
    burst_prior, burst_step = profile.bursts.stationary(), profile.bursts.transition()
    step = profile.transition()

    alone = _normalised(np.einsum("btez,e,z->bte", evidence, prior, burst_prior))
    axes = course.speakers
    state = burst_prior
    for _ in range(axes):
        state = prior.reshape(size, *([1] * state.ndim)) * state
    alpha = np.broadcast_to(state, (count, *state.shape))
    middle = tuple(range(2, 1 + axes))  # the emotions of those who do not speak
    shaped = evidence.reshape(count, turns, size, *([1] * (axes - 1)), 4)

    forward = np.empty((turns, *alpha.shape))
    for turn in range(turns):
        own_first = _own_first(alpha @ burst_step, course.recency[:, turn])
        alpha = np.einsum("bop...,opy->byp...", own_first, step) * shaped[:, turn]
        alpha = alpha / alpha.sum(axis=tuple(range(1, alpha.ndim)), keepdims=True)
        forward[turn] = alpha
    both, past = np.empty((count, turns, size)), np.empty((count, turns, size))
    beta = np.ones_like(alpha)
    for turn in reversed(range(turns)):
        past[:, turn] = forward[turn].sum(axis=(*middle, -1))
        both[:, turn] = _normalised((forward[turn] * beta).sum(axis=(*middle, -1)))
        own_first = np.einsum("byp...,opy->bop...", beta * shaped[:, turn], step)
        beta = _own_back(own_first, course.recency[:, turn]) @ burst_step.T
        beta = beta / beta.max(axis=tuple(range(1, beta.ndim)), keepdims=True)
    return Posteriors(alone, past, both)


def _own_first(states: Floats, recency: Ints) -> Floats:
    """Bring the speaker's axis to the front; those who stay keep the order of who spoke last."""
    moved = np.empty_like(states)
    for place in np.unique(recency):
        rows = recency == place
        moved[rows] = np.moveaxis(states[rows], 1 + place, 1)
    return moved


def _own_back(states: Floats, recency: Ints) -> Floats:
    """Undo `_own_first`."""
    moved = np.empty_like(states)
    for place in np.unique(recency):
        rows = recency == place
        moved[rows] = np.moveaxis(states[rows], 1, 1 + place)
    return moved


def _normalised(weights: Floats) -> Floats:
    normal: Floats = weights / weights.sum(axis=-1, keepdims=True)
    return normal


@dataclass(frozen=True)
class Sample:
    """Conversations drawn together: one course and what was shown for each number of speakers."""

    parts: tuple[tuple[Course, Shown], ...]


def draw_sample(seed: int, profile: Profile, settings: SurrogateSettings, count: int, stream: int) -> Sample:
    """Draw `count` conversations; `stream` keeps samples of one seed apart."""
    random = np.random.default_rng([seed, stream])
    three = round(settings.three_speakers * count)
    parts = []
    for speakers, number in ((2, count - three), (3, three)):
        if number:
            course = draw_course(random, profile, settings, speakers, number)
            parts.append((course, draw_shown(random, profile, course, settings.missing)))
    return Sample(tuple(parts))


def expected_accuracy(
    sample: Sample, profile: Profile, subset: tuple[int, ...]
) -> dict[str, tuple[float, float]]:
    """Bayes-optimal accuracy in percent and its standard error, by context: utterance, past, conversation.

    The mean of the greatest posterior is the expected accuracy of the best decision, with less sampling error
    than counting hits. The standard error takes conversations, not utterances, as the independent units.
    """
    found = {}
    kinds: dict[str, list[tuple[Floats, Floats]]] = {"utterance": [], "past": [], "conversation": []}
    for course, shown in sample.parts:
        result = posteriors(log_density(shown, profile, subset), course, profile)
        for kind, entries in kinds.items():
            best = getattr(result, kind).max(axis=-1) * course.real
            entries.append((best.sum(axis=1), course.real.sum(axis=1)))
    for kind, entries in kinds.items():
        hits = np.concatenate([hit for hit, _ in entries])
        turns = np.concatenate([turn for _, turn in entries]).astype(np.float64)
        mean = hits.sum() / turns.sum()
        error = np.sqrt(np.square(hits - mean * turns).sum()) / turns.sum()
        found[kind] = (100.0 * float(mean), 100.0 * float(error))
    return found


def ceilings(settings: SurrogateSettings, profile: Profile) -> dict[str, dict[str, tuple[float, float]]]:
    """`expected_accuracy` of every modality subset."""
    sample = draw_sample(settings.seed, profile, settings, settings.ceiling_conversations, stream=9)
    return {view: expected_accuracy(sample, profile, subset) for view, subset in VIEWS.items()}
