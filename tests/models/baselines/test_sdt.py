"""SDT: its size, its blocks and its loss against the published formulas, written down again here."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from crossgate.emotions import UNLABELLED
from crossgate.models.attention import sinusoids
from crossgate.models.baselines.sdt import SDT, Attention, Branch, FeedForward, HierarchicalGate, UnimodalGate
from crossgate.models.settings import ModelSettings
from crossgate.objectives.objective import objective
from crossgate.objectives.settings import ObjectiveSettings

DIMENSIONS = {"text": 6, "audio": 5, "visual": 4}
HIDDEN, HEADS, EMOTIONS = 8, 2, 5
PADDING = torch.tensor([[False] * 4, [False, False, True, True]])


def sdt(modalities: tuple[str, ...] = tuple(DIMENSIONS), layers: int = 1, dropout: float = 0.0) -> SDT:
    torch.manual_seed(0)
    sizes = ModelSettings(kind="sdt", hidden=HIDDEN, heads=HEADS, layers=layers, dropout=dropout, speakers=3)
    return SDT(sizes, {m: DIMENSIONS[m] for m in modalities}, EMOTIONS)


def drawn(modalities: tuple[str, ...] = tuple(DIMENSIONS)) -> tuple:
    random = torch.Generator().manual_seed(1)
    turns = ~PADDING
    values = {m: torch.randn(2, 4, DIMENSIONS[m], generator=random) * turns[..., None] for m in modalities}
    speakers = torch.randint(3, (2, 4), generator=random)
    return values, turns.expand(len(modalities), -1, -1), speakers, turns


def x_of(*shape: int, seed: int = 2) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def attention_by_hand(block: Attention, asking: Tensor, asked: Tensor, padding: Tensor) -> Tensor:
    width = HIDDEN // HEADS
    answer = torch.zeros_like(asking)
    for b in range(len(asking)):
        there = ~padding[b]
        q, k, v = (
            x @ matrix.weight.T + matrix.bias
            for x, matrix in (
                (asking[b], block.query),
                (asked[b][there], block.key),
                (asked[b][there], block.value),
            )
        )
        heads = []
        for h in range(HEADS):
            part = slice(h * width, (h + 1) * width)
            heads.append(torch.softmax(q[:, part] @ k[:, part].T / math.sqrt(width), dim=-1) @ v[:, part])
        answer[b] = torch.cat(heads, dim=-1) @ block.output.weight.T + block.output.bias
    return answer


def norm_by_hand(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    deviation = (centred.square().mean(-1, keepdim=True) + 1e-6).sqrt()
    return centred / deviation * norm.weight + norm.bias


def feed_forward_by_hand(block: FeedForward, x: Tensor) -> Tensor:
    inner = norm_by_hand(block.norm, x) @ block.inner.weight.T + block.inner.bias
    active = 0.5 * inner * (1 + torch.tanh(math.sqrt(2 / math.pi) * (inner + 0.044715 * inner**3)))
    return x + active @ block.outer.weight.T + block.outer.bias


def branch_by_hand(block: Branch, own: Tensor, other: Tensor | None) -> Tensor:
    """Position and speaker are in the inputs already."""
    x = own
    for number, layer in enumerate(block.layers):
        x = norm_by_hand(layer.norm, x) if number else x
        x = x + attention_by_hand(layer.attention, x, x if other is None else other, PADDING)
        x = feed_forward_by_hand(layer.feed_forward, x)
    return x / (1 + torch.exp(-x @ block.gate.weigh.weight.T))


def shake(network: nn.Module) -> None:
    """Norms that begin as 1 and 0 would hide whether they are used."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.LayerNorm):
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("modalities", [("text", "audio", "visual"), ("text", "visual"), ("audio",)])
def test_its_parameters_are_the_published_ones(modalities: tuple[str, ...], layers: int) -> None:
    h, many = HIDDEN, len(modalities)
    attention, feed_forward, norms, gate = 4 * (h * h + h), 2 * (h * h + h), 2 * 2 * h, h * h
    heads = 1 + many if many > 1 else 1
    expected = (
        sum(DIMENSIONS[m] for m in modalities) * h
        + (3 + 1) * h
        + many**2 * (layers * (attention + feed_forward + norms) + gate)
        + many * (many * h * h + h)
        + h * h
        + heads * (EMOTIONS * h + EMOTIONS)
    )
    network = sdt(modalities, layers)
    assert sum(p.numel() for p in network.parameters()) == expected
    # A norm in each first layer that nothing calls is counted and not trained.
    trained = sum(p.numel() for p in network.parameters() if p.requires_grad)
    assert expected - trained == many**2 * 2 * h


