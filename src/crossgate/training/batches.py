"""Batches of conversations of like length, so that little work is spent on padding."""

from __future__ import annotations

from collections.abc import Sequence

from crossgate.training.randomness import Purpose, generator

POOL = 32
"""Batches whose conversations are sorted by length together: enough to pad little, yet random."""


def bucketed(
    lengths: Sequence[int], batch_size: int, seed: int, epoch: int, at_least: int = 1
) -> list[list[int]]:
    """The batches of an epoch: every position of `lengths` once, in an order that (seed, epoch) decide.

    Args:
        lengths: turns of each conversation.
        batch_size: conversations a batch; a smaller rest stays a batch of its own.
        seed: of the run.
        epoch: counted from 0.
        at_least: a rest smaller than this joins another batch, so that every process has something to do.
    """
    random = generator(seed, Purpose.ORDER, epoch)
    order = random.permutation(len(lengths)).tolist()
    batches: list[list[int]] = []
    for start in range(0, len(order), batch_size * POOL):
        pool = sorted(order[start : start + batch_size * POOL], key=lambda index: lengths[index])
        batches += [pool[first : first + batch_size] for first in range(0, len(pool), batch_size)]
    for rest in [batch for batch in batches if len(batch) < at_least]:
        if len(batches) > 1:
            batches.remove(rest)
            batches[-1].extend(rest)
    random.shuffle(batches)
    return batches
