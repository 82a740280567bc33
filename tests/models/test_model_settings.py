from __future__ import annotations

from typing import Any

import pytest

from crossgate.errors import InputError
from crossgate.models.settings import ModelSettings


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden": 0},
        {"hidden": -16},
        {"hidden": 1, "heads": 1},
        {"heads": 0},
        {"heads": -8},
        {"heads": 3},
        {"layers": 0},
        {"gate_rank": 0},
        {"speakers": 0},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"dropout": float("nan")},
        {"input_dropout": 1.0},
        {"normalize_inputs": ("speech",)},
        {"feedforward": 0.0},
        {"feedforward": float("nan")},
    ],
    ids=str,
)
def test_what_cannot_be_built_is_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"model.{next(iter(wrong))}"):
        ModelSettings(**wrong)


def test_the_defaults_and_the_edges_are_allowed() -> None:
    ModelSettings()
    ModelSettings(hidden=2, heads=1, layers=1, gate_rank=1, speakers=1, dropout=0.0, feedforward=0.1)
