"""DialogueRNN: what each state may see, by intervention."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from crossgate.models.baselines.dialogue_rnn import (
    DialogueCell,
    DialogueRnn,
    Gru,
    Memory,
    backwards,
)
from crossgate.models.settings import ModelSettings

FEATURES, HIDDEN, PARTIES = 3, 4, 3


def make_cell(seed: int = 0) -> DialogueCell:
    torch.manual_seed(seed)
    return DialogueCell(FEATURES, HIDDEN, 0.3).eval()


def hear(cell: DialogueCell, said: Tensor, speakers: Tensor) -> list[Memory]:
    """The memory after every turn of one conversation, (turn, feature) and (turn,), its start first."""
    memories = [cell.begin(1, PARTIES)]
    with torch.no_grad():
        heard = cell.hear(said[None])
        for t, speaker in enumerate(speakers):
            memories.append(cell.listen(heard.at(t), speaker[None], memories[-1]))
    return memories


def plain(gru: Gru) -> nn.GRUCell:
    """PyTorch's cell with the same weights, which reads [utterance ; other] as one vector."""
    cell = nn.GRUCell(gru.of_utterance.in_features + gru.of_other.in_features, gru.of_other.in_features)
    cell.load_state_dict(
        {
            "weight_ih": torch.cat([gru.of_utterance.weight, gru.of_other.weight], dim=1),
            "bias_ih": gru.of_utterance.bias,
            "weight_hh": gru.of_state.weight,
            "bias_hh": gru.of_state.bias,
        }
    )
    return cell


def test_a_party_hears_of_another_only_when_it_speaks() -> None:
    cell = make_cell()
    a, b = 0, 1
    speakers = torch.tensor([a, b, a, a, b])
    said = torch.randn(5, FEATURES)
    changed = said.clone()
    changed[2] += 1
    first, second = hear(cell, said, speakers), hear(cell, changed, speakers)
    for after in (3, 4):  # A has spoken otherwise, B has not spoken since
        assert not torch.equal(first[after].parties[0, a], second[after].parties[0, a])
        assert not torch.equal(first[after].past[:, -1], second[after].past[:, -1])
        assert torch.equal(first[after].parties[0, b], second[after].parties[0, b])
    # Speaking at last, B is touched by what A said, through the global context: its own words are the same.
    assert not torch.equal(first[5].parties[0, b], second[5].parties[0, b])


