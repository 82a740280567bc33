"""What all rivals have in common: they take the same input and answer in the same shape."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from crossgate.conversation import MODALITIES
from crossgate.errors import InputError
from crossgate.models.kinds import NETWORKS, make_network
from crossgate.models.network import Network
from crossgate.models.settings import KINDS, ModelSettings
from crossgate.models.views import Views

DIMENSIONS = {"text": 6, "audio": 5, "visual": 4}
RIVALS = [kind for kind in KINDS if kind != "crossgate"]


def rival(kind: str, modalities: tuple[str, ...] = MODALITIES) -> Network:
    torch.manual_seed(0)
    sizes = ModelSettings(kind=kind, hidden=12, heads=2, dropout=0.2, speakers=3)
    return make_network(sizes, {m: DIMENSIONS[m] for m in modalities}, 7).eval()


def talk(lengths: list[int], modalities: tuple[str, ...] = MODALITIES, seed: int = 0) -> tuple:
    random = torch.Generator().manual_seed(seed)
    batch, turns = len(lengths), max(lengths)
    there = torch.arange(turns) < torch.tensor(lengths)[:, None]
    present = (torch.rand(len(modalities), batch, turns, generator=random) > 0.2) & there
    values = {
        m: torch.randn(batch, turns, DIMENSIONS[m], generator=random) * present[k, ..., None]
        for k, m in enumerate(modalities)
    }
    speakers = torch.randint(5, (batch, turns), generator=random) * there
    return values, present, speakers, there


def test_settings_and_networks_agree() -> None:
    assert tuple(NETWORKS) == KINDS
    with pytest.raises(InputError, match="expected crossgate, text-only"):
        ModelSettings(kind="oracle")
    with pytest.raises(InputError, match="reads whole conversations"):
        ModelSettings(kind="text-only", causal=True)


@pytest.mark.parametrize("kind", RIVALS)
def test_it_answers_every_utterance(kind: str) -> None:
    values, present, speakers, turns = talk([5, 1, 8])
    with torch.no_grad():
        views = rival(kind)(values, present, speakers, turns)
    assert isinstance(views, Views)
    assert views.logits.shape[1:] == (3, 8, 7)
    assert views.valid.shape == views.logits.shape[:3]
    assert len(views.names) == len(views.logits) == len(views.features)
    assert torch.isfinite(views.logits[:, turns]).all()
    assert views.shares is not None
    assert views.shares.shape == (3, 8, len(rival(kind).modalities))
    assert not (views.valid[-1] & ~turns).any()


@pytest.mark.parametrize("kind", RIVALS)
@given(seed=st.integers(0, 1000), more=st.integers(1, 6))
@settings(max_examples=8, deadline=None)
def test_padding_changes_nothing(kind: str, seed: int, more: int) -> None:
    network = rival(kind)
    values, present, speakers, turns = talk([4], seed=seed)
    padded = (
        {m: torch.nn.functional.pad(x, (0, 0, 0, more)) for m, x in values.items()},
        torch.nn.functional.pad(present, (0, more)),
        torch.nn.functional.pad(speakers, (0, more)),
        torch.nn.functional.pad(turns, (0, more)),
    )
    with torch.no_grad():
        short = network(values, present, speakers, turns).logits
        long = network(*padded).logits[:, :, :4]
    assert torch.allclose(short, long, atol=1e-5)


@pytest.mark.parametrize("kind", RIVALS)
def test_conversations_of_a_batch_do_not_mix(kind: str) -> None:
    network = rival(kind)
    values, present, speakers, turns = talk([6, 6])
    with torch.no_grad():
        together = network(values, present, speakers, turns).logits
        alone = network({m: x[:1] for m, x in values.items()}, present[:, :1], speakers[:1], turns[:1]).logits
    assert torch.allclose(together[:, :1], alone, atol=1e-5)


@pytest.mark.parametrize("kind", RIVALS)
def test_everything_in_it_learns(kind: str) -> None:
    network = rival(kind).train()
    values, present, speakers, turns = talk([7, 5, 6])
    views = network(values, present, speakers, turns)
    (views.logits.square().sum() + sum(p.sum() * 0 for p in network.parameters())).backward()
    still = [
        name
        for name, parameter in network.named_parameters()
        if parameter.requires_grad and not parameter.grad.abs().sum() > 0
    ]
    assert still == []


@pytest.mark.parametrize("kind", RIVALS)
def test_the_same_seed_makes_the_same_network(kind: str) -> None:
    first, second = rival(kind).state_dict(), rival(kind).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("kind", [kind for kind in RIVALS if kind not in ("text-only",)])
@pytest.mark.parametrize("modalities", [("text", "audio"), ("audio",)])
def test_a_corpus_may_lack_a_modality(kind: str, modalities: tuple[str, ...]) -> None:
    with torch.no_grad():
        views = rival(kind, modalities)(*talk([4, 3], modalities))
    assert views.names[-1] == "".join(m[0] for m in modalities)


def test_text_only_hears_and_sees_nothing() -> None:
    network = rival("text-only")
    values, present, speakers, turns = talk([5])
    other = {m: x if m == "text" else x + 1 for m, x in values.items()}
    with torch.no_grad():
        first, second = (network(v, present, speakers, turns).logits for v in (values, other))
    assert torch.equal(first, second)
    with pytest.raises(InputError, match="needs text"):
        make_network(ModelSettings(kind="text-only"), {"audio": 3}, 2)
