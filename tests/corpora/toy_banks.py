"""Faces for the tests of pairing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from crossgate.conversation import FeatureSpec
from crossgate.corpora.pairing import FaceBank
from crossgate.features.visual.face_settings import EXPRESSIONS

SPEC = FeatureSpec("visual", "face3", "abc", 3, "invented")


def a_bank(split: str = "train", each: int = 5, expressions: Sequence[str] = EXPRESSIONS.labels) -> FaceBank:
    """Some faces an expression; a vector's first number is the place of its face in the bank."""
    names = tuple(name for name in expressions for _ in range(each))
    values = np.arange(3 * len(names), dtype=np.float32).reshape(-1, 3)
    values[:, 0] = np.arange(len(names))
    return FaceBank(split, SPEC, values, names, 10 * np.arange(len(names)), f"{split}.parquet", f"of {split}")