@given(speakers=st.lists(st.integers(0, PARTIES - 1), min_size=1, max_size=7), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_turn_changes_its_speaker_and_no_other_party(speakers: list[int], seed: int) -> None:
    cell = make_cell(seed)
    memories = hear(cell, torch.randn(len(speakers), FEATURES), torch.tensor(speakers))
    for t, speaker in enumerate(speakers):
        same = (memories[t].parties == memories[t + 1].parties).all(dim=-1)[0]
        assert same.tolist() == [party != speaker for party in range(PARTIES)]


@given(length=st.integers(1, 7), seed=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_attention_is_shared_out_over_the_past(length: int, seed: int) -> None:
    cell = make_cell(seed)
    memories = hear(cell, torch.randn(length, FEATURES), torch.arange(length) % 2)
    for t, memory in enumerate(memories[1:]):
        assert memory.attention.shape == (1, t)
        assert memory.past.shape == (1, t + 1, HIDDEN)
        if t:
            assert (memory.attention > 0).all()
            assert torch.allclose(memory.attention.sum(), torch.tensor(1.0))


def test_a_new_cell_is_drawn_as_pytorchs_is() -> None:
    torch.manual_seed(0)
    gru = Gru(50, 25)
    for weight in gru.parameters():
        assert 0.9 / 5 < weight.abs().max() <= 1 / 5  # 1 / sqrt(hidden)


@torch.no_grad()
def test_the_first_two_turns_written_out() -> None:
    cell = make_cell()
    u = torch.randn(2, 1, FEATURES)
    zero = torch.zeros(1, HIDDEN)
    start, one, two = hear(cell, u[:, 0], torch.tensor([0, 1]))
    global_state, party_state = plain(cell.global_state), plain(cell.party_state)
    g = global_state(torch.cat([u[0], zero], dim=-1), zero)
    q = party_state(torch.cat([u[0], zero], dim=-1), zero)
    e = cell.emotion_state(q, zero)
    assert not start.parties.any()
    assert torch.allclose(one.past[:, 0], g)
    assert torch.allclose(one.parties[:, 0], q)
    assert torch.allclose(one.emotion, e)
    # With one turn to look back at, the context is its global state.
    q_other = party_state(torch.cat([u[1], g], dim=-1), zero)
    assert torch.allclose(two.past[:, 1], global_state(torch.cat([u[1], zero], dim=-1), g))
    assert torch.allclose(two.parties[:, 1], q_other)
    assert torch.allclose(two.emotion, cell.emotion_state(q_other, e))


@torch.no_grad()
def test_the_context_is_the_past_weighted_by_its_fit_to_the_utterance() -> None:
    cell = make_cell()
    said = torch.randn(4, FEATURES)
    before, after = hear(cell, said, torch.tensor([0, 1, 0, 1]))[-2:]
    fit = torch.stack([state @ cell.attend.weight @ said[3] for state in before.past[0]])
    weights = fit.exp() / fit.exp().sum()
    context = sum(weight * state for weight, state in zip(weights, before.past[0], strict=True))
    assert torch.allclose(after.attention[0], weights, atol=1e-6)
    party = plain(cell.party_state)(torch.cat([said[3], context])[None], before.parties[:, 1])
    assert torch.allclose(after.parties[:, 1], party, atol=1e-6)
    # The global state reads what the speaker was before it spoke.
    heard = torch.cat([said[3], before.parties[0, 1]])[None]
    assert torch.allclose(after.past[:, -1], plain(cell.global_state)(heard, before.past[:, -1]), atol=1e-6)


def test_a_cell_sees_no_later_turn() -> None:
    cell = make_cell()
    said = torch.randn(2, 6, FEATURES, requires_grad=True)
    speakers = torch.tensor([[0, 1, 0, 2, 1, 0], [1, 1, 0, 0, 1, 2]])
    for t in range(6):
        emotions = cell(said, speakers, PARTIES)
        (gradient,) = torch.autograd.grad(emotions[:, t].square().sum(), said)
        seen = gradient.abs().sum(dim=-1) > 0
        assert seen[:, : t + 1].all()
        assert not seen[:, t + 1 :].any()


def test_conversations_are_turned_around_within_their_length() -> None:
    x = torch.tensor([[1, 2, 3, 4], [5, 6, 8, 9]])
    turns = torch.tensor([[True] * 4, [True, True, False, False]])
    assert backwards(x, turns).tolist() == [[4, 3, 2, 1], [6, 5, 8, 9]]
    vectors = torch.randn(2, 4, 3)
    assert torch.equal(backwards(backwards(vectors, turns), turns), vectors)


def make_network(speakers: int = 4) -> DialogueRnn:
    torch.manual_seed(0)
    sizes = ModelSettings(kind="dialoguernn", hidden=6, heads=1, speakers=speakers)
    return DialogueRnn(sizes, {"text": 3, "audio": 2}, 7).eval()


def answer(network: DialogueRnn, speakers: list[int], change: int | None = None) -> Tensor:
    random = torch.Generator().manual_seed(1)
    length = len(speakers)
    values = {m: torch.randn(1, length, n, generator=random) for m, n in (("text", 3), ("audio", 2))}
    if change is not None:
        values["audio"][:, change] += 1
    turns = torch.ones(1, length, dtype=torch.bool)
    with torch.no_grad():
        return network(values, turns.expand(2, 1, length), torch.tensor([speakers]), turns).full


def test_the_network_reads_both_ways() -> None:
    network = make_network()
    speakers = [0, 1, 0, 2, 1]
    for change in (0, 4):
        moved = (answer(network, speakers) != answer(network, speakers, change)).any(dim=-1)
        assert moved.all()


def test_a_party_is_what_it_said_not_its_number() -> None:
    network = make_network()
    first, renamed = answer(network, [0, 1, 0, 2, 1]), answer(network, [2, 0, 2, 1, 0])
    assert torch.allclose(first, renamed, atol=1e-6)
    assert not torch.allclose(first, answer(network, [0, 1, 1, 2, 1]), atol=1e-6)


def test_speakers_beyond_the_number_share_the_last_state() -> None:
    network = make_network(speakers=2)
    assert torch.equal(answer(network, [0, 1, 2, 3, 0]), answer(network, [0, 1, 1, 1, 0]))


def test_the_way_back_knows_its_own_speakers() -> None:
    """With the same weights in both cells, a conversation and its mirror image have mirrored states."""
    network = make_network()
    network.back.load_state_dict(network.forth.state_dict())
    x = torch.randn(1, 4, 5)
    who = torch.tensor([[0, 0, 1, 2]])  # its mirror image is no mere renaming
    turns = torch.ones(1, 4, dtype=torch.bool)
    seen = {}
    for name, said, speakers in (("as it was", x, who), ("mirrored", x.flip(1), who.flip(1))):
        values = {"text": said[..., :3], "audio": said[..., 3:]}
        states: list[Tensor] = []
        # Held here are the two cells' states side by side, what the dropout before the attention is given.
        handle = network.dropout.register_forward_pre_hook(
            lambda _, given, states=states: states.append(given[0])
        )
        with torch.no_grad():
            network(values, turns.expand(2, 1, 4), speakers, turns)
        handle.remove()
        seen[name] = states[0]
    swapped = seen["mirrored"].flip(1).roll(6, dims=-1)
    assert torch.allclose(seen["as it was"], swapped, atol=1e-6)