def test_attention_is_scaled_dot_products_a_head() -> None:
    torch.manual_seed(0)
    block = Attention(HIDDEN, HEADS, 0.0)
    asking, asked = x_of(2, 4, HIDDEN), x_of(2, 4, HIDDEN, seed=3)
    torch.testing.assert_close(
        block(asking, asked, PADDING), attention_by_hand(block, asking, asked, PADDING), rtol=1e-4, atol=1e-5
    )


def test_feed_forward_adds_to_what_it_reads() -> None:
    torch.manual_seed(0)
    block = FeedForward(HIDDEN, 0.0)
    shake(block)
    x = x_of(2, 4, HIDDEN)
    torch.testing.assert_close(block(x), feed_forward_by_hand(block, x), rtol=1e-4, atol=1e-5)


def test_the_unimodal_gate_opens_by_what_it_gates() -> None:
    gate = UnimodalGate(2)
    gate.weigh.weight.data = torch.tensor([[1.0, 0.0], [2.0, -1.0]])
    half, other = 1 / (1 + math.exp(-1)), 1 / (1 + math.exp(-0.5))
    torch.testing.assert_close(gate(torch.tensor([[1.0, 1.5]])), torch.tensor([[half, 1.5 * other]]))


def test_the_hierarchical_gate_weighs_modalities_feature_by_feature() -> None:
    gate = HierarchicalGate(2)
    gate.weigh.weight.data = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    single = [torch.tensor([[[1.0, 2.0]]]), torch.tensor([[[0.0, -1.0]]]), torch.tensor([[[3.0, 0.5]]])]
    mixture, weights = gate(single)
    for feature, scores in ((0, [1.0, 0.0, 3.0]), (1, [3.0, -1.0, 3.5])):
        sizes = [math.exp(score) for score in scores]
        by_hand = torch.tensor([size / sum(sizes) for size in sizes])
        torch.testing.assert_close(weights[:, 0, 0, feature], by_hand)
        said = torch.stack(single)[:, 0, 0, feature]
        torch.testing.assert_close(mixture[0, 0, feature], (by_hand * said).sum())


@pytest.mark.parametrize("layers", [1, 3])
@pytest.mark.parametrize("inter", [True, False])
def test_a_branch_asks_the_other_modality_or_itself(layers: int, inter: bool) -> None:
    torch.manual_seed(0)
    block = Branch(ModelSettings(kind="sdt", hidden=HIDDEN, heads=HEADS, layers=layers)).eval()
    shake(block)
    own, other, where = (x_of(2, 4, HIDDEN, seed=seed) for seed in (2, 3, 4))
    said = block(own, other if inter else None, where, PADDING)
    by_hand = branch_by_hand(block, own + where, other + where if inter else None)
    torch.testing.assert_close(said, by_hand, rtol=1e-4, atol=1e-5)


