"""MMGCN: the edges of its graph, their normalisation, its layers, and what the order of turns means to it."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from crossgate.models.baselines.mmgcn import GraphConvolution, Mmgcn, adjacency, normalised
from crossgate.models.settings import ModelSettings

DIMENSIONS = {"text": 4, "audio": 3, "visual": 2}


def directions(degrees: list[float]) -> Tensor:
    """Vectors in the plane, of unlike lengths, which must not matter."""
    angles = torch.tensor(degrees).deg2rad()
    lengths = torch.arange(1, len(degrees) + 1)[:, None]
    return torch.stack([angles.cos(), angles.sin()], dim=-1) * lengths


def test_the_edges_of_three_utterances_by_hand() -> None:
    text, audio = directions([0, 90, 180]), directions([45, 90, 0])
    weights = adjacency(torch.stack([text, audio])[None], torch.ones(1, 3, dtype=torch.bool))[0]
    expected = torch.tensor(
        [  # text 1 to 3,          audio 1 to 3
            [1.0, 0.5, 0.0, 0.75, 0.0, 0.0],
            [0.5, 1.0, 0.5, 0.0, 1.0, 0.0],
            [0.0, 0.5, 1.0, 0.0, 0.0, 0.0],
            [0.75, 0.0, 0.0, 1.0, 0.75, 0.75],
            [0.0, 1.0, 0.0, 0.75, 1.0, 0.5],
            [0.0, 0.0, 0.0, 0.75, 0.5, 1.0],
        ]
    )
    # The factor on the cosine moves the angles of 0 and 180 degrees by arccos(0.99999) = 0.26 degrees.
    assert torch.allclose(weights, expected, atol=0.0015)
    # An edge of weight nearly 0 and no edge are not the same thing.
    assert weights[0, 2] > 0
    assert weights[2, 5] > 0
    assert weights[0, 4] == weights[0, 5] == weights[1, 3] == 0


@given(
    modalities=st.integers(1, 3), length=st.integers(1, 5), padding=st.integers(0, 3), seed=st.integers(0, 99)
)
@settings(max_examples=30, deadline=None)
def test_who_is_joined_with_whom(modalities: int, length: int, padding: int, seed: int) -> None:
    nodes = torch.randn(1, modalities, length + padding, 6, generator=torch.Generator().manual_seed(seed))
    turns = torch.arange(length + padding)[None] < length
    weights = adjacency(nodes, turns)[0]
    assert torch.allclose(weights, weights.T)
    assert ((weights >= 0) & (weights <= 1)).all()
    total = length + padding
    for i in range(modalities * total):
        for j in range(modalities * total):
            real = i % total < length and j % total < length
            related = i // total == j // total or i % total == j % total
            assert bool(weights[i, j] > 0) == (real and related)


def test_normalisation_divides_by_the_roots_of_both_degrees() -> None:
    weights = torch.tensor([[[1.0, 0.5, 0.0], [0.5, 1.0, 0.0], [0.0, 0.0, 0.0]]])
    expected = [[2 / 3, 1 / 3, 0], [1 / 3, 2 / 3, 0], [0, 0, 0]]
    assert torch.allclose(normalised(weights)[0], torch.tensor(expected))
    uneven = torch.tensor([[[1.0, 3.0], [3.0, 6.0]]])
    expected = [[1 / 4, 3 / 6], [3 / 6, 6 / 9]]
    assert torch.allclose(normalised(uneven)[0], torch.tensor(expected))


@given(length=st.integers(1, 6), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_normalised_edges_never_amplify(length: int, seed: int) -> None:
    nodes = torch.randn(1, 2, length, 4, generator=torch.Generator().manual_seed(seed)).double()
    weights = adjacency(nodes, torch.ones(1, length, dtype=torch.bool))
    edges = normalised(weights)[0]
    # The roots of the degrees are what the normalised graph keeps as it is, its greatest eigenvalue being 1.
    kept = weights[0].sum(dim=-1).sqrt()
    assert torch.allclose(edges @ kept, kept)
    assert torch.linalg.eigvalsh(edges).abs().max() <= 1 + 1e-9


@pytest.mark.parametrize("nodes", [torch.zeros(1, 2, 3, 4), torch.ones(1, 2, 3, 4)])
def test_equal_and_empty_nodes_have_finite_gradients(nodes: Tensor) -> None:
    nodes = nodes.clone().requires_grad_()
    edges = normalised(adjacency(nodes, torch.tensor([[True, True, False]])))
    edges.square().sum().backward()
    assert torch.isfinite(edges).all()
    assert nodes.grad is not None
    assert torch.isfinite(nodes.grad).all()


@torch.no_grad()
@pytest.mark.parametrize("depth", [1, 4])
def test_a_layer_written_out(depth: int) -> None:
    torch.manual_seed(0)
    layer = GraphConvolution(3, depth)
    nodes, first, edges = torch.randn(1, 5, 3), torch.randn(1, 5, 3), torch.rand(1, 5, 5)
    theta = math.log(0.5 / depth + 1)
    spread = edges[0] @ nodes[0]
    changed = spread @ layer.linear.weight[:, :3].T + first[0] @ layer.linear.weight[:, 3:].T
    expected = (theta * changed + (1 - theta) * (0.9 * spread + 0.1 * first[0])).clamp(min=0)
    assert torch.allclose(layer(nodes, first, edges)[0], expected, atol=1e-6)


def make(*modalities: str) -> Mmgcn:
    torch.manual_seed(0)
    sizes = ModelSettings(kind="mmgcn", hidden=5, heads=1, layers=2, speakers=3)
    return Mmgcn(sizes, {m: DIMENSIONS[m] for m in modalities}, 7).eval()


def talk(length: int, *modalities: str) -> tuple:
    random = torch.Generator().manual_seed(1)
    values = {m: torch.randn(1, length, DIMENSIONS[m], generator=random) for m in modalities}
    turns = torch.ones(1, length, dtype=torch.bool)
    speakers = torch.randint(3, (1, length), generator=random)
    return values, turns.expand(len(modalities), 1, length), speakers, turns


@torch.no_grad()
def test_the_graph_knows_no_order_of_turns_and_the_text_does() -> None:
    order = torch.tensor([3, 0, 4, 1, 2])
    for modalities, unordered in ((("audio", "visual"), True), (("text", "audio"), False)):
        network = make(*modalities)
        values, present, speakers, turns = talk(5, *modalities)
        moved = {m: x[:, order] for m, x in values.items()}
        before = network(values, present, speakers, turns).full[:, order]
        after = network(moved, present, speakers[:, order], turns).full
        assert torch.allclose(before, after, atol=1e-5) == unordered


@torch.no_grad()
def test_what_the_head_reads_is_each_modality_before_and_after_the_graph() -> None:
    network = make("audio", "visual")
    values, present, speakers, turns = talk(4, "audio", "visual")
    features = network(values, present, speakers, turns).features[0, 0]
    # hidden is 5, so a node has 10 numbers before the graph and 5 after it.
    assert features.shape == (4, 30)
    audio = network.project["audio"](values["audio"][0]) + network.speaker(speakers[0])
    assert torch.allclose(features[:, :10], audio.relu(), atol=1e-6)
    assert torch.allclose(
        features[:, 15:25], network.project["visual"](values["visual"][0]).relu(), atol=1e-6
    )


@torch.no_grad()
def test_a_single_turn_of_a_single_modality_talks_to_itself_alone() -> None:
    network = make("visual")
    values, present, speakers, turns = talk(1, "visual")
    nodes = network.project["visual"](values["visual"]) + network.speaker(speakers)
    first = x = network.narrow(nodes).relu()
    for layer in network.layers:
        x = layer(x, first, torch.ones(1, 1, 1))
    expected = network.head(torch.cat([nodes, x], dim=-1).relu())
    assert torch.allclose(network(values, present, speakers, turns).full, expected, atol=1e-5)
