"""Learning rate and weight average over the steps of a run."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor


def learning_rate_factor(step: int, steps: int, warmup: float) -> float:
    """Linear warm-up over the first share of steps, then a cosine to 0; steps are counted from 0."""
    rising = max(1, round(warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def update_average(average: Sequence[Tensor], current: Sequence[Tensor], step: int, decay: float) -> None:
    """Move the exponential average towards the current weights, in place.

    Early on the average follows faster, min(decay, (1 + step) / (10 + step)), so that it forgets the random
    start (the ramp of TensorFlow's ExponentialMovingAverage with `num_updates`).
    """
    kept = min(decay, (1 + step) / (10 + step)) if decay else 0.0
    with torch.no_grad():
        torch._foreach_lerp_(list(average), list(current), 1 - kept)
