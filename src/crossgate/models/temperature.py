"""The calibration of a network's answers: what its logits are divided by, given this or that of a turn.

A network is not as sure as it is right, and by how much depends on what it is given: with one temperature for
every input it is too sure of what it reads from text alone (docs/findings.md has by how much).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from crossgate.errors import InputError

EXTREMES = (1e-6, 1e6)
"""Beyond them distributions are one-hot or uniform, and single precision near its end."""


@dataclass(frozen=True)
class Temperature:
    """Divides the logits before the softmax (Guo et al., ICML 2017).

    Attributes:
        usual: of every turn whose modalities are none of `given`.
        given: of the turns that have these modalities and no other, by their letters as views spell them:
            `t` is of text alone.

    Raises InputError where one of them is nothing to divide single precision by.
    """

    usual: float = 1.0
    given: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.given.items():
            _refuse_extreme(f"calibration.temperatures: {name!r:.80}", value)
        _refuse_extreme("calibration.temperature", self.usual)

    def to_json(self) -> dict[str, Any]:
        """As entries of a calibration in JSON."""
        return {"temperature": self.usual, "temperatures": dict(self.given)}

    def of(self, subset: str) -> float:
        """That of turns with the modalities of `subset`, `ta` for example."""
        return self.given.get(subset, self.usual)

    def divide(self, names: Sequence[str], logits: Tensor, valid: Tensor) -> Tensor:
        """Logits (view, ..., emotion) of all views, divided by the temperature of what each turn has.

        Args:
            names: the views. What a turn has is read off those of single modalities; a network without
                them, such as a rival, is divided by the usual one.
            logits: (view, ..., emotion).
            valid: (view, ...) bool, as `Views.valid`.
        """
        singles = [index for index, name in enumerate(names) if len(name) == 1]
        if not self.given or not singles:
            return logits / self.usual
        # A turn's subset as a binary number, its first modality the lowest digit.
        letters = [names[index] for index in singles]
        table = logits.new_tensor(
            [
                self.of("".join(letter for place, letter in enumerate(letters) if number >> place & 1))
                for number in range(2 ** len(singles))
            ]
        )
        digits = torch.tensor([2**place for place in range(len(singles))], device=valid.device)
        number = (valid[singles].movedim(0, -1) * digits).sum(dim=-1)
        return logits / table[number][..., None]


def _refuse_extreme(what: str, value: float) -> None:
    low, high = EXTREMES
    if not low <= value <= high:
        raise InputError(f"{what} is {value}, expected {low:g} to {high:g}")
