"""The settings of training the face network; no torch here. Their docstrings are the help."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Literal

from crossgate.errors import InputError
from crossgate.features.visual.face_settings import FaceSettings
from crossgate.training.ranges import refuse_out_of_range


@dataclass(frozen=True)
class Augmentation:
    """How training faces are changed; shares of faces are probabilities, sizes are shares of the side."""

    flip: float = 0.5
    """Share of faces seen in a mirror."""
    turn: float = 15.0
    """Largest rotation in the image plane, degrees either way."""
    zoom: float = 0.15
    """Largest change of size, as a logarithm: 0.15 is from 0.86 to 1.16 times."""
    stretch: float = 0.06
    """Largest change of the ratio of width to height, as a logarithm for each of the two."""
    shift: float = 0.08
    """Largest shift, as a share of the side, in both directions."""
    coarse: float = 0.15
    """Share of faces taken from fewer pixels."""
    smallest: float = 0.35
    """Fewest pixels of those, as a share of the side."""
    blurred: float = 0.1
    """Share of faces out of focus."""
    blur: float = 1.3
    """Largest standard deviation of the blur, in pixels."""
    gamma: float = 0.4
    """Largest gamma, as a logarithm."""
    sidelit: float = 0.3
    """Share of faces lit from one side."""
    sidelight: float = 0.5
    """Largest change of brightness from the middle to the border of those."""
    contrast: float = 0.3
    """Largest gain, as a logarithm; the network takes gain and offset out, so what remains is saturation."""
    brightness: float = 0.15
    """Largest offset of pixels in [0, 1]."""
    noisy: float = 0.3
    """Share of faces with noise."""
    noise: float = 0.06
    """Largest standard deviation of the noise."""
    covered: float = 0.25
    """Share of faces with a part covered."""
    largest_cover: float = 0.2
    """Largest part covered, as a share of the image."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not value >= 0:
                raise InputError(f"augmentation.{one.name} is {value}, expected 0 or more")
        for name in ("flip", "coarse", "blurred", "sidelit", "noisy", "covered", "smallest", "largest_cover"):
            if getattr(self, name) > 1:
                raise InputError(f"augmentation.{name} is {getattr(self, name)}, expected 1 at most")
        if not self.smallest > 0:
            raise InputError(f"augmentation.smallest is {self.smallest}, expected more than 0")


@dataclass(frozen=True)
class FaceTraining:
    """How the face network is trained."""

    epochs: int = 32
    """Passes over as many faces as the train part has."""
    batch_size: int = 128
    """Faces a step."""
    learning_rate: float = 0.1
    """Peak learning rate of stochastic gradient descent."""
    momentum: float = 0.9
    """Nesterov momentum."""
    weight_decay: float = 5e-4
    """Weight decay of kernels and matrices; biases and what normalises go without."""
    warmup: float = 0.1
    """Share of all steps in which the learning rate rises linearly; a cosine to 0 follows."""
    clip: float = 5.0
    """Largest norm of the gradient."""
    average: float = 0.998
    """Decay of the exponential moving average of the weights that is evaluated and kept; 0 keeps the last."""
    smoothing: float = 0.0
    """Share of every target spread evenly over the expressions."""
    mixup: float = 0.0
    """Parameter of mixup's Beta distribution; 0 is none."""
    balance: float = 0.3
    """Draw a face the more often the rarer its expressions, by (1 / frequency) to this power; 0 is none."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the convolutions in training; `auto` is bfloat16 where the processor has instructions for it."""
    threads: int = 1
    """CPU threads. Sums are rounded in another order with another number, so it is part of the recipe."""
    network: FaceSettings = field(default_factory=FaceSettings)
    """The network."""
    augmentation: Augmentation = field(default_factory=Augmentation)
    """How faces are changed."""

    def __post_init__(self) -> None:
        if self.batch_size < 2:
            raise InputError(
                f"batch_size is {self.batch_size}, expected 2 or more: it normalises over the batch"
            )
        refuse_out_of_range(
            vars(self),
            counts=("epochs", "threads"),
            positive=("learning_rate", "clip"),
            shares=("momentum", "warmup", "average", "smoothing"),
            not_negative=("weight_decay", "mixup", "balance"),
        )
