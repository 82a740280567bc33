"""TelME's fusion: what shifts the text, and how far it may."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from crossgate.models.baselines.telme import THETA, ShiftingFusion, TelME, limited
from crossgate.models.settings import ModelSettings

DIMENSIONS = {"text": 6, "audio": 5, "visual": 4}
SIZES = ModelSettings(kind="telme", hidden=8, heads=2, dropout=0.4, speakers=3)
TURNS = torch.tensor([[True] * 4, [True, True, False, False]])


def telme(modalities: tuple[str, ...] = tuple(DIMENSIONS)) -> TelME:
    torch.manual_seed(0)
    return TelME(SIZES, {m: DIMENSIONS[m] for m in modalities}, 5).eval()


def drawn(modalities: tuple[str, ...] = tuple(DIMENSIONS)) -> tuple:
    random = torch.Generator().manual_seed(1)
    values = {m: torch.randn(2, 4, DIMENSIONS[m], generator=random) * TURNS[..., None] for m in modalities}
    return values, TURNS.expand(len(modalities), -1, -1), torch.zeros(2, 4, dtype=torch.long), TURNS


def by_matrix(layer: nn.Linear, x: Tensor) -> Tensor:
    return x @ layer.weight.T + layer.bias


def fusion_by_hand(block: ShiftingFusion, leader: Tensor, others: Tensor) -> Tensor:
    """The published formulas, a conversation and a head at a time."""
    wide, heads = others.shape[-1], SIZES.heads
    answer = torch.zeros_like(leader)
    for b in range(len(leader)):
        there = TURNS[b]
        x = others[b][there]
        query, key, value = (
            x @ block.attention.in_proj_weight[part].T + block.attention.in_proj_bias[part]
            for part in torch.arange(3 * wide).view(3, wide)
        )
        seen = []
        for part in torch.arange(wide).view(heads, -1):
            scores = query[:, part] @ key[:, part].T / math.sqrt(wide // heads)
            seen.append(torch.softmax(scores, dim=-1) @ value[:, part])
        x = x + by_matrix(block.attention.out_proj, torch.cat(seen, dim=-1))
        x = nn.functional.layer_norm(x, (wide,), block.norm.weight, block.norm.bias)
        text = leader[b][there]
        gate = torch.relu(by_matrix(block.gate, torch.cat((x, text), dim=-1)))
        shift = gate * by_matrix(block.shift, x)
        for turn, (h, way) in enumerate(zip(text, shift, strict=True)):
            longest = THETA * h.square().sum().sqrt()
            length = way.square().sum().sqrt() + 1e-6
            answer[b, turn] = h + min(float(longest / length), 1.0) * way
    return answer


@pytest.mark.parametrize("others", [1, 2])
@pytest.mark.parametrize("size", [0.1, 1.0, 10.0])
def test_the_fusion_follows_its_formulas(others: int, size: float) -> None:
    torch.manual_seed(0)
    block = ShiftingFusion(SIZES, others).eval()
    leader, beside = size * torch.randn(2, 4, 8), torch.randn(2, 4, others * 8)
    with torch.no_grad():
        said, by_hand = block(leader, beside, TURNS), fusion_by_hand(block, leader, beside)
    torch.testing.assert_close(said[TURNS], by_hand[TURNS], rtol=1e-4, atol=1e-5)


@given(
    seed=st.integers(0, 2**16), shift=st.sampled_from([0.0, 1e-3, 0.1, 1.0, 1e3]), leader=st.floats(0.01, 100)
)
@settings(max_examples=50, deadline=None)
def test_a_shift_keeps_its_direction_and_its_limit(seed: int, shift: float, leader: float) -> None:
    random = torch.Generator().manual_seed(seed)
    way, led = shift * torch.randn(6, generator=random), leader * torch.randn(6, generator=random)
    way.requires_grad_()
    short = limited(way, led)
    assert short.norm() <= THETA * led.norm() * (1 + 1e-4)
    assert torch.allclose(short * way.norm(), way * short.norm(), rtol=1e-3, atol=1e-5)
    if way.norm() < 0.99 * THETA * led.norm() - 1e-5:
        assert torch.equal(short, way)
    short.sum().backward()
    assert way.grad is not None
    assert way.grad.isfinite().all()


def test_the_text_leads() -> None:
    """Whatever is heard and seen, the text is shifted by a fifth of its length at most."""
    network = telme()
    values, present, speakers, turns = drawn()
    loud = {m: x if m == "text" else 100 * x for m, x in values.items()}
    with torch.no_grad():
        text = network.contexts["text"](values["text"], speakers, turns)[turns]
        heard = []
        for given_values in (values, loud):
            others = [network.contexts[m](given_values[m], speakers, turns) for m in ("audio", "visual")]
            assert network.fusion is not None
            shifted = network.fusion(
                network.contexts["text"](given_values["text"], speakers, turns),
                torch.cat(others, -1),
                turns,
            )
            heard.append(shifted[turns])
        views = network(values, present, speakers, turns)
    for shifted in heard:
        assert ((shifted - text).norm(dim=-1) <= THETA * text.norm(dim=-1) * (1 + 1e-4)).all()
    assert not torch.allclose(*heard)
    by_hand = nn.functional.layer_norm(heard[0], (8,), network.norm.weight, network.norm.bias)
    torch.testing.assert_close(views.features[0][turns], by_hand)


def test_a_turn_hears_its_conversation_and_no_other() -> None:
    network = telme()
    values, present, speakers, turns = drawn()
    changed = {m: x.clone() for m, x in values.items()}
    changed["audio"][0, 3] += 3
    with torch.no_grad():
        before, after = (network(v, present, speakers, turns).full for v in (values, changed))
    assert not torch.allclose(before[0, 0], after[0, 0])
    torch.testing.assert_close(before[1, :2], after[1, :2])


def test_a_single_modality_is_not_shifted() -> None:
    network = telme(("audio",))
    values, present, speakers, turns = drawn(("audio",))
    assert network.fusion is None
    with torch.no_grad():
        views = network(values, present, speakers, turns)
        audio = network.contexts["audio"](values["audio"], speakers, turns)
    torch.testing.assert_close(views.features[0], network.norm(audio))
