"""The same network with fewer modalities: what each subset of them is worth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from crossgate.conversation import INITIALS
from crossgate.evaluation.predictor import Predictions, predict
from crossgate.features.dataset import Example
from crossgate.models.crossgate import CrossGate


def keep_only(examples: Sequence[Example], network: CrossGate, subset: str) -> list[Example]:
    """The examples with every modality hidden that `subset` (such as `ta`) does not name."""
    kept = torch.tensor([INITIALS[modality] in subset for modality in network.modalities])
    return [replace(example, present=example.present & kept[:, None]) for example in examples]


def predict_subsets(network: CrossGate, examples: Sequence[Example]) -> dict[str, Predictions]:
    """The full view's predictions for every subset of modalities as its whole input, singles first.

    Not the same as the views of one pass: there, a single modality has been strengthened by the others.
    """
    return {subset: predict(network, keep_only(examples, network, subset)) for subset in network.views}