def test_the_whole_is_put_together_as_published() -> None:
    network = sdt(dropout=0.5).eval()
    values, present, speakers, turns = drawn()
    with torch.no_grad():
        views = network(values, present, speakers, turns)
        where = network.speaker.weight[speakers.masked_fill(PADDING, 3)] + sinusoids(
            4, HIDDEN, PADDING.device
        )
        projected = {m: values[m] @ network.project[m].weight.T for m in DIMENSIONS}
        single = {}
        for m in DIMENSIONS:
            parts = [
                branch_by_hand(
                    network.branches[f"{n}_{m}"],
                    projected[m] + where,
                    None if n == m else projected[n] + where,
                )
                for n in DIMENSIONS
            ]
            single[m] = torch.cat(parts, -1) @ network.reduce[m].weight.T + network.reduce[m].bias
        fused, weights = network.mix(list(single.values()))
        logits = [
            x.relu() @ network.heads[m][2].weight.T + network.heads[m][2].bias for m, x in single.items()
        ]
        logits.append(fused @ network.full_head.weight.T + network.full_head.bias)
    for index, by_hand in enumerate(logits):
        torch.testing.assert_close(views.logits[index][turns], by_hand[turns], rtol=1e-4, atol=1e-5)
    features = torch.stack([*single.values(), fused])
    torch.testing.assert_close(views.features[:, turns], features[:, turns], rtol=1e-4, atol=1e-5)
    assert views.shares is not None
    for k in range(3):
        torch.testing.assert_close(views.shares[turns][:, k], weights[k][turns].mean(-1))


@pytest.mark.parametrize(
    ("modalities", "names"),
    [
        (("text", "audio", "visual"), ("t", "a", "v", "tav")),
        (("text", "audio"), ("t", "a", "ta")),
        (("visual",), ("v",)),
    ],
)
def test_it_answers_for_each_modality_and_for_all(
    modalities: tuple[str, ...], names: tuple[str, ...]
) -> None:
    network = sdt(modalities)
    values, present, speakers, turns = drawn(modalities)
    present = present.clone()
    present[0, 0, 1] = False
    views = network.eval()(values, present, speakers, turns)
    assert network.views == views.names == names
    assert views.shares is not None
    there = present.any(dim=0)
    assert torch.allclose(views.shares.sum(-1)[there], torch.ones(int(there.sum())))
    assert not views.shares[~there].any()
    if len(names) > 1:
        assert torch.equal(views.valid[:-1], present)
    assert torch.equal(views.valid[-1], there)
    assert network.train()(values, present, speakers, turns).shares is None


@pytest.mark.parametrize("temperature", [1.0, 8.0])
@pytest.mark.parametrize("modalities", [("text", "audio", "visual"), ("text", "audio")])
def test_its_loss_is_a_choice_of_our_objective(modalities: tuple[str, ...], temperature: float) -> None:
    """The settings in the module's docstring, the error of every weight included."""
    network, many = sdt(modalities), len(modalities)
    values, present, speakers, turns = drawn(modalities)
    labels = torch.tensor([[0, 3, 1, 4], [2, 2, UNLABELLED, UNLABELLED]])
    weights = torch.tensor([0.5, 2.0, 1.0, 1.5, 3.0])
    settings = ObjectiveSettings(
        hard_full=1, hard_pairs=0, hard_singles=many, soft_pairs=0, soft_singles=many / temperature**2,
        temperature=temperature, hierarchy=False, detach_teacher=False, consistency=0, redundancy=0,
        label_smoothing=0,
    )  # fmt: skip
    trained = [p for p in network.parameters() if p.requires_grad]
    views = network(values, present, speakers, turns)
    ours = objective(views, labels, settings, weights).total
    from_ours = torch.autograd.grad(ours, trained, retain_graph=True)

    def log(x: Tensor) -> Tensor:
        return x - x.exp().sum(-1, keepdim=True).log()

    said, true = views.logits[:, turns], labels[turns]
    theirs = torch.zeros(())
    for output in said:
        right = log(output)[torch.arange(len(true)), true]
        theirs = theirs - (weights[true] * right).sum() / weights[true].sum()
    teacher = log(said[-1] / temperature)
    for output in said[:-1]:
        theirs = theirs + (teacher.exp() * (teacher - log(output / temperature))).sum() / len(true)
    from_theirs = torch.autograd.grad(theirs, trained)
    assert torch.isclose(ours, theirs)
    for one, other in zip(from_ours, from_theirs, strict=True):
        assert torch.allclose(one, other, atol=1e-6)
