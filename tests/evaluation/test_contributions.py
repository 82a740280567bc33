from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_networks import LABELS, Reader, talks

from crossgate.conversation import MODALITIES
from crossgate.emotions import UNLABELLED
from crossgate.evaluation.contributions import (
    NOTHING,
    Contributions,
    agreement_of,
    contributions_of,
    prior_of,
    shapley,
    with_prior,
)
from crossgate.evaluation.subsets import predict_subsets
from crossgate.models.views import view_names

SUBSETS = (NOTHING, *view_names(MODALITIES))
numbers = st.floats(-5, 5, allow_nan=False)
games = st.fixed_dictionaries(dict.fromkeys(SUBSETS, numbers))


def together(first: str, second: str) -> str:
    return "".join(letter for letter in "tav" if letter in first + second)


@given(game=games)
@settings(deadline=None)
def test_shares_add_up_to_what_all_are_worth(game: dict[str, float]) -> None:
    assert sum(shapley(game, "tav")) == pytest.approx(game["tav"] - game[NOTHING], abs=1e-9)


@given(game=games)
@settings(deadline=None)
def test_who_can_be_exchanged_gets_the_same(game: dict[str, float]) -> None:
    for rest in ("", "v"):
        game[together(rest, "a")] = game[together(rest, "t")]
    text, audio, _ = shapley(game, "tav")
    assert text == pytest.approx(audio, abs=1e-9)


@given(game=games)
@settings(deadline=None)
def test_it_is_the_mean_over_all_orders_of_coming_in(game: dict[str, float]) -> None:
    gains: dict[str, list[float]] = {player: [] for player in "tav"}
    for order in permutations("tav"):
        there = ""
        for player in order:
            gains[player].append(game[together(there, player)] - game[there])
            there = together(there, player)
    for player, value in zip("tav", shapley(game, "tav"), strict=True):
        assert value == pytest.approx(np.mean(gains[player]), abs=1e-9)


def examined(reads: str, missing: float = 0.0) -> tuple[Contributions, np.ndarray, np.ndarray, np.ndarray]:
    """Contributions, shares, presence (utterance, modality), labels."""
    examples = talks(missing=missing)
    network = Reader(reads)  # type: ignore[arg-type]
    found = predict_subsets(network, examples, view_names(MODALITIES))
    whole = found["tav"]
    prior = prior_of(whole.labels, len(LABELS))
    answers = {NOTHING: np.tile(prior, (len(whole.labels), 1))}
    answers |= {name: with_prior(one.probabilities, one.valid[-1], prior) for name, one in found.items()}
    present = np.concatenate([example.present.numpy().T for example in examples])
    return (
        contributions_of(whole.labels, answers, MODALITIES, LABELS),
        whole.shares,
        present,
        whole.labels,
    )


def test_a_network_that_reads_text_alone_owes_all_to_text() -> None:
    # Given anything but text it says even odds, not the prior, so the others are worth almost nothing.
    found, *_ = examined("text")
    assert found.overall["text"] > 0.5
    assert abs(found.overall["audio"]) < 0.05
    assert found.overall["audio"] == pytest.approx(found.overall["visual"])
    assert found.f1["text"] > 0.5
    assert found.worth["t"] == pytest.approx(found.worth["tav"])
    for emotion in LABELS.labels:
        assert (found.by_emotion[emotion]["text"] or 0) > 0.3
    total = sum(found.overall.values())
    assert total == pytest.approx(found.worth["tav"] - found.worth[NOTHING])
    assert sum(found.f1.values()) == pytest.approx(found.worth_f1["tav"] - found.worth_f1[NOTHING])


def test_noise_is_worth_less_than_nothing() -> None:
    found, *_ = examined("visual")
    assert found.overall["visual"] < 0
    assert abs(found.overall["text"]) < 0.05


def test_what_is_absent_contributes_nothing_to_its_utterance() -> None:
    found, _, present, _ = examined("text", missing=0.4)
    assert np.allclose(found.values[~present], 0)


def test_unlabelled_utterances_are_left_out() -> None:
    labels = np.array([0, UNLABELLED, 1])
    answers = {subset: np.full((3, len(LABELS)), 1 / len(LABELS)) for subset in SUBSETS}
    found = contributions_of(labels, answers, MODALITIES, LABELS)
    assert np.isnan(found.values[1]).all()
    assert np.isfinite(found.values[[0, 2]]).all()
    assert found.by_emotion["sad"] == {"text": None, "audio": None, "visual": None}


def test_gates_that_follow_the_contributions_agree_with_them() -> None:
    found, _, present, labels = examined("text")
    follows = agreement_of(found, found.values + 3, present, labels, LABELS)
    opposes = agreement_of(found, 3 - found.values, present, labels, LABELS)
    assert follows.within == pytest.approx(1)
    assert follows.across["text"] == pytest.approx(1)
    assert opposes.within == pytest.approx(-1)
    assert opposes.across["text"] == pytest.approx(-1)


def test_gates_that_never_change_have_no_rank_over_utterances() -> None:
    found, shares, present, labels = examined("text", missing=0.2)
    gates = agreement_of(found, shares, present, labels, LABELS)
    assert gates.shares == {"text": 1.0, "audio": 0.0, "visual": 0.0}
    assert gates.across == {"text": None, "audio": None, "visual": None}
    assert gates.utterances == present.all(axis=1).sum()
    assert gates.within is not None
    assert gates.within > 0.5


def test_the_prior_counts_every_emotion_once_more() -> None:
    prior = prior_of(np.array([0, 0, 1, UNLABELLED]), 4)
    assert prior == pytest.approx(np.array([3, 2, 1, 1]) / 7)
