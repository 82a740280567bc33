"""The same network with fewer modalities: what each subset of them is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from crossgate.conversation import INITIALS
from crossgate.errors import InputError
from crossgate.evaluation.predictor import UNDIVIDED, Predictions, predict
from crossgate.features.dataset import Example
from crossgate.models.network import Network
from crossgate.models.temperature import Temperature


def subset_of(letters: str, network: Network) -> str:
    """A subset of the network's modalities as its views spell it: `at` is `ta`.

    Raises InputError where a letter stands for no modality of the network, or there is none.
    """
    subset = "".join(i for i in (INITIALS[m] for m in network.modalities) if i in letters)
    if not letters or len(subset) != len(letters):
        known = ", ".join(f"{INITIALS[m]} ({m})" for m in network.modalities)
        raise InputError(
            f"modalities is {letters!r}, expected letters out of {known}", fix="for example  --modalities t"
        )
    return subset


def keep_only(examples: Sequence[Example], network: Network, subset: str) -> list[Example]:
    """The examples with every modality hidden that `subset` (such as `ta`) does not name."""
    kept = torch.tensor([INITIALS[modality] in subset for modality in network.modalities])
    return [replace(example, present=example.present & kept[:, None]) for example in examples]


def predict_subsets(
    network: Network,
    examples: Sequence[Example],
    subsets: Sequence[str] | None = None,
    *,
    temperature: Temperature = UNDIVIDED,
    device: torch.device | None = None,
) -> dict[str, Predictions]:
    """The full view's predictions, subsets of modalities its whole input; by default all, singles first.

    Not the same as the views of one pass: there, a single modality has been strengthened by the others.
    """
    return {
        subset: predict(network, keep_only(examples, network, subset), temperature=temperature, device=device)
        for subset in (network.views if subsets is None else subsets)
    }
