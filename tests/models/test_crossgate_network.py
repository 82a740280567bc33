"""What holds of the network whatever its weights are."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import pytest
import torch
from drawn_inputs import EMOTIONS, Inputs, draw, same, small
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from crossgate.conversation import MODALITIES, Conversation, Modality, Utterance
from crossgate.errors import InputError
from crossgate.models.crossgate import CrossGate
from crossgate.models.settings import ModelSettings
from crossgate.models.views import Views, view_names

VARIANTS: list[dict[str, Any]] = [
    {},
    {"relations": True, "layers": 2},
    {"mix_singles": True},
    {"drop_inside": True, "normalize_inputs": ("text",), "normalize_steps": False},
    {"unimodal_guide": False, "third_guide": False},
]
VIEWS = ("t", "a", "v", "ta", "tv", "av", "tav")
MASKS = list(product([False, True], repeat=3))


def cut(inputs: Inputs, start: int, end: int) -> Inputs:
    return inputs.map(lambda x: x[:, start:end])


def said_at(views: Views, turn: int) -> Tensor:
    """One number that depends on all that is said of a turn."""
    parts = (views.logits[:, :, turn], views.features[:, :, turn], views.shares[:, turn])
    return sum((part.flatten() @ torch.linspace(1, 2, part.numel()).sin() for part in parts), torch.zeros(()))


def gradients(network: CrossGate, inputs: Inputs, turn: int) -> dict[Modality, Tensor]:
    """Of what is said of one turn, by every modality's values: (turn,) largest absolute gradient."""
    values = {m: v.clone().requires_grad_() for m, v in inputs.values.items()}
    said_at(inputs.with_values(**values).through(network), turn).backward()
    return {m: v.grad.abs().amax(dim=(0, 2)) for m, v in values.items() if v.grad is not None}


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("missing", [0.0, 0.4])
def test_a_causal_network_knows_nothing_of_later_turns(variant: dict[str, Any], missing: float) -> None:
    network = small(causal=True, **variant)
    inputs = draw(batch=3, turns=6, missing=missing)
    for turn in range(6):
        found = gradients(network, inputs, turn)
        assert set(found) == set(MODALITIES)
        for modality, gradient in found.items():
            assert torch.equal(gradient[turn + 1 :], torch.zeros(5 - turn)), (modality, turn)
            if not missing:
                assert (gradient[: turn + 1] > 0).all(), (modality, turn)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_a_network_that_is_not_causal_sees_the_whole_conversation(variant: dict[str, Any]) -> None:
    for gradient in gradients(small(**variant), draw(turns=6), 2).values():
        assert (gradient > 0).all()


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_turn_by_turn_says_what_the_whole_conversation_says(variant: dict[str, Any]) -> None:
    network, inputs = small(causal=True, **variant), draw(turns=6, missing=0.3)
    whole = inputs.through(network)
    for end in range(1, 7):
        part = cut(inputs, 0, end).through(network)
        assert torch.allclose(part.full[:, -1], whole.full[:, end - 1], atol=1e-5)
        assert torch.allclose(part.shares[:, -1], whole.shares[:, end - 1], atol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_padding_changes_nothing(variant: dict[str, Any], causal: bool) -> None:
    network = small(causal=causal, **variant)
    lengths = [1, 4, 7]
    inputs = draw(batch=3, turns=7, missing=0.3)
    padding = torch.arange(7) >= torch.tensor(lengths)[:, None]
    # What stands at padding is as large as it pleases, and even claims to be present.
    padded = Inputs(
        {m: v.masked_fill(padding[..., None], 50.0) for m, v in inputs.values.items()},
        inputs.present | padding,
        inputs.speakers,
        ~padding,
    )
    together = padded.through(network)
    assert not together.valid[:, padding].any()
    for row, length in enumerate(lengths):
        alone = cut(inputs.map(lambda x, row=row: x[row : row + 1]), 0, length).through(network)
        within = Views(
            together.names,
            together.logits[:, row : row + 1, :length],
            together.features[:, row : row + 1, :length],
            together.valid[:, row : row + 1, :length],
            together.shares[row : row + 1, :length],
        )
        assert same(alone, within)


def test_the_order_within_a_batch_does_not_matter() -> None:
    network, inputs = small(), draw(batch=4, missing=0.3)
    order = torch.tensor([2, 0, 3, 1])
    forth = inputs.through(network)
    turned = inputs.map(lambda x: x[order]).through(network)
    assert same(
        Views(
            forth.names,
            forth.logits[:, order],
            forth.features[:, order],
            forth.valid[:, order],
            forth.shares[order],
        ),
        turned,
    )


@pytest.mark.parametrize("mask", MASKS, ids=str)
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_any_modalities_may_be_there(mask: tuple[bool, ...], variant: dict[str, Any]) -> None:
    """For a whole conversation, and for one turn of it."""
    there = torch.tensor(mask)
    inputs = draw()
    one_turn = inputs.present.clone()
    one_turn[:, :, 2] = there[:, None]
    for present in (there[:, None, None].expand(-1, 2, 5), one_turn):
        views = inputs.with_present(present).through(small(**variant))
        assert views.logits.isfinite().all()
        assert views.features.isfinite().all()
        for index, name in enumerate(VIEWS[:-1]):
            needed = ["tav".index(letter) for letter in name]
            assert torch.equal(views.valid[index], present[needed].all(dim=0)), name
        assert torch.equal(views.valid[-1], present.any(dim=0))


@given(
    seed=st.integers(0, 2**16),
    missing=st.sampled_from([0.0, 0.3, 0.7, 0.95]),
    modalities=st.sampled_from([c for n in (1, 2, 3) for c in combinations(MODALITIES, n)]),
    mix_singles=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_shares_are_shares(
    seed: int, missing: float, modalities: tuple[Modality, ...], mix_singles: bool
) -> None:
    """They sum to 1 where a modality is there, and an absent modality has none."""
    inputs = draw(modalities=modalities, seed=seed, missing=missing)
    shares = inputs.through(small(modalities, mix_singles=mix_singles)).shares
    assert shares.shape == (2, 5, len(modalities))
    assert (shares >= 0).all()
    assert torch.allclose(shares.sum(dim=-1), inputs.present.any(dim=0).float(), atol=1e-5)
    assert (shares[~inputs.present.permute(1, 2, 0)] == 0).all()


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_values_that_are_not_present_do_not_matter(variant: dict[str, Any]) -> None:
    network, inputs = small(**variant), draw(batch=3, turns=6, missing=0.5)
    other = {
        m: torch.where(inputs.present[index][..., None], v, 30 * torch.randn_like(v))
        for index, (m, v) in enumerate(inputs.values.items())
    }
    first, second = inputs.through(network), inputs.with_values(**other).through(network)
    assert same(first, second, atol=0)
    present = draw(batch=3, turns=6).through(network)
    assert not torch.allclose(first.full, present.full)  # while being present does


@pytest.mark.parametrize("count", [1, 2, 3])
def test_shapes_and_names_of_the_views(count: int) -> None:
    for modalities in combinations(MODALITIES, count):
        network = small(modalities)
        views = draw(modalities=modalities).through(network)
        names = view_names(modalities)
        assert views.names == network.views == names
        assert len(set(names)) == len(names) == 2**count - 1
        assert names[-1] == "".join(m[0] for m in modalities)
        assert views.logits.shape == (len(names), 2, 5, EMOTIONS)
        assert views.features.shape == (len(names), 2, 5, 16)
        assert views.valid.shape == (len(names), 2, 5)
        assert torch.equal(views.full, views.logits[-1])
    assert view_names(MODALITIES) == VIEWS


def test_a_network_without_modalities_is_refused() -> None:
    with pytest.raises(InputError, match="one modality"):
        CrossGate(ModelSettings(hidden=16, heads=2), {}, EMOTIONS)


def pair_gradient(network: CrossGate, view: str, modality: Modality) -> float:
    """How much the features of a view depend on a modality's values."""
    inputs = draw()
    values = inputs.values[modality].clone().requires_grad_()
    features = inputs.with_values(**{modality: values}).through(network).features[VIEWS.index(view)]
    (features * torch.randn(features.shape, generator=torch.Generator().manual_seed(1))).sum().backward()
    return 0.0 if values.grad is None else float(values.grad.abs().max())


THIRD: list[tuple[str, Modality]] = [("ta", "visual"), ("tv", "audio"), ("av", "text")]


@pytest.mark.parametrize(("pair", "third"), THIRD)
def test_the_third_modality_enters_a_pair_only_through_its_gate(pair: str, third: Modality) -> None:
    assert pair_gradient(small(unimodal_guide=False, third_guide=False), pair, third) == 0
    guided = small(unimodal_guide=False, third_guide=True)
    assert pair_gradient(guided, pair, third) > 0
    assert guided.fuse_pairs is not None
    with torch.no_grad():  # a gate that always says the same
        for name, weight in guided.fuse_pairs.named_parameters():
            if "widen.weight" in name:
                weight.zero_()
    assert pair_gradient(guided, pair, third) == 0
    for own in set(MODALITIES) - {third}:
        assert pair_gradient(guided, pair, own) > 0


@pytest.mark.parametrize(("pair", "third"), THIRD)
def test_a_missing_guide_is_like_no_guide(pair: str, third: Modality) -> None:
    """The null vector stands for both, so a pair does not notice which it was."""
    inputs = draw()
    present = inputs.present.clone()
    present[MODALITIES.index(third)] = False
    index = VIEWS.index(pair)
    guided = inputs.with_present(present).through(small(unimodal_guide=False, third_guide=True))
    alone = inputs.through(small(unimodal_guide=False, third_guide=False))
    assert torch.allclose(guided.features[index], alone.features[index], atol=1e-6)


@pytest.mark.parametrize("modality", MODALITIES)
def test_single_views_know_the_others_only_by_the_unimodal_guide(modality: Modality) -> None:
    view = modality[0]
    for other in MODALITIES:
        depends = pair_gradient(small(unimodal_guide=False), view, other) > 0
        assert depends is (other == modality)
        assert pair_gradient(small(unimodal_guide=True), view, other) > 0


@pytest.mark.parametrize("causal", [False, True])
def test_one_utterance_is_a_conversation(causal: bool) -> None:
    for mask in MASKS:
        inputs = draw(batch=1, turns=1).with_present(torch.tensor(mask)[:, None, None])
        assert inputs.through(small(causal=causal, relations=True)).logits.isfinite().all()


@pytest.mark.parametrize("causal", [False, True])
def test_two_thousand_utterances(causal: bool) -> None:
    network = small(causal=causal, relations=True)
    inputs = draw(batch=1, turns=2000, missing=0.2)
    with torch.inference_mode():
        assert inputs.through(network).logits.isfinite().all()


def test_speakers_beyond_the_table_share_its_last_row() -> None:
    network, inputs = small(speakers=3), draw(speakers=2)

    def with_speaker(number: int) -> Views:
        speakers = inputs.speakers.clone()
        speakers[:, 3] = number
        return Inputs(inputs.values, inputs.present, speakers, inputs.turns).through(network)

    assert same(with_speaker(2), with_speaker(3), atol=0)
    assert same(with_speaker(2), with_speaker(500), atol=0)
    assert not same(with_speaker(2), with_speaker(1))


def test_what_speakers_are_called_does_not_matter() -> None:
    def answer(names: str) -> Views:
        conversation = Conversation("c", tuple(Utterance(str(i), name) for i, name in enumerate(names)))
        speakers = torch.tensor([conversation.speaker_indices()])
        inputs = draw(batch=1, turns=len(names))
        return Inputs(inputs.values, inputs.present, speakers, inputs.turns).through(small(relations=True))

    assert same(answer("ABACB"), answer("ZQZ3Q"), atol=0)
    assert not same(answer("ABACB"), answer("ABABC"))


def test_relations_of_weight_0_are_none() -> None:
    without, inputs = small(), draw()
    network = small(relations=True)
    network.load_state_dict(without.state_dict(), strict=False)
    assert network.relations is not None
    assert not same(inputs.through(network), inputs.through(without))
    with torch.no_grad():
        for weight in network.relations.parameters():
            weight.zero_()
    assert same(inputs.through(network), inputs.through(without))


@pytest.mark.parametrize("relations", [False, True])
def test_who_speaks_reaches_attention_only_by_relations(relations: bool) -> None:
    network, inputs = small(relations=relations), draw()
    with torch.no_grad():
        network.speaker.weight.zero_()
    swapped = Inputs(inputs.values, inputs.present, inputs.speakers.flip(1), inputs.turns)
    assert same(inputs.through(network), swapped.through(network)) is not relations


def test_dropout_sleeps_in_evaluation() -> None:
    network, inputs = small(dropout=0.5, input_dropout=0.5), draw()
    assert same(inputs.through(network), inputs.through(network), atol=0)
    network.train()
    assert not same(inputs.through(network), inputs.through(network))


@pytest.mark.parametrize("setting", [{"dropout": 0.0}, {"dropout": 0.3}], ids=["without", "with"])
def test_what_is_dropped_inside_comes_on_top(setting: dict[str, Any]) -> None:
    """The same draws and then more: nothing without dropout, something with it, in training alone."""
    plain, inside, inputs = small(**setting), small(**setting, drop_inside=True), draw()
    assert same(inputs.through(plain), inputs.through(inside), atol=0)
    torch.manual_seed(0)
    once = inputs.through(plain.train())
    torch.manual_seed(0)
    assert same(once, inputs.through(inside.train()), atol=0) is (setting["dropout"] == 0)


def test_only_inputs_that_are_not_normalised_have_a_level() -> None:
    network, inputs = small(normalize_inputs=("text", "visual")), draw()
    as_it_is = inputs.through(network)
    for modality, values in inputs.values.items():
        louder = inputs.with_values(**{modality: values * 3 + 1})
        assert same(as_it_is, louder.through(network), atol=1e-4) is (modality != "audio"), modality


def test_steps_that_are_not_normalised_hand_on_how_much_was_said() -> None:
    """Twice the weights of the projection: the answer is the same only where every step has one loudness."""
    inputs, answers = draw(), {}
    for normalize in (True, False):
        network = small(normalize_steps=normalize)
        quiet = inputs.through(network).features.norm(dim=-1)
        with torch.no_grad():
            for project in network.project.values():
                project.weight.mul_(10)
        answers[normalize] = inputs.through(network).features.norm(dim=-1) / quiet
    singles = slice(0, 3)
    assert torch.allclose(answers[True][singles], torch.ones(()), atol=1e-3)
    assert (answers[False][singles] > 1.5).all()


def test_bfloat16_stays_near() -> None:
    network, inputs = small(relations=True), draw(missing=0.3)
    exact = inputs.through(network)
    with torch.autocast("cpu", torch.bfloat16):
        rough = inputs.through(network)
    assert rough.logits.isfinite().all()
    assert torch.allclose(rough.shares.float(), exact.shares, atol=0.1)


def test_every_weight_learns() -> None:
    """No part of the network stands idle once modalities go missing at random."""
    network = small(relations=True, mix_singles=True)
    inputs = draw(batch=4, turns=6, missing=0.5)
    assert (~inputs.present.any(dim=0)).any()
    views = inputs.through(network)
    views.logits.square().sum().backward()
    # Rounding alone gives a weight without effect a gradient of 1e-6.
    idle = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.abs().max() > 1e-3]
    assert idle == []
