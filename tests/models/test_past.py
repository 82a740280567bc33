"""A turn after its past is what the causal network says of the whole conversation."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from crossgate.conversation import Modality
from crossgate.features.runtime import made
from crossgate.models.attention import attend
from crossgate.models.crossgate import CrossGate
from crossgate.models.ensemble import Ensemble
from crossgate.models.live_graph import GraphPast, live_graph
from crossgate.models.network import Network
from crossgate.models.past import ROOM, Past
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views

DIMENSIONS: dict[Modality, int] = {"text": 5, "audio": 3, "visual": 4}


def drawn(seed: int, turns: int) -> tuple[dict[Modality, Tensor], Tensor, Tensor, Tensor]:
    """One conversation in which single modalities, and whole turns, are missing."""
    generator = torch.Generator().manual_seed(seed)
    values: dict[Modality, Tensor] = {
        m: torch.randn(1, turns, width, generator=generator) for m, width in DIMENSIONS.items()
    }
    present = torch.rand(3, 1, turns, generator=generator) > 0.4
    speakers = torch.randint(4, (1, turns), generator=generator)
    return values, present, speakers, torch.ones(1, turns, dtype=torch.bool)


def one_by_one(
    network: Network, values: Mapping[Modality, Tensor], present: Tensor, speakers: Tensor, turns: Tensor
) -> list[Views]:
    past, said = Past(), []
    for turn in range(turns.shape[1]):
        row = slice(turn, turn + 1)
        with past.next_turn(), torch.inference_mode():
            one = {m: x[:, row] for m, x in values.items()}
            said.append(network(one, present[:, :, row], speakers[:, row], turns[:, row]))
    assert past.turns == turns.shape[1]
    return said


def network_of(seed: int, layers: int, relations: bool, *, causal: bool = True) -> CrossGate:
    torch.manual_seed(seed)
    sizes = ModelSettings(hidden=16, heads=2, gate_rank=4, layers=layers, causal=causal, relations=relations)
    return CrossGate(sizes, DIMENSIONS, 6).eval()


def refuse_apart(network: Network, seed: int, turns: int) -> None:
    given_ = drawn(seed, turns)
    with torch.inference_mode():
        whole = network(*given_)
    said = one_by_one(network, *given_)
    for turn, views in enumerate(said):
        assert torch.allclose(views.logits[:, :, 0], whole.logits[:, :, turn], atol=1e-5)
        assert torch.equal(views.valid[:, :, 0], whole.valid[:, :, turn])
        assert views.shares is not None
        assert whole.shares is not None
        assert torch.allclose(views.shares[:, 0], whole.shares[:, turn], atol=1e-5)


@given(
    seed=st.integers(0, 10_000), turns=st.integers(1, 40), layers=st.integers(1, 2), relations=st.booleans()
)
@settings(max_examples=15, deadline=None)
def test_turn_by_turn_is_the_whole_at_once(seed: int, turns: int, layers: int, relations: bool) -> None:
    refuse_apart(network_of(seed, layers, relations), seed, turns)


def test_also_for_an_ensemble_and_when_the_room_has_to_grow() -> None:
    members = [network_of(seed, 1, True) for seed in (1, 2)]
    refuse_apart(Ensemble(members).eval(), 3, 2 * ROOM + 3)


def test_without_a_causal_network_it_would_be_something_else() -> None:
    with pytest.raises(AssertionError):
        refuse_apart(network_of(0, 1, True, causal=False), 0, 9)


def test_a_turn_that_fails_leaves_the_past_as_it_was() -> None:
    network = network_of(0, 1, True)
    values, present, speakers, turns = drawn(1, 2)
    expected = one_by_one(network, values, present, speakers, turns)[-1].logits
    past = Past()

    def read(turn: int) -> Tensor:
        row = slice(turn, turn + 1)
        with past.next_turn(), torch.inference_mode():
            one = {m: x[:, row] for m, x in values.items()}
            said: Views = network(one, present[:, :, row], speakers[:, row], turns[:, row])
        return said.logits

    read(0)
    with pytest.raises(RuntimeError), past.next_turn(), torch.inference_mode():
        network({m: x[:, :1] + 7 for m, x in values.items()}, present, speakers[:, :1], turns[:, :1])
    assert torch.equal(read(1), expected)


def test_whole_conversations_know_of_no_past() -> None:
    network = network_of(0, 1, True)
    given_ = drawn(1, 5)
    with torch.inference_mode():
        before = network(*given_).logits
        one_by_one(network, *given_)
        assert torch.equal(network(*given_).logits, before)


def test_a_graph_of_one_turn_says_the_same_of_a_past_it_is_given() -> None:
    pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")
    network = Ensemble([network_of(seed, 2, True) for seed in (1, 2)]).eval()
    values, present, speakers, turns = drawn(3, 2 * ROOM + 3)
    with torch.inference_mode():
        whole = network(values, present, speakers, turns)
    graph = live_graph(network, DIMENSIONS)
    past = GraphPast(graph, made(graph))
    for turn in range(turns.shape[1]):
        row = slice(turn, turn + 1)
        given_ = {m: x[:, row] for m, x in values.items()}, present[:, :, row], speakers[:, row]
        with pytest.raises(ZeroDivisionError), past.next_turn(*given_):
            raise ZeroDivisionError  # it shall be as if the turn had not been
        with past.next_turn(*given_) as said:
            logits, valid, shares = (torch.tensor(said[name]) for name in ("logits", "valid", "shares"))
        assert torch.allclose(logits[:, :, 0], whole.logits[:, :, turn], atol=1e-5)
        assert torch.equal(valid[:, :, 0], whole.valid[:, :, turn])
        assert whole.shares is not None
        assert torch.allclose(shares[:, 0], whole.shares[:, turn], atol=1e-5)
    assert past.turns == turns.shape[1]


def test_queries_that_share_keys_get_what_each_would_alone() -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(6, 2, 5, 8), torch.randn(3, 2, 5, 8), torch.randn(3, 2, 5, 8)
    allowed, bias = torch.rand(3, 2, 5, 5) > 0.6, torch.randn(2, 2, 5, 5)
    together = attend(query, key, value, allowed, bias, 2, group=2)
    for each in range(6):
        own = slice(each // 2, each // 2 + 1)
        alone = attend(query[each : each + 1], key[own], value[own], allowed[own], bias, 2)
        assert torch.allclose(together[each], alone[0], atol=1e-6)
