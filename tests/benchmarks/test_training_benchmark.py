"""The training benchmark: what its figures rest on, never how large they are."""

from __future__ import annotations

import importlib.util
import statistics
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from crossgate.conversation import MODALITIES
from crossgate.features.dataset import collate

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture
def contestants(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, imported as the benchmark's own folder sees it."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    for name in ("contestants", "memory", "sdt"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    spec = importlib.util.spec_from_file_location("contestants", BENCHMARKS / "contestants.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "contestants", module)
    spec.loader.exec_module(module)
    return module


def test_lengths_are_those_of_meld(contestants: ModuleType) -> None:
    lengths = contestants.conversation_lengths(1038, seed=0)
    assert statistics.mean(lengths) == pytest.approx(9.6, abs=0.4)
    assert statistics.pstdev(lengths) == pytest.approx(5.8, abs=0.3)
    assert (min(lengths), max(lengths)) == (1, 24)


def test_same_seed_draws_the_same_tensors(contestants: ModuleType) -> None:
    first, second = (contestants.random_examples(4, seed=1) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert all(torch.equal(one.values[m], other.values[m]) for m in MODALITIES)
        assert torch.equal(one.labels, other.labels)


@pytest.mark.parametrize("freeze_gates", [False, True])
def test_what_sdt_says_does_not_depend_on_padding(contestants: ModuleType, freeze_gates: bool) -> None:
    examples = sorted(contestants.random_examples(6, seed=2), key=len)
    settings = contestants.SDTSettings(hidden=16, heads=2, freeze_gates=freeze_gates)
    network = contestants.SDT(settings, contestants.DIMENSIONS, 7).eval()
    batch, alone = collate(examples), collate(examples[:1])
    length = len(examples[0])
    with torch.no_grad():
        padded = network(batch.values, batch.speakers, batch.turns).fused[0, :length]
        bare = network(alone.values, alone.speakers, alone.turns).fused[0]
    assert length < batch.turns.shape[1]
    torch.testing.assert_close(padded, bare, rtol=1e-4, atol=1e-5)


def test_sdt_has_the_published_number_of_weights(contestants: ModuleType) -> None:
    network = contestants.SDT(contestants.SDTSettings(), contestants.DIMENSIONS, 7)
    h, branches = 256, 9
    attention, feed_forward, norms, gate = 4 * (h * h + h), 2 * (h * h + h), 2 * 2 * h, h * h
    expected = (
        sum(contestants.DIMENSIONS.values()) * h
        + 10 * h
        + branches * (attention + feed_forward + norms + gate)
        + 3 * (3 * h * h + h)
        + h * h
        + 4 * (7 * h + 7)
    )
    assert sum(p.numel() for p in network.parameters()) == expected


@pytest.mark.parametrize("name", ["crossgate", "sdt"])
def test_a_contestant_learns(contestants: ModuleType, name: str) -> None:
    threads, deterministic = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    task = contestants.Task(name, 1, 0, 12, 0, False)
    try:
        contestant = contestants.CONTESTANTS[name](contestants.random_examples(12, seed=0), task)
        before = [p.detach().clone() for p in contestant.network.parameters()]
        loss = contestant.epoch(0, steps=2)
    finally:
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(deterministic)
    assert loss > 0
    after = contestant.network.parameters()
    assert any(not torch.equal(old, new) for old, new in zip(before, after, strict=True))
