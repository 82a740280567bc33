from __future__ import annotations

import json

import pytest

from crossgate.errors import InputError
from crossgate.evaluation.summary import honest_title, summarise


def test_mean_and_spread_by_hand() -> None:
    got = summarise([0.60, 0.62, 0.64])
    assert (got.n, got.mean, got.min, got.max) == (3, pytest.approx(0.62), 0.60, 0.64)
    assert got.standard_deviation == pytest.approx(0.02)
    assert str(got) == "62.00 ± 2.00 (n = 3)"
    json.dumps(got.to_json())


def test_one_seed_has_no_spread() -> None:
    got = summarise([0.6])
    assert got.standard_deviation is None
    assert str(got) == "60.00 (one seed)"


@pytest.mark.parametrize("scores", [[], [0.6, float("nan")], [float("inf")]])
def test_scores_that_are_none_are_refused(scores: list[float]) -> None:
    with pytest.raises(InputError):
        summarise(scores)


def test_a_title_admits_too_few_seeds() -> None:
    assert honest_title("MELD", 5) == "MELD"
    assert honest_title("MELD", 4).startswith("MELD (4 seeds: fewer than five")
    assert honest_title("MELD", 1).startswith("MELD (one seed: fewer than five")
    with pytest.raises(InputError):
        honest_title("MELD", 0)
