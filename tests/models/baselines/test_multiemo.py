"""MultiEMO's attention: who asks whom, in which order, and what a layer works out."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from crossgate.models.baselines.multiemo import MultiAttnLayer, MultiEMO
from crossgate.models.settings import ModelSettings

DIMENSIONS = {"text": 6, "audio": 5, "visual": 4}
TURNS = torch.tensor([[True] * 4, [True, True, False, False]])
ASKED = {"text": ("audio", "visual"), "audio": ("text", "visual"), "visual": ("text", "audio")}


def sizes(layers: int = 1) -> ModelSettings:
    return ModelSettings(kind="multiemo", hidden=8, heads=2, layers=layers, dropout=0.4, speakers=3)


def multiemo(modalities: tuple[str, ...] = tuple(DIMENSIONS), layers: int = 1) -> MultiEMO:
    torch.manual_seed(0)
    return MultiEMO(sizes(layers), {m: DIMENSIONS[m] for m in modalities}, 5).eval()


def drawn(modalities: tuple[str, ...] = tuple(DIMENSIONS)) -> tuple:
    random = torch.Generator().manual_seed(1)
    values = {m: torch.randn(2, 4, DIMENSIONS[m], generator=random) * TURNS[..., None] for m in modalities}
    return values, TURNS.expand(len(modalities), -1, -1), torch.zeros(2, 4, dtype=torch.long), TURNS


def by_matrix(layer: nn.Linear, x: Tensor) -> Tensor:
    return x @ layer.weight.T + layer.bias


def attention_by_hand(block: nn.MultiheadAttention, asking: Tensor, asked: Tensor) -> Tensor:
    """A head at a time, with a query, a key and a value matrix of its own."""
    hidden, heads = asking.shape[-1], block.num_heads
    matrices = block.in_proj_weight.view(3, heads, hidden // heads, hidden)
    biases = block.in_proj_bias.view(3, heads, hidden // heads)
    seen = []
    for head in range(heads):
        query, key, value = (
            x @ matrices[k, head].T + biases[k, head] for k, x in enumerate((asking, asked, asked))
        )
        seen.append(torch.softmax(query @ key.T / math.sqrt(hidden // heads), dim=-1) @ value)
    return by_matrix(block.out_proj, torch.cat(seen, dim=-1))


def layer_by_hand(block: MultiAttnLayer, x: Tensor, others: list[Tensor]) -> Tensor:
    """Of one conversation without padding, (turn, feature)."""
    for attention, norm, other in zip(block.attentions, block.norms, others, strict=False):
        x = nn.functional.layer_norm(x + attention_by_hand(attention, x, other), (8,), norm.weight, norm.bias)
    thought = by_matrix(block.outer, by_matrix(block.inner, x).clamp(min=0))
    last = block.norms[-1]
    return nn.functional.layer_norm(x + thought, (8,), last.weight, last.bias)


@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_layer_follows_its_formulas(others: int) -> None:
    torch.manual_seed(0)
    block = MultiAttnLayer(sizes(), others).eval()
    with torch.no_grad():
        for norm in block.norms:
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.normal_()
        x, beside = torch.randn(2, 4, 8), [torch.randn(2, 4, 8) for _ in range(others)]
        said = block(x, beside, ~TURNS)
        for b in range(2):
            there = TURNS[b]
            by_hand = layer_by_hand(block, x[b][there], [other[b][there] for other in beside])
            torch.testing.assert_close(said[b][there], by_hand, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2])
def test_each_modality_asks_the_other_two_in_the_published_order(layers: int) -> None:
    """Every layer asks what the context encoders said, not what the layer before made of it."""
    network = multiemo(layers=layers)
    values, present, speakers, turns = drawn()
    with torch.no_grad():
        views = network(values, present, speakers, turns)
        encoded = {m: network.contexts[m](values[m], speakers, turns)[0] for m in DIMENSIONS}
        fused = []
        for m, asked in ASKED.items():
            x = encoded[m]
            for layer in network.stacks[m].layers:
                x = layer_by_hand(layer, x, [encoded[n] for n in asked])
            fused.append(x)
        joined = by_matrix(network.join, torch.cat(fused, dim=-1))
        logits = by_matrix(network.head[3], by_matrix(network.head[0], joined).clamp(min=0))
    torch.testing.assert_close(views.features[0, 0], joined, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(views.full[0], logits, rtol=1e-4, atol=1e-5)


def test_its_attention_has_the_published_number_of_weights() -> None:
    h, layers = 8, 2
    layer = 2 * (4 * (h * h + h)) + 3 * 2 * h + (h * 4 * h + 4 * h) + (4 * h * h + h)
    network = multiemo(layers=layers)
    assert sum(p.numel() for p in network.stacks.parameters()) == 3 * layers * layer
    assert sum(p.numel() for p in network.join.parameters()) == 3 * h * h + h
    assert sum(p.numel() for p in network.head.parameters()) == h * h + h + 5 * h + 5


def test_attention_reaches_the_whole_conversation_both_ways() -> None:
    network = multiemo()
    values, present, speakers, turns = drawn()
    with torch.no_grad():
        for name in DIMENSIONS:  # context encoders that pass on each turn alone
            network.contexts[name].forward = lambda x, *_, project=network.contexts[name].project: project(x)
        before = network(values, present, speakers, turns).full
        for turn in (0, 3):
            values["audio"][0, turn] += 3
            after = network(values, present, speakers, turns).full
            assert all(not torch.allclose(before[0, k], after[0, k]) for k in range(4))
            values["audio"][0, turn] -= 3


@pytest.mark.parametrize("modalities", [("text", "visual"), ("audio",)])
def test_what_remains_of_it_without_a_modality(modalities: tuple[str, ...]) -> None:
    network = multiemo(modalities)
    layers = [stack.layers[0] for stack in network.stacks.values()]
    assert [len(layer.attentions) for layer in layers] == [len(modalities) - 1] * len(modalities)
    values, present, speakers, turns = drawn(modalities)
    with torch.no_grad():
        views = network(values, present, speakers, turns)
        encoded = {m: network.contexts[m](values[m], speakers, turns)[0] for m in modalities}
        fused = [
            layer_by_hand(layer, encoded[m], [encoded[n] for n in modalities if n != m])
            for m, layer in zip(modalities, layers, strict=True)
        ]
    joined = by_matrix(network.join, torch.cat(fused, dim=-1))
    torch.testing.assert_close(views.features[0, 0], joined, rtol=1e-4, atol=1e-5)
