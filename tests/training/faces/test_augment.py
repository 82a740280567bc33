"""Augmentation: what it may change, and that a seed fixes it."""

from __future__ import annotations

from dataclasses import fields

import pytest
import torch

from crossgate.errors import InputError
from crossgate.training.faces.augment import augment, mix
from crossgate.training.faces.settings import Augmentation

NOTHING = Augmentation(**{one.name: 0.0 for one in fields(Augmentation)} | {"smallest": 1.0})

FACES = torch.rand(12, 1, 48, 48, generator=torch.Generator().manual_seed(5))


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_faces_stay_faces() -> None:
    changed = augment(FACES, Augmentation(), seeded())
    assert changed.shape == FACES.shape
    assert changed.dtype == torch.float32
    assert float(changed.min()) >= 0
    assert float(changed.max()) <= 1
    assert not torch.equal(changed, FACES)


def test_the_seed_says_everything() -> None:
    before = FACES.clone()
    same = [augment(FACES, Augmentation(), seeded()) for _ in range(2)]
    assert torch.equal(*same)
    assert not torch.equal(same[0], augment(FACES, Augmentation(), seeded(2)))
    assert torch.equal(before, FACES)


def test_without_a_generator_torch_s_own_is_used() -> None:
    drawn = []
    for _ in range(2):
        torch.manual_seed(3)
        drawn.append(augment(FACES, Augmentation()))
    assert torch.equal(*drawn)


def test_settings_of_nothing_change_nothing() -> None:
    torch.testing.assert_close(augment(FACES, NOTHING, seeded()), FACES, atol=1e-5, rtol=0)


def alone(**settings: float) -> torch.Tensor:
    """One change and no other."""
    values = {one.name: getattr(NOTHING, one.name) for one in fields(Augmentation)} | settings
    return augment(FACES, Augmentation(**values), seeded())


def test_a_certain_flip_is_a_mirror() -> None:
    torch.testing.assert_close(alone(flip=1.0), FACES.flip(-1), atol=1e-5, rtol=0)


def test_a_covered_face_is_the_same_elsewhere() -> None:
    changed = alone(covered=1.0, largest_cover=0.2)
    touched = ((changed - FACES).abs() > 1e-4).float().mean(dim=(1, 2, 3))
    assert (touched > 0.005).all()
    assert (touched < 0.3).all()


def test_a_blurred_face_is_smoother() -> None:
    def roughness(faces: torch.Tensor) -> torch.Tensor:
        return faces.diff(dim=-1).abs().mean(dim=(1, 2, 3))

    assert (roughness(alone(blurred=1.0, blur=1.3)) < roughness(FACES)).all()
    assert (roughness(alone(coarse=1.0, smallest=0.3)) <= roughness(FACES) + 1e-6).all()


def test_mixing_keeps_distributions_and_0_does_nothing() -> None:
    targets = torch.softmax(torch.randn(12, 8, generator=seeded()), dim=-1)
    faces, mixed = mix(FACES, targets, 0.4, seeded(7))
    torch.testing.assert_close(mixed.sum(dim=-1), torch.ones(12))
    assert faces.shape == FACES.shape
    assert torch.equal(mix(FACES, targets, 0.4, seeded(7))[0], faces)
    assert mix(FACES, targets, 0.0) == (FACES, targets)


@pytest.mark.parametrize("wrong", [{"flip": 1.5}, {"turn": -1.0}, {"noise": float("nan")}, {"smallest": 0.0}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InputError, match=f"augmentation.{next(iter(wrong))}"):
        Augmentation(**wrong)
