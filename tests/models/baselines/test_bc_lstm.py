"""bc-LSTM: two levels of bidirectional LSTMs, checked against the equations written out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from crossgate.models.baselines.bc_lstm import BcLstm, ContextLstm
from crossgate.models.settings import ModelSettings

DIMENSIONS = {"text": 4, "audio": 3, "visual": 2}


def make(*modalities: str, layers: int = 1) -> BcLstm:
    torch.manual_seed(0)
    sizes = ModelSettings(kind="bc-lstm", hidden=5, heads=1, layers=layers)
    return BcLstm(sizes, {m: DIMENSIONS[m] for m in modalities}, 7).eval()


def talk(length: int, *modalities: str) -> tuple:
    random = torch.Generator().manual_seed(1)
    values = {m: torch.randn(1, length, DIMENSIONS[m], generator=random) for m in modalities}
    there = torch.ones(1, length, dtype=torch.bool)
    speakers = torch.randint(3, (1, length), generator=random)
    return values, there.expand(len(modalities), 1, length), speakers, there


def lstm_by_hand(lstm: nn.LSTM, x: Tensor) -> Tensor:
    """The LSTM's equations for (turn, feature), first forth, then back."""
    halves = []
    for suffix, order in (("", range(len(x))), ("_reverse", range(len(x) - 1, -1, -1))):
        inward, again, bias, more = (
            getattr(lstm, f"{name}_l0{suffix}") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        state = cell = x.new_zeros(lstm.hidden_size)
        said: dict[int, Tensor] = {}
        for t in order:
            let_in, keep, new, let_out = (inward @ x[t] + again @ state + bias + more).chunk(4)
            cell = keep.sigmoid() * cell + let_in.sigmoid() * new.tanh()
            state = said[t] = let_out.sigmoid() * cell.tanh()
        halves.append(torch.stack([said[t] for t in range(len(x))]))
    return torch.cat(halves, dim=-1)


@torch.no_grad()
def test_the_two_levels_are_those_of_the_paper() -> None:
    network = make("text", "audio", "visual")
    values, present, speakers, turns = talk(4, "text", "audio", "visual")
    found = [network.dense[m](lstm_by_hand(network.context[m].lstm, values[m][0])).tanh() for m in DIMENSIONS]
    fused = lstm_by_hand(network.fused_context.lstm, torch.cat(found, dim=-1))
    features = network.fused_dense(fused).relu()
    views = network(values, present, speakers, turns)
    assert torch.allclose(views.features[0, 0], features, atol=1e-6)
    assert torch.allclose(views.full[0], network.head(features), atol=1e-6)


@torch.no_grad()
def test_one_modality_is_level_one_alone() -> None:
    network = make("audio")
    values, present, speakers, turns = talk(3, "audio")
    features = network.dense["audio"](lstm_by_hand(network.context["audio"].lstm, values["audio"][0])).tanh()
    views = network(values, present, speakers, turns)
    assert torch.allclose(views.full[0], network.head(features), atol=1e-6)
    assert not any("fused" in name for name, _ in network.named_parameters())


@torch.no_grad()
def test_the_way_back_starts_at_the_last_turn_not_at_padding() -> None:
    torch.manual_seed(0)
    context = ContextLstm(3, 4, 1, 0.0)
    x = torch.randn(2, 5, 3)
    turns = torch.arange(5) < torch.tensor([[5], [2]])
    read = context(x, turns)
    alone = context(x[1:, 1:2], torch.ones(1, 1, dtype=torch.bool))
    assert torch.allclose(read[1, 1, 4:], alone[0, 0, 4:])
    assert not torch.allclose(read[1, 1, :4], alone[0, 0, :4])
    assert not read[1, 2:].any()


@torch.no_grad()
def test_a_conversation_without_turns_does_not_stop_the_others() -> None:
    torch.manual_seed(0)
    context = ContextLstm(3, 4, 1, 0.0)
    x = torch.randn(2, 3, 3)
    turns = torch.tensor([[True, True, True], [False, False, False]])
    assert torch.allclose(context(x, turns)[:1], context(x[:1], turns[:1]), atol=1e-6)


@pytest.mark.parametrize("layers", [1, 2])
def test_every_answer_depends_on_every_turn_and_modality(layers: int) -> None:
    network = make("text", "audio", layers=layers)
    values, present, speakers, turns = talk(4, "text", "audio")
    for x in values.values():
        x.requires_grad_()
    for answer in (0, 3):
        logits = network(values, present, speakers, turns).full
        gradients = torch.autograd.grad(logits[0, answer].square().sum(), list(values.values()))
        assert all((g[0].abs().sum(dim=-1) > 0).all() for g in gradients)


@torch.no_grad()
def test_it_does_not_know_who_speaks() -> None:
    network = make("text", "audio")
    values, present, speakers, turns = talk(4, "text", "audio")
    first, second = (
        network(values, present, who, turns).logits for who in (speakers, 1 - speakers.clamp(max=1))
    )
    assert torch.equal(first, second)
