"""What each modality shows of the hidden course, drawn at random, and the exact density of that.

Per modality and utterance there are three parts, all Gaussian given emotion and burst:

- its view of a *shared* core: the same noisy evidence, which modalities see with more or less noise of their
  own; what two of them say through it is redundant;
- its *own* evidence, independent of the others: complementary;
- *cues* on which modality is in a burst. In its burst a modality's view and own part are noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from crossgate.corpora.surrogate.chain import Course
from crossgate.corpora.surrogate.settings import Bools, Floats, Profile


@dataclass(frozen=True)
class Shown:
    """What the modalities show.

    Attributes:
        view: (modality, conversation, turn, emotion) view of the shared core.
        own: (modality, conversation, turn, emotion) own evidence.
        cue: (modality, conversation, turn, 3) cues on the bursts of text, audio, visual.
        present: (modality, conversation, turn) bool; False where missing, and in the padding.
    """

    view: Floats
    own: Floats
    cue: Floats
    present: Bools


def draw_shown(random: np.random.Generator, profile: Profile, course: Course, missing: float) -> Shown:
    """Draw what the modalities show; `missing` is the chance that audio, and likewise visual, is not there.

    The random numbers do not depend on the evidence, so that two calibrations see the same ones.
    """
    evidence, bursts = profile.evidence, profile.bursts
    size, shape = len(profile.labels), course.emotion.shape
    one = np.eye(size)[course.emotion]
    spread = np.asarray(evidence.view)[:, None, None, None]
    core = evidence.core * one + random.standard_normal((*shape, size))
    view = core[None] + spread * random.standard_normal((3, *shape, size))
    own = np.asarray(evidence.own)[:, None, None, None] * one[None]
    own = own + random.standard_normal((3, *shape, size))

    prior = np.asarray(profile.prior)
    false = bursts.gain * np.eye(size)[random.choice(size, size=(3, *shape), p=prior)]
    noise = random.standard_normal((3, *shape, 2 * size))
    hit = (course.burst[None] == np.arange(1, 4)[:, None, None])[..., None]
    view = np.where(hit, evidence.core * false + np.sqrt(1.0 + spread**2) * noise[..., :size], view)
    own = np.where(hit, np.asarray(evidence.own)[:, None, None, None] * false + noise[..., size:], own)

    flags = np.eye(4)[course.burst][..., 1:]
    cue = flags[None] * np.asarray(bursts.cue)[:, None, None, :] + random.standard_normal((3, *shape, 3))
    absent = random.random((3, *shape)) < np.array([0.0, missing, missing])[:, None, None]
    return Shown(view, own, cue, course.real[None] & ~absent)


def log_density(shown: Shown, profile: Profile, subset: Sequence[int]) -> Floats:
    """Log density of what a subset of modalities shows, for every hidden state of the turn.

    Returns (conversation, turn, emotion, burst), up to a constant that does not depend on the state; 0 where
    nothing is present. The shared core is integrated out: with views v_m = c + w_m e_m of c ~ N(mu, 1),
    a = sum 1 / w_m^2 and b = sum v_m / w_m^2, the density is
    prod N(v_m; 0, w_m^2) (1 + a)^(-1/2) exp(((mu + b)^2 / (1 + a) - mu^2) / 2) in each dimension.
    """
    evidence, bursts = profile.evidence, profile.bursts
    size = len(profile.labels)
    total = np.zeros((*shown.present.shape[1:], size, 4))
    flags = np.eye(4)[:, 1:]
    prior = np.asarray(profile.prior)
    precision = 1.0 / np.square(evidence.view)
    for burst in range(4):
        a = np.zeros(shown.present.shape[1:])
        b = np.zeros(shown.view.shape[1:])
        alike = np.zeros(shown.present.shape[1:])
        each = np.zeros(shown.own.shape[1:])
        for m in subset:
            here = shown.present[m]
            view, own = shown.view[m], shown.own[m]
            if burst == m + 1:
                wide = 1.0 + evidence.view[m] ** 2
                loud_view, loud_own = bursts.gain * evidence.core, bursts.gain * evidence.own[m]
                false = loud_view * (view - 0.5 * loud_view) / wide + loud_own * (own - 0.5 * loud_own)
                noise = -0.5 * (np.square(view).sum(-1) / wide + np.square(own).sum(-1) + size * np.log(wide))
                alike += here * (noise + logsumexp(false + np.log(prior), axis=-1))
            else:
                a += here * precision[m]
                b += here[..., None] * view * precision[m]
                squares = np.square(view).sum(-1) * precision[m] + np.square(own).sum(-1)
                alike += here * -0.5 * (squares - size * np.log(precision[m]))
                # -(own - mu)^2 / 2 without what holds no mu; mu is own[m] in the emotion's dimension, else 0.
                each += here[..., None] * evidence.own[m] * (own - 0.5 * evidence.own[m])
            expected = flags[burst] * np.asarray(bursts.cue[m])
            alike += here * -0.5 * np.square(shown.cue[m] - expected).sum(-1)
        spread = (1.0 + a)[..., None]
        mean = evidence.core
        shift = (np.square(mean + b) - np.square(b)) / spread - mean**2
        alike += 0.5 * (np.square(b).sum(-1) / (1.0 + a)) - 0.5 * size * np.log1p(a)
        total[..., burst] = alike[..., None] + each + 0.5 * shift
    return total
