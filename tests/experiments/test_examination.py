"""What is made of the measures of several seeds and of two runs, on measures that were planted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossgate.conversation import Conversation, Utterance
from crossgate.corpora.surrogate import SurrogateSettings, generate_surrogate, is_generated
from crossgate.corpora.table import Split
from crossgate.emotions import MELD
from crossgate.evaluation.metrics import measure
from crossgate.evaluation.redundancy import PairRedundancy
from crossgate.evaluation.shifts import kinds_of_turns
from crossgate.experiments.examination.compare import compare
from crossgate.experiments.examination.figures import OF_MODALITY, OF_RUN
from crossgate.experiments.examination.headlines import headlines, in_words
from crossgate.experiments.examination.measure import Measures, Truth, measure_folds
from crossgate.experiments.examination.summary import over_seeds
from crossgate.models.views import view_names

MODALITIES = ("text", "audio", "visual")


def drawn_truth(conversations: int = 40, turns: int = 6) -> Truth:
    random = np.random.default_rng(0)
    labels = random.integers(0, len(MELD), conversations * turns)
    talks = tuple(
        Conversation(
            str(c),
            tuple(
                Utterance(f"{c}_{t}", "AB"[t % 2], emotion=MELD.labels[labels[c * turns + t]])
                for t in range(turns)
            ),
        )
        for c in range(conversations)
    )
    split = Split("validation", talks, {}, "")
    prior = np.full(len(MELD), 1 / len(MELD))
    return Truth(split, MELD, labels, kinds_of_turns(talks), prior, "even odds")


def drawn_measures(truth: Truth, seed: int, skill: float, cka: float | None = None) -> Measures:
    """Answers right more often with more `skill`; with `cka` a planted redundancy."""
    random = np.random.default_rng(seed)
    answers = {}
    for subset in view_names(MODALITIES):  # type: ignore[arg-type]
        logits = random.normal(size=(len(truth.labels), len(MELD)))
        logits[np.arange(len(truth.labels)), truth.labels] += skill
        answers[subset] = (np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)).astype(np.float32)
    found = measure_folds(answers, seed, MODALITIES, truth)  # type: ignore[arg-type]
    planted = {"ta": PairRedundancy(cka, 0.01 * seed, None, 9)} if cka is not None else {}
    return Measures(**{**vars(found), "redundancy": planted})


def by_measure(found: dict[str, Any]) -> dict[str, Any]:
    return {test["measure"]: test for test in found["tests"]}


def test_numbers_are_summarised_in_their_places() -> None:
    found = over_seeds(
        [{"a": [1.0, 2.0], "b": {"c": None}, "d": 1.0}, {"a": [3.0, 2.0], "b": {"c": None}, "d": None}]
    )
    assert found["a"][0] == {
        "n": 2,
        "mean": 2.0,
        "standard_deviation": pytest.approx(2**0.5),
        "min": 1,
        "max": 3,
    }
    assert found["a"][1]["standard_deviation"] == 0
    assert found["b"] == {"c": None}
    assert found["d"]["n"] == 1
    assert over_seeds([None, None]) is None


def test_a_planted_difference_is_found_and_none_is_not() -> None:
    truth = drawn_truth()
    noise = np.random.default_rng(1).normal(size=5) * 0.01
    good = [drawn_measures(truth, seed, 2.5, cka=0.3 + noise[seed]) for seed in range(5)]
    poor = [drawn_measures(truth, seed + 0, 0.5, cka=0.6) for seed in range(5)]
    tests = by_measure(compare(good, poor, truth))
    for name in ("weighted_f1", "turns.shift", "alone.t", "alone.v"):
        assert tests[name]["difference"]["mean"] > 0.1
        assert tests[name]["t_test"]["p_holm"] < 0.05
        assert tests[name]["randomisation"]["p_holm"] < 0.05
    assert tests["cka.ta"]["difference"]["mean"] == pytest.approx(-0.3, abs=0.02)
    assert tests["cka.ta"]["t_test"]["p_holm"] < 0.001
    alike = [drawn_measures(truth, seed + 50, 2.5, cka=0.3) for seed in range(5)]
    alike = [Measures(**{**vars(one), "seed": seed}) for seed, one in enumerate(alike)]
    tests = by_measure(compare(good, alike, truth))
    assert tests["weighted_f1"]["t_test"]["p_holm"] > 0.05
    assert tests["weighted_f1"]["randomisation"]["p_holm"] > 0.05


def test_seeds_are_paired_by_their_number() -> None:
    truth = drawn_truth()
    first = [drawn_measures(truth, seed, 1.0, cka=0.1 * seed) for seed in (3, 1, 2)]
    second = [drawn_measures(truth, seed, 1.0, cka=0.1 * seed) for seed in (2, 3, 4)]
    found = compare(first, second, truth)
    assert found["seeds"] == [2, 3]
    for test in found["tests"]:  # the same draws under the same seed
        assert test["difference"]["mean"] == 0
        assert test["t_test"]["p_value"] == 1


def test_what_one_run_lacks_is_not_compared() -> None:
    truth = drawn_truth()
    with_it = [drawn_measures(truth, seed, 1.0, cka=0.5) for seed in range(2)]
    without = [drawn_measures(truth, seed, 1.0) for seed in range(2)]
    assert "cka.ta" not in by_measure(compare(with_it, without, truth))
    assert compare(with_it, [drawn_measures(truth, 7, 1.0)], truth) == {"seeds": [], "tests": []}


def test_a_constant_difference_has_no_yardstick() -> None:
    truth = drawn_truth()
    first = [drawn_measures(truth, seed, 1.0, cka=0.5) for seed in range(2)]
    second = [drawn_measures(truth, seed, 1.0, cka=0.4) for seed in range(2)]
    test = by_measure(compare(first, second, truth))["cka.ta"]
    assert test["t_test"]["p_value"] is None
    assert "no spread" in test["t_test"]["note"]


def test_every_headline_has_words_of_its_own() -> None:
    keys = list(headlines(drawn_measures(drawn_truth(), 1, 1.0, cka=0.5)))
    keys += [f"loss.{failure}.{m}" for failure in ("missing", "shuffled", "noise") for m in MODALITIES]
    words = [in_words(key)[0] for key in keys]
    assert len(set(words)) == len(words)
    assert all("." not in one for one in words)


def test_looks_differ_in_grey() -> None:
    """By hatching and marker, or by lightness (ITU-R BT.601)."""

    def lightness(colour: str) -> float:
        red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
        return (0.299 * red + 0.587 * green + 0.114 * blue) / 255

    assert len({look[1:] for look in OF_MODALITY.values()}) == 3
    assert len({hatch for _, hatch, _ in OF_RUN}) == len({line for _, _, line in OF_RUN}) == 2
    assert abs(lightness(OF_RUN[0][0]) - lightness(OF_RUN[1][0])) > 0.2


def test_only_a_generated_corpus_counts_as_one(tmp_path: Path, make_table: Any) -> None:
    few = SurrogateSettings(train=2, validation=1, test=1, shortest=3, longest=4, ceiling_conversations=1)
    drawn = generate_surrogate(few, tmp_path / "drawn")
    assert is_generated(drawn)
    real = make_table(tmp_path)
    assert not is_generated(real)
    (real.folder / "ceilings.json").write_text("{}", encoding="utf-8")
    assert not is_generated(real)


def test_one_modality_alone_is_compared_by_its_own_answers() -> None:
    """All modalities together answer alike in both runs; only what is said from text alone was made worse."""
    truth = drawn_truth()
    first = [drawn_measures(truth, seed, 2.5) for seed in range(5)]
    second = []
    for one in first:
        assert one.contributions is not None
        wrong = np.roll(one.alone["t"], 1, axis=0)
        score = measure(truth.labels, wrong, MELD).weighted_f1
        worth = one.contributions.worth_f1 | {"t": score}
        second.append(
            replace(
                one, alone=one.alone | {"t": wrong}, contributions=replace(one.contributions, worth_f1=worth)
            )
        )
    tests = by_measure(compare(first, second, truth))
    assert tests["alone.t"]["difference"]["mean"] > 0.1
    assert tests["alone.t"]["randomisation"]["p_holm"] < 0.05
    for name in ("weighted_f1", "alone.a", "alone.v"):
        assert tests[name]["difference"]["mean"] == 0
        assert tests[name]["randomisation"]["p_value"] == 1
