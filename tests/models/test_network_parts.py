"""Gates, mixture, attention and modality dropout, each for itself."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
import torch
from drawn_inputs import small
from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.models.attention import Relations, attend, sinusoids
from crossgate.models.gates import GuidedPairs
from crossgate.models.modality_dropout import ModalityDropout
from crossgate.models.stacked import StackedLinear


def pairs_and_gates(present: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    fuse = GuidedPairs(list(combinations(range(3), 2)), 8, 4, third_guide=True)
    return fuse(3 * torch.randn(3, *present.shape[1:], 8), present)


def test_a_pairs_gate_is_open_to_the_one_that_is_there() -> None:
    present = torch.ones(3, 2, 4, dtype=torch.bool)
    present[0, 0] = False
    _, gates = pairs_and_gates(present)
    for index, (m, n) in enumerate(combinations(range(3), 2)):
        both = present[m] & present[n]
        assert ((gates[index][both] > 0) & (gates[index][both] < 1)).all()
        assert gates[index][both].std() > 0.01
        assert (gates[index][present[m] & ~present[n]] == 1).all()
        assert (gates[index][~present[m] & present[n]] == 0).all()


def test_stacked_layers_are_separate_layers() -> None:
    torch.manual_seed(0)
    linear, x = StackedLinear(3, 6, 4), torch.randn(3, 2, 5, 6)
    for slot in range(3):
        by_hand = x[slot] @ linear.weight[slot] + linear.bias[slot]
        assert torch.allclose(linear(x)[slot], by_hand, atol=1e-6)


def test_attention_by_hand() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(3, 1, 1, 4, 6)
    query, key, value = query[None, :, 0], key[None, :, 0], value[None, :, 0]
    allowed = torch.tensor([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1], [0, 1, 0, 0]], dtype=torch.bool)
    answer = attend(query, key, value, allowed[None, None], None, heads=2)
    for head in (slice(0, 3), slice(3, 6)):
        for turn in range(4):
            keys = allowed[turn]
            scores = key[0, 0, keys][:, head] @ query[0, 0, turn, head] / math.sqrt(3)
            by_hand = scores.softmax(0) @ value[0, 0, keys][:, head] if keys.any() else torch.zeros(3)
            assert torch.allclose(answer[0, 0, turn, head], by_hand, atol=1e-6)


def test_weights_that_are_kept_add_up_to_all_of_them() -> None:
    """Two modalities, two of three queries a key: every weight meets the factor of its own query and key."""
    torch.manual_seed(0)
    query, (key, value) = torch.randn(4, 3, 5, 6), torch.randn(2, 2, 3, 5, 6)
    allowed = torch.rand(2, 3, 5, 5) < 0.7
    one_key_each = torch.eye(5)[:, None, None, None].expand(-1, 3, 2, 5, -1)  # one, batch, head, query, key
    parts = [attend(query, key, value, allowed, None, 2, group=2, kept=kept) for kept in one_key_each]
    assert torch.allclose(sum(parts), attend(query, key, value, allowed, None, 2, group=2), atol=1e-6)
    for turn, part in enumerate(parts):
        heard = value.clone()
        heard[:, :, torch.arange(5) != turn] = 0
        assert torch.allclose(part, attend(query, key, heard, allowed, None, 2, group=2), atol=1e-6)


def test_relations_tell_distance_and_speaker() -> None:
    relations = Relations(heads=2, reach=2)
    with torch.no_grad():
        relations.distance.copy_(torch.arange(5.0)[:, None] * torch.tensor([1.0, 10.0]))
        relations.same_speaker.copy_(torch.tensor([100.0, 1000.0]))
    bias = relations(torch.tensor([[0, 1, 0, 0]]))
    assert bias.shape == (1, 2, 4, 4)
    assert bias[0, 0].tolist() == [
        [102, 3, 104, 104],  # two turns ahead and three ahead are as far
        [1, 102, 3, 4],
        [100, 1, 102, 103],
        [100, 0, 101, 102],
    ]
    assert torch.equal(bias[0, 1], 10 * bias[0, 0])


@pytest.mark.parametrize("features", [2, 7, 16])
def test_positions_differ_and_do_not_depend_on_the_length(features: int) -> None:
    table = sinusoids(300, features, torch.device("cpu"))
    assert table.shape == (300, features)
    assert torch.equal(table[:20], sinusoids(20, features, torch.device("cpu")))
    assert torch.cdist(table, table).fill_diagonal_(1).min() > 1e-4


def test_the_mixture_is_of_what_is_usable() -> None:
    torch.manual_seed(0)
    mix, sources = small().mix, torch.randn(3, 2, 4, 16)
    usable = torch.ones(3, 2, 4, dtype=torch.bool)
    usable[1, 0] = False
    usable[:, 1, 3] = False
    mixed, weights = mix(sources, usable)
    assert (weights[usable] > 0).all()
    assert (weights[~usable] == 0).all()
    some = usable.any(dim=0)
    assert torch.allclose(weights.sum(dim=0)[some], torch.ones(7, 16), atol=1e-6)
    assert torch.allclose(mixed[some], (weights * sources).sum(dim=0)[some], atol=1e-6)
    assert torch.equal(mixed[~some], mix.nothing[None])
    # A source weighs by itself: leaving one out spreads its weight over the others in proportion.
    whole = mix(sources, torch.ones_like(usable))[1]
    assert torch.allclose(weights[0, 0] / weights[2, 0], whole[0, 0] / whole[2, 0], rtol=1e-4)


@given(
    whole=st.floats(0, 0.99),
    turns=st.floats(0, 0.99),
    missing=st.floats(0, 1),
    modalities=st.integers(1, 3),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=50, deadline=None)
def test_modality_dropout_never_hides_all(
    whole: float, turns: float, missing: float, modalities: int, seed: int
) -> None:
    torch.manual_seed(seed)
    present = torch.rand(modalities, 3, 4) >= missing
    before = present.clone()
    hide = ModalityDropout([whole] * modalities, turns).train()
    kept = hide(present)
    assert torch.equal(present, before)
    assert not (kept & ~present).any()
    assert torch.equal(kept.any(dim=0), present.any(dim=0))
    assert torch.equal(hide.eval()(present), present)


def test_modality_dropout_hides_as_often_as_it_says() -> None:
    torch.manual_seed(0)
    present = torch.ones(3, 4000, 3, dtype=torch.bool)
    whole = ModalityDropout([0.2] * 3, 0.0).train()(present)
    # Hidden for all turns of a conversation or for none.
    assert torch.equal(whole.any(dim=2), whole.all(dim=2))
    # 0.2, less the conversations where all three would have been hidden.
    assert (~whole).float().mean().item() == pytest.approx(0.2 - 0.2**3, abs=0.01)
    turns = ModalityDropout([0.0] * 3, 0.2).train()(present)
    assert (~turns).float().mean().item() == pytest.approx(0.2 - 0.2**3, abs=0.01)
    assert not torch.equal(turns.any(dim=2), turns.all(dim=2))
    assert torch.equal(ModalityDropout([0.0] * 3, 0.0).train()(present), present)
    # Each modality as often as it says itself.
    own = ModalityDropout([0.0, 0.3, 0.8], 0.0).train()(present)
    assert (~own).float().mean(dim=(1, 2)).tolist() == pytest.approx([0.0, 0.3, 0.8], abs=0.03)


@pytest.mark.parametrize("with_bias", [True, False])
def test_long_talks_are_read_in_blocks_with_the_same_outcome(
    with_bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    slots, batch, turns, features, heads = 3, 2, 23, 8, 2
    query, key, value = torch.randn(3, slots, batch, turns, features)
    speakers = torch.randint(3, (batch, turns))
    allowed = torch.rand(slots, batch, turns, turns) > 0.3
    allowed[0, 0, 4] = False  # a turn that may attend to nothing
    relations = Relations(heads, reach=4)

    def run() -> torch.Tensor:
        with torch.no_grad():
            bias = relations(speakers) if with_bias else None
            return attend(query, key, value, allowed, bias, heads)

    whole = run()
    monkeypatch.setattr("crossgate.models.attention.BLOCK", 5)
    assert torch.allclose(run(), whole, atol=1e-6)
    assert torch.equal(run()[0, 0, 4], torch.zeros(features))
