"""Faces as cameras and detectors give them: shifted, turned, dim, blurred, covered; a batch at a time."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor
from torch.nn import functional

from crossgate.training.faces.settings import Augmentation


def augment(faces: Tensor, settings: Augmentation, generator: Generator | None = None) -> Tensor:
    """Change every face in its own way.

    Args:
        faces: (face, 1, height, width) float32, grey in [0, 1].
        settings: how much.
        generator: of the random numbers; torch's global one where there is none.

    Returns new faces of the same shape, in [0, 1].
    """
    draw = _Draw(len(faces), generator)
    faces = _move(faces, settings, draw)
    faces = _coarsen(faces, settings, draw)
    faces = _relight(faces, settings, draw)
    deviation = draw.where(settings.noisy) * draw.between(0, settings.noise)
    faces = faces + deviation * torch.randn(faces.shape, generator=generator)
    faces = _cover(faces, settings, draw)
    return faces.clamp(0, 1)


def mix(
    faces: Tensor, targets: Tensor, alpha: float, generator: Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., ICLR 2018): faces and targets averaged with another's, one share for the batch.

    Args:
        faces: (face, 1, height, width).
        targets: (face, expression), rows sum to 1.
        alpha: of the Beta distribution the share is drawn from; 0 changes nothing.
        generator: of the random numbers.
    """
    if not alpha:
        return faces, targets
    # torch draws from a Beta distribution by its global generator only; a seed from ours keeps it a function.
    seed = int(torch.randint(2**62, (1,), generator=generator))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        share = float(torch.distributions.Beta(alpha, alpha).sample())
    order = torch.randperm(len(faces), generator=generator)
    return faces.lerp(faces[order], 1 - share), targets.lerp(targets[order], 1 - share)


class _Draw:
    """Random numbers, one a face, shaped (face, 1, 1, 1)."""

    def __init__(self, faces: int, generator: Generator | None) -> None:
        self.faces, self.generator = faces, generator

    def between(self, low: float, high: float) -> Tensor:
        return low + (high - low) * torch.rand(self.faces, 1, 1, 1, generator=self.generator)

    def where(self, probability: float) -> Tensor:
        return (torch.rand(self.faces, 1, 1, 1, generator=self.generator) < probability).float()

    def one(self, low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (1,), generator=self.generator))


def _move(faces: Tensor, settings: Augmentation, draw: _Draw) -> Tensor:
    """Flip, turn, zoom, stretch and shift, in one interpolation."""
    angle = draw.between(-settings.turn, settings.turn).flatten() * math.pi / 180
    zoom = draw.between(-settings.zoom, settings.zoom).flatten().exp()
    stretch = draw.between(-settings.stretch, settings.stretch).flatten().exp()
    mirror = 1 - 2 * draw.where(settings.flip).flatten()
    # The grid says where each pixel of the result comes from, and the side is 2 there: from -1 to 1.
    across = 2 * draw.between(-settings.shift, settings.shift).flatten()
    down = 2 * draw.between(-settings.shift, settings.shift).flatten()
    cosine, sine = angle.cos() / zoom, angle.sin() / zoom
    rows = torch.stack(
        [
            torch.stack([mirror * cosine * stretch, -sine * stretch, across], dim=1),
            torch.stack([mirror * sine / stretch, cosine / stretch, down], dim=1),
        ],
        dim=1,
    )
    grid = functional.affine_grid(rows, list(faces.shape), align_corners=False)
    # Reflected, not black: a black border would tell the network by how much it was moved.
    return functional.grid_sample(
        faces, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )


def _coarsen(faces: Tensor, settings: Augmentation, draw: _Draw) -> Tensor:
    """Some faces from fewer pixels (one size a batch), some out of focus."""
    side = faces.shape[-1]
    smaller = draw.one(round(settings.smallest * side), side)
    few = functional.interpolate(faces, size=smaller, mode="bilinear", antialias=True, align_corners=False)
    few = functional.interpolate(few, size=side, mode="bilinear", align_corners=False)
    faces = torch.where(draw.where(settings.coarse) > 0, few, faces)
    deviation = draw.between(0.3, settings.blur)
    taps = torch.arange(-3.0, 4.0).view(1, 1, 1, 7)
    kernel = torch.exp(-0.5 * (taps / deviation).square())
    kernel = kernel / kernel.sum(dim=-1, keepdim=True)
    # One kernel a face: the faces become channels of one image.
    each = faces.view(1, len(faces), side, side)
    padded = functional.pad(each, (3, 3, 3, 3), mode="replicate")
    soft = functional.conv2d(padded, kernel, groups=len(faces))
    soft = functional.conv2d(soft, kernel.transpose(-1, -2), groups=len(faces)).view_as(faces)
    return torch.where(draw.where(settings.blurred) > 0, soft, faces)


def _relight(faces: Tensor, settings: Augmentation, draw: _Draw) -> Tensor:
    """Gamma, light from one side, then gain and offset that may saturate."""
    faces = faces.clamp(0, 1) ** draw.between(-settings.gamma, settings.gamma).exp()
    along = torch.linspace(-1, 1, faces.shape[-1])
    angle = draw.between(0, 2 * math.pi)
    ramp = angle.cos() * along.view(1, 1, 1, -1) + angle.sin() * along.view(1, 1, -1, 1)
    faces = faces * (1 + draw.where(settings.sidelit) * draw.between(0, settings.sidelight) * ramp)
    middle = faces.mean(dim=(-2, -1), keepdim=True)
    gain = draw.between(-settings.contrast, settings.contrast).exp()
    offset = draw.between(-settings.brightness, settings.brightness)
    return ((faces - middle) * gain + middle + offset).clamp(0, 1)


def _cover(faces: Tensor, settings: Augmentation, draw: _Draw) -> Tensor:
    """Random erasing (Zhong et al., AAAI 2020): a flat or noisy rectangle over some faces."""
    side = faces.shape[-1]
    area = draw.between(0.03, settings.largest_cover)
    tall = draw.between(-0.7, 0.7).exp()
    height, width = (area * tall).sqrt().clamp(max=0.9), (area / tall).sqrt().clamp(max=0.9)
    top, left = draw.between(0, 1) * (1 - height), draw.between(0, 1) * (1 - width)
    place = (torch.arange(side) + 0.5) / side
    down, across = place.view(1, 1, -1, 1), place.view(1, 1, 1, -1)
    inside = (down >= top) & (down < top + height) & (across >= left) & (across < left + width)
    inside = inside & (draw.where(settings.covered) > 0)
    filling = draw.between(0, 1) + draw.where(0.5) * 0.25 * torch.randn(faces.shape, generator=draw.generator)
    return torch.where(inside, filling, faces)
