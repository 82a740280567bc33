"""Every term against torch's own, or against arithmetic by hand."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise

import pytest
import torch
from drawn_views import EMOTIONS, NAMES, draw, indices, loss_of, only, part
from torch import Tensor, nn

from crossgate.emotions import UNLABELLED
from crossgate.errors import InputError
from crossgate.models.views import Views
from crossgate.objectives.distillation import lessons, soft_divergences
from crossgate.objectives.objective import objective
from crossgate.objectives.settings import ObjectiveSettings

TERMS = ("hard_full", "hard_pairs", "hard_singles", "soft_pairs", "soft_singles", "consistency", "redundancy")


def hard_by_hand(views: Views, labels: Tensor, view: int, weights: Tensor | None, smoothing: float) -> Tensor:
    counted = views.valid[view] & (labels != UNLABELLED)
    return nn.functional.cross_entropy(
        views.logits[view][counted], labels[counted], weight=weights, label_smoothing=smoothing
    )


@pytest.mark.parametrize(
    "weights", [None, torch.tensor([0.5, 2.0, 0.0, 1.0, 3.0])], ids=["plain", "weighted"]
)
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_hard_terms_are_torchs_cross_entropy(weights: Tensor | None, smoothing: float) -> None:
    views, labels = draw()
    if weights is not None and smoothing:
        weights = weights + 0.1
    by_view = [hard_by_hand(views, labels, view, weights, smoothing) for view in range(7)]
    for name, size in (("hard_full", 3), ("hard_pairs", 2), ("hard_singles", 1)):
        loss = objective(views, labels, only(**{name: 0.7}, label_smoothing=smoothing), weights)
        by_hand = torch.stack([by_view[view] for view in indices(size)]).mean()
        assert torch.isclose(loss.terms[name], by_hand)
        assert torch.isclose(loss.total, 0.7 * by_hand)


@pytest.mark.parametrize("temperature", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("hierarchy", [True, False])
def test_soft_terms_are_torchs_kl_div(temperature: float, hierarchy: bool) -> None:
    views, labels = draw()
    teachers = {"ta": ("t", "a"), "tv": ("t", "v"), "av": ("a", "v")} if hierarchy else {}
    to_singles = [("tav", single) for single in "tav"]
    to_singles += [(pair, single) for pair, singles in teachers.items() for single in singles]
    plan = {"soft_pairs": [("tav", pair) for pair in ("ta", "tv", "av")], "soft_singles": to_singles}
    for name, taught in plan.items():
        divergences = []
        for teacher, student in taught:
            t, s = NAMES.index(teacher), NAMES.index(student)
            both = views.valid[t] & views.valid[s]
            divergences.append(
                nn.functional.kl_div(
                    (views.logits[s][both] / temperature).log_softmax(-1),
                    (views.logits[t][both] / temperature).softmax(-1),
                    reduction="none",
                ).sum(-1)
                * temperature**2
            )
        loss = loss_of(views, labels, **{name: 1.0}, temperature=temperature, hierarchy=hierarchy)
        assert torch.isclose(loss.terms[name], torch.cat(divergences).mean(), atol=1e-6)


def test_consistency_is_the_cosine_to_the_teacher() -> None:
    views, labels = draw()
    distances = []
    for lesson in lessons(NAMES, hierarchy=True):
        both = views.valid[lesson.teacher] & views.valid[lesson.student]
        t, s = views.features[lesson.teacher][both], views.features[lesson.student][both]
        distances.append(1 - (t * s).sum(-1) / (t.norm(dim=-1) * s.norm(dim=-1)))
    loss = loss_of(views, labels, consistency=1.0)
    assert torch.isclose(loss.terms["consistency"], torch.cat(distances).mean())


def test_teachers_are_not_dragged_down() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 3, 4, EMOTIONS).requires_grad_()
    soft_divergences(logits, torch.ones(2, 3, 4, dtype=torch.bool), 2.0)[0, 1].backward()
    assert logits.grad is not None
    assert not logits.grad[0].any()
    assert (logits.grad[1] != 0).any()


@pytest.mark.parametrize("detach_teacher", [True, False])
def test_a_teacher_learns_from_its_student_where_it_is_not_detached(detach_teacher: bool) -> None:
    views, labels = draw(missing=0.0)
    settings = replace(only(soft_singles=1.0, hierarchy=False), detach_teacher=detach_teacher)
    loss = objective(views, labels, settings)
    loss.total.backward()
    assert torch.isclose(loss.total, loss_of(views, labels, soft_singles=1.0, hierarchy=False).total)
    teacher = views.logits.detach()[-1].requires_grad_()
    for student in views.logits.detach()[indices(1)]:
        soft = (teacher / 2).log_softmax(-1)
        kl = (soft.exp() * (soft - (student / 2).log_softmax(-1))).sum(-1) * 2**2
        (kl.mean() / 3).backward()
    assert views.logits.grad is not None
    expected = torch.zeros_like(teacher) if detach_teacher else teacher.grad
    assert expected is not None
    assert torch.allclose(views.logits.grad[-1], expected, atol=1e-7)
    assert views.logits.grad[indices(1)].any()


@pytest.mark.parametrize("term", ["soft_pairs", "soft_singles", "consistency"])
def test_nothing_is_learned_by_the_full_view_from_its_students(term: str) -> None:
    views, labels = draw(missing=0.0)
    loss_of(views, labels, **{term: 1.0}).total.backward()
    learner = views.features if term == "consistency" else views.logits
    assert learner.grad is not None
    assert not learner.grad[-1].any()
    assert learner.grad[0].any() or term == "soft_pairs"
    # The pairs teach only: in `soft_singles` they are never the student.
    assert bool(learner.grad[indices(2)].any()) is (term != "soft_singles")


def test_the_hierarchy_is_who_teaches_whom() -> None:
    def named(hierarchy: bool) -> set[str]:
        return {f"{NAMES[x.teacher]}>{NAMES[x.student]}" for x in lessons(NAMES, hierarchy)}

    from_the_full = {f"tav>{name}" for name in NAMES[:-1]}
    assert named(False) == from_the_full
    assert named(True) == from_the_full | {"ta>t", "ta>a", "tv>t", "tv>v", "av>a", "av>v"}
    assert all(len(NAMES[x.student]) == 2 for x in lessons(NAMES, True) if x.to_pair)
    assert lessons(("t", "a", "ta"), True) == lessons(("t", "a", "ta"), False)
    assert lessons(("t",), True) == []


@pytest.mark.parametrize("term", TERMS)
def test_a_weight_of_0_removes_its_term(term: str) -> None:
    views, labels = draw()
    whole = objective(views, labels, ObjectiveSettings())
    without = objective(views, labels, ObjectiveSettings(**{term: 0.0}))
    weight = getattr(ObjectiveSettings(), term)
    assert whole.terms[term] > 0
    assert torch.isclose(whole.total - without.total, weight * whole.terms[term], atol=1e-6)
    # The full view's own figure is kept for the record; a term that is off is not worked out.
    assert (term in without.terms) is (term == "hard_full")


def test_the_total_is_the_weighted_sum_of_the_terms() -> None:
    views, labels = draw()
    settings = ObjectiveSettings()
    loss = objective(views, labels, settings)
    assert set(loss.terms) == set(TERMS) <= {field.name for field in fields(settings)}
    by_hand = sum(getattr(settings, name) * value for name, value in loss.terms.items())
    assert torch.isclose(loss.total, torch.as_tensor(by_hand))
    assert all(not value.requires_grad for value in loss.terms.values())


@pytest.mark.parametrize("term", TERMS)
def test_unlabelled_turns_are_distilled_but_not_judged(term: str) -> None:
    views, labels = draw(missing=0.0)
    loss_of(views, labels, **{term: 1.0}).total.backward()
    learner = views.features if term in ("consistency", "redundancy") else views.logits
    assert learner.grad is not None
    unlabelled = labels == UNLABELLED
    assert unlabelled.any()
    assert bool(learner.grad[:, unlabelled].any()) is not term.startswith("hard")
    assert learner.grad[:, ~unlabelled].any()


@pytest.mark.parametrize("term", TERMS)
def test_a_view_without_its_modalities_takes_no_part(term: str) -> None:
    views, labels = draw(missing=0.5)
    assert not views.valid[-1].all()
    loss_of(views, labels, **{term: 1.0}).total.backward()
    learner = views.features if term in ("consistency", "redundancy") else views.logits
    assert learner.grad is not None
    assert not learner.grad[~views.valid].any()
    with torch.no_grad():
        changed = Views(
            views.names,
            torch.where(views.valid[..., None], views.logits, 7 * torch.randn_like(views.logits)),
            torch.where(views.valid[..., None], views.features, 7 * torch.randn_like(views.features)),
            views.valid,
            views.shares,
        )
        again, before = (loss_of(v, labels, **{term: 1.0}).total for v in (changed, views))
    assert torch.allclose(again, before, atol=1e-6)


@pytest.mark.parametrize("term", TERMS)
def test_padding_does_not_matter(term: str) -> None:
    views, labels = draw()
    extra, _ = draw(turns=4, seed=1)
    padded = Views(
        views.names,
        torch.cat((views.logits, extra.logits), dim=2),
        torch.cat((views.features, extra.features), dim=2),
        torch.cat((views.valid, torch.zeros_like(extra.valid)), dim=2),
        torch.cat((views.shares, extra.shares), dim=1),
    )
    more = torch.cat((labels, torch.full((3, 4), UNLABELLED)), dim=1)
    assert torch.allclose(
        loss_of(padded, more, **{term: 1.0}).total, loss_of(views, labels, **{term: 1.0}).total, atol=1e-6
    )


@pytest.mark.parametrize("missing", [0.0, 1.0])
def test_a_batch_without_labels_is_finite(missing: float) -> None:
    views, labels = draw(unlabelled=1.0, missing=missing)
    assert (labels == UNLABELLED).all()
    loss = objective(views, labels, ObjectiveSettings(), torch.ones(EMOTIONS))
    loss.total.backward()
    assert loss.total.isfinite()
    assert loss.terms["hard_full"] == 0
    for learner in (views.logits, views.features):
        assert learner.grad is not None
        assert learner.grad.isfinite().all()
    assert bool(loss.total > 0) is (missing == 0)


@pytest.mark.parametrize("names", [("t",), ("t", "a", "ta")])
def test_fewer_modalities_have_fewer_terms(names: tuple[str, ...]) -> None:
    views, labels = draw(names=names)
    loss = objective(views, labels, ObjectiveSettings())
    assert loss.total.isfinite()
    expected = (
        {"hard_full"}
        if len(names) == 1
        else {"hard_full", "hard_singles", "soft_singles", "consistency", "redundancy"}
    )
    assert set(loss.terms) == expected


@pytest.mark.parametrize("term", [term for term in TERMS if term != "redundancy"])
@pytest.mark.parametrize("case", ["even", "uneven", "one utterance", "weighted"])
def test_the_mean_of_two_processes_is_that_of_the_whole_batch(term: str, case: str) -> None:
    """Each process holds some conversations and divides by what `total` makes of all counts."""
    views, labels = draw(batch=5, missing=0.3)
    if case == "one utterance":  # the other process has nothing to add
        labels = torch.full_like(labels, UNLABELLED)
        labels[0, 0] = 1
        valid = torch.zeros_like(views.valid)
        valid[[0, 1, 3, 6], 0, 0] = True  # t, a, ta and the full view
        views = Views(views.names, views.logits, views.features, valid, views.shares)
    cut = 4 if case == "uneven" else 2
    shares = [part(views, labels, slice(0, cut)), part(views, labels, slice(cut, 5))]
    weights = torch.tensor([0.2, 1.0, 3.0, 0.5, 1.0]) if case == "weighted" else None
    settings = only(**{term: 1.0})

    counted: list[list[Tensor]] = [[], []]
    for index, share in enumerate(shares):
        objective(*share, settings, weights, lambda x, index=index: counted[index].append(x) or x)
    assert len(counted[0]) == len(counted[1])  # else the processes would wait for each other forever
    together = [sum(counts) / 2 for counts in zip(*counted, strict=True)]
    halves = []
    for share in shares:
        answers = iter(together)
        halves.append(objective(*share, settings, weights, lambda _, answers=answers: next(answers)).total)
    average = torch.stack(halves).mean()
    whole = objective(views, labels, settings, weights).total
    assert whole > 0
    assert torch.isclose(average, whole, atol=1e-6)
    (from_whole,) = torch.autograd.grad(whole, views.logits, retain_graph=True, allow_unused=True)
    (from_halves,) = torch.autograd.grad(average, views.logits, allow_unused=True)
    if from_whole is not None:
        assert torch.allclose(from_halves, from_whole, atol=1e-6)


def test_distillation_softens_with_the_temperature() -> None:
    """Hinton's factor keeps the gradient's size: without it, it would fall with the square."""
    sizes = []
    for temperature in (4.0, 8.0, 16.0):
        views, labels = draw()
        loss_of(views, labels, soft_pairs=1.0, temperature=temperature).total.backward()
        assert views.logits.grad is not None
        sizes.append(float(views.logits.grad.norm()))
    assert all(0.8 < after / before < 1.25 for before, after in pairwise(sizes))


@pytest.mark.parametrize(
    "wrong",
    [
        {"hard_full": -1.0},
        {"redundancy": -0.1},
        {"soft_pairs": float("nan")},
        {"consistency": float("inf")},
        {"temperature": 0.0},
        {"label_smoothing": 1.0},
    ],
    ids=str,
)
def test_weights_that_cannot_be_are_refused_by_name(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=f"objective.{next(iter(wrong))}"):
        ObjectiveSettings(**wrong)
