"""All randomness of a run as a function of (seed, purpose, position), so that there is no state to save.

A run that was killed and resumed draws exactly what it would have drawn: nothing depends on what came before.
"""

from __future__ import annotations

import os
from enum import IntEnum
from functools import cache

import numpy as np
import torch
from torch.utils import deterministic


class Purpose(IntEnum):
    """What the random numbers are for; each purpose has a stream of its own."""

    WEIGHTS = 0
    ORDER = 1
    STEP = 2


def _entropy(seed: int, purpose: Purpose, *position: int) -> int:
    return int(np.random.SeedSequence([seed, purpose, *position]).generate_state(1, np.uint64)[0])


def generator(seed: int, purpose: Purpose, *position: int) -> np.random.Generator:
    """A numpy generator for a purpose and a position (epoch, for example)."""
    return np.random.default_rng(_entropy(seed, purpose, *position))


def seed_torch(seed: int, purpose: Purpose, *position: int) -> None:
    """Set torch's global generators (dropout, initial weights)."""
    entropy = _entropy(seed, purpose, *position) % 2**63
    if _has_accelerator():
        torch.manual_seed(entropy)
    else:  # the same, less its search for devices: 0.3 ms a step
        torch.default_generator.manual_seed(entropy)


@cache
def _has_accelerator() -> bool:
    return torch.accelerator.is_available()


def make_deterministic(threads: int) -> None:
    """Ask torch for reproducible kernels and a fixed number of CPU threads."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(True, warn_only=True)
    # On by default in that mode: every new tensor is filled with NaN first. Nothing here reads what it has
    # not written.
    setattr(deterministic, "fill_uninitialized_memory", False)  # noqa: B010 (its stub does not know it)
    torch.set_num_threads(threads)
