from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.training.batches import POOL, bucketed
from crossgate.training.processes import Processes

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=200)


@given(
    lengths=LENGTHS,
    batch_size=st.integers(1, 20),
    seed=st.integers(0, 2**31),
    epoch=st.integers(0, 50),
    processes=st.integers(1, 4),
)
@settings(max_examples=150, deadline=None)
def test_every_conversation_comes_once(
    lengths: list[int], batch_size: int, seed: int, epoch: int, processes: int
) -> None:
    batches = bucketed(lengths, batch_size, seed, epoch, at_least=processes)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert batches == bucketed(lengths, batch_size, seed, epoch, at_least=processes)
    if len(lengths) >= processes:  # then nobody goes without
        assert all(Processes(rank, processes).own(batch) for batch in batches for rank in range(processes))
    if processes == 1:
        assert max(map(len, batches)) <= batch_size
        # Only the last pool can leave a rest.
        assert sum(len(batch) < batch_size for batch in batches) <= 1


def test_seed_and_epoch_decide_the_order() -> None:
    lengths = list(range(1, 101))
    orders = [bucketed(lengths, 8, seed, epoch) for seed in (0, 1) for epoch in (0, 1, 2)]
    assert all(first != second for i, first in enumerate(orders) for second in orders[:i])


def test_a_rest_too_small_to_share_joins_another_batch() -> None:
    assert sorted(map(len, bucketed([3] * 9, 4, 0, 0))) == [1, 4, 4]
    assert sorted(map(len, bucketed([3] * 9, 4, 0, 0, at_least=2))) == [4, 5]
    assert sorted(map(len, bucketed([3] * 10, 4, 0, 0, at_least=2))) == [2, 4, 4]
    assert sorted(map(len, bucketed([3], 4, 0, 0, at_least=2))) == [1]


def padding(lengths: list[int], batches: list[list[int]]) -> int:
    return sum(max(lengths[i] for i in batch) * len(batch) for batch in batches) - sum(lengths)


def test_batches_of_like_length_are_padded_less_and_come_in_random_order() -> None:
    lengths = [1 + (37 * i) % 60 for i in range(8 * POOL)]
    batches = bucketed(lengths, 8, 0, 0)
    plain = [list(range(start, start + 8)) for start in range(0, len(lengths), 8)]
    assert padding(lengths, batches) < 0.3 * padding(lengths, plain)
    longest = [max(lengths[i] for i in batch) for batch in batches]
    assert longest != sorted(longest)
    # Who stands beside whom changes with the epoch, although the lengths stay.
    assert {frozenset(b) for b in batches} != {frozenset(b) for b in bucketed(lengths, 8, 0, 1)}


@given(batch=st.lists(st.integers(), max_size=20), count=st.integers(1, 5))
def test_processes_share_a_batch_without_rest(batch: list[int], count: int) -> None:
    shares = [Processes(rank, count).own(batch) for rank in range(count)]
    assert sorted(index for share in shares for index in share) == sorted(batch)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
