from __future__ import annotations

import copy
import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from crossgate.emotions import IEMOCAP, UNLABELLED
from crossgate.errors import InputError
from crossgate.evaluation.metrics import measure
from crossgate.experiments.benchmark.measured import Measured, read_measured, write_measured
from crossgate.experiments.benchmark.report.figure import corpus_figure
from crossgate.experiments.benchmark.report.results import correct
from crossgate.experiments.benchmark.report.scores import (
    MEASURES,
    compare,
    habit,
    refuse_others,
    scores_of_seed,
    scores_over_seeds,
    together,
)
from crossgate.experiments.benchmark.report.tables import COLUMNS, comma_separated, latex, markdown
from crossgate.experiments.benchmark.report.writing import write_report

SIZE = len(IEMOCAP)


def measured(seed: int, skill: float, conversations: int = 12) -> Measured:
    """Ten utterances a conversation; the label's probability grows with `skill`. Some have no label."""
    truth = np.random.default_rng(0)
    labels = truth.integers(0, SIZE, size=10 * conversations)
    random = np.random.default_rng([1, seed])
    scores = random.normal(size=(len(labels), SIZE))
    scores[np.arange(len(labels)), labels] += skill
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    labels[truth.random(len(labels)) < 0.1] = UNLABELLED
    ids = tuple(f"c{k // 10}" for k in range(len(labels)))
    return Measured(tuple(f"u{k}" for k in range(len(labels))), ids, labels, probabilities)


def test_scores_are_those_of_the_evaluation() -> None:
    one = measured(0, 1.0)
    expected = measure(one.labels, one.probabilities, IEMOCAP)
    assert scores_of_seed(one) == pytest.approx({name: getattr(expected, name) for name in MEASURES})


def test_mean_and_spread_over_seeds_with_an_interval_around_the_mean() -> None:
    runs = {seed: measured(seed, 1.0) for seed in range(3)}
    single = [scores_of_seed(run)["weighted_f1"] for run in runs.values()]
    found = scores_over_seeds(runs)["weighted_f1"]
    assert found["mean"] == pytest.approx(np.mean(single))
    assert found["standard_deviation"] == pytest.approx(np.std(single, ddof=1))
    assert found["interval"]["low"] < found["mean"] < found["interval"]["high"]
    # Three times the same run: the interval is that of the one.
    same = scores_over_seeds(dict.fromkeys(range(3), runs[0]))["weighted_f1"]
    assert same["interval"] == pytest.approx(scores_over_seeds({0: runs[0]})["weighted_f1"]["interval"])
    assert together(runs).probabilities == pytest.approx(
        np.mean([r.probabilities for r in runs.values()], axis=0)
    )


def test_a_better_model_is_found_better_by_both_tests_and_an_equal_one_by_none() -> None:
    good, poor = ({seed: measured(seed, skill) for seed in range(5)} for skill in (2.5, 0.5))
    found = compare(good, poor)
    assert found["difference"] > 0.2
    assert max(found["t_test"]["p_value"], found["randomisation"]["p_value"]) < 0.01
    assert compare(poor, good)["difference"] == pytest.approx(-found["difference"])
    same = compare(good, good)
    assert (same["difference"], same["t_test"]["p_value"], same["randomisation"]["p_value"]) == (0, 1, 1)


def test_only_seeds_that_both_have_are_compared_and_one_seed_gives_no_t_test() -> None:
    good, poor = {s: measured(s, 2.0) for s in (0, 1, 2)}, {s: measured(s, 1.0) for s in (2, 7)}
    found = compare(good, poor)
    assert found["seeds"] == [2]
    assert found["t_test"]["p_value"] is None
    assert found["t_test"]["note"]
    assert found["randomisation"]["p_value"] > 0
    assert compare(good, {})["difference"] is None


def test_what_the_habit_adds_is_taken_seed_by_seed() -> None:
    honest, legacy = ({s: measured(s, skill) for s in (0, 1)} for skill in (1.0, 1.5))
    added = [scores_of_seed(legacy[s])["accuracy"] - scores_of_seed(honest[s])["accuracy"] for s in (0, 1)]
    assert habit(honest, legacy)["accuracy"]["mean"] == pytest.approx(np.mean(added))
    assert habit(honest, {}) == {}


def test_runs_on_other_utterances_are_refused() -> None:
    one, other = measured(0, 1.0), measured(0, 1.0, conversations=3)
    refuse_others([("a", one), ("b", one)])
    with pytest.raises(InputError, match="than a") as caught:
        refuse_others([("a", one), ("b", other)])
    assert caught.value.where == "b"


def test_predictions_are_read_as_they_were_written(tmp_path: Path) -> None:
    one = measured(0, 1.0)
    write_measured(tmp_path / "m.parquet", one, IEMOCAP)
    found = read_measured(tmp_path / "m.parquet", IEMOCAP)
    assert (found.utterances, found.conversations) == (one.utterances, one.conversations)
    assert np.array_equal(found.labels, one.labels)
    assert np.allclose(found.probabilities, one.probabilities, atol=1e-7)
    (tmp_path / "m.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="not the predictions"):
        read_measured(tmp_path / "m.parquet", IEMOCAP)


def test_p_values_are_corrected_by_holm_over_all_corpora_test_by_test() -> None:
    def one(t: float | None, r: float) -> dict[str, Any]:
        return {"t_test": {"p_value": t}, "randomisation": {"p_value": r}}

    comparisons = [one(0.01, 0.2), one(0.04, 0.2), one(None, 0.001), one(0.03, 0.5)]
    comparisons.append({"t_test": None, "randomisation": None})
    correct(comparisons)
    # Three t-tests: 3 x 0.01, 2 x 0.03, and 0.04, which may not fall below the one before it.
    assert [c["t_test"].get("p_holm") for c in comparisons[:4]] == pytest.approx([0.03, 0.06, None, 0.06])
    # Four randomisations: 4 x 0.001, 3 x 0.2, 2 x 0.2 raised to that, and 0.5 raised to that.
    assert [c["randomisation"]["p_holm"] for c in comparisons[:4]] == pytest.approx([0.6, 0.6, 0.004, 0.6])


def results(seeds: int = 5) -> dict[str, Any]:
    """A report of two models on one corpus."""
    runs = {
        name: {seed: measured(seed, skill) for seed in range(seeds)}
        for name, skill in (("crossgate", 2.0), ("sdt_50%", 1.0))
    }
    comparison = {"model": "sdt_50%", "reference": "crossgate"} | compare(runs["sdt_50%"], runs["crossgate"])
    correct([comparison])
    return {
        "name": "toy",
        "title": "toy, protocol honest",
        "protocol": "honest",
        "seeds": list(range(seeds)),
        "reference": "crossgate",
        "tuning": {"trials": 3},
        "measures": list(MEASURES),
        "correction": "corrected",
        "corpora": [
            {
                "name": "meld",
                "data": "data/meld",
                "measured_on": "validation",
                "caption": "Of the validation split. The epoch was chosen on it too.",
                "labels": list(IEMOCAP.labels),
                "utterances": 108,
                "conversations": 12,
                "data_sha256": {},
                "models": [
                    {
                        "name": name,
                        "kind": name,
                        "settings": {},
                        "trials": [],
                        "training_seconds": 1.0,
                        "seeds": [{"seed": s, "epoch": 1} | scores_of_seed(run) for s, run in found.items()],
                        "scores": scores_over_seeds(found),
                        "together": scores_of_seed(together(found)),
                        "missing": [],
                    }
                    for name, found in runs.items()
                ],
                "comparisons": [comparison],
            }
        ],
    }


def test_every_table_says_where_the_epoch_was_chosen_and_shows_both_p_values() -> None:
    found = results()
    comparison = found["corpora"][0]["comparisons"][0]
    comparison["t_test"] |= {"p_value": 0.0123, "p_holm": 0.0456}
    comparison["randomisation"] |= {"p_value": 0.0001, "p_holm": 0.0789}
    for page in (markdown(found), latex(found), comma_separated(found)):
        assert "The epoch was chosen on it too" in page
        assert "0.0123"[:5] in page
        assert "0.0456"[:4] in page
    row = next(line for line in markdown(found).splitlines() if line.startswith("| sdt_50% "))
    assert [cell.strip() for cell in row.split("|")[-5:-1]] == ["0.012", "0.046", "< 0.001", "0.079"]
    assert "3 trials" in markdown(found)
    assert "3 trials" in latex(found)


def test_latex_is_escaped_and_has_as_many_cells_in_every_row() -> None:
    page = latex(results())
    assert r"sdt\_50\%" in page
    rows = [line for line in page.splitlines() if line.endswith(r"\\")]
    assert len(rows) == 3
    assert len({line.replace(r"\&", "").count("&") for line in rows}) == 1


def test_the_csv_holds_the_same_figures() -> None:
    found = results()
    rows = list(csv.DictReader(io.StringIO(comma_separated(found))))
    assert len(rows) == 2 * len(MEASURES)
    assert tuple(rows[0]) == COLUMNS
    for row in rows:
        model = next(m for m in found["corpora"][0]["models"] if m["name"] == row["model"])
        assert float(row["mean"]) == model["scores"][row["measure"]]["mean"]
    compared = [row for row in rows if row["t_test_p"]]
    assert [(row["model"], row["measure"]) for row in compared] == [("sdt_50%", "weighted_f1")]


def test_a_model_without_a_score_has_a_row_and_no_dot(tmp_path: Path) -> None:
    found = results()
    unfinished = copy.deepcopy(found["corpora"][0]["models"][1])
    unfinished |= {"name": "late", "seeds": [], "scores": None, "together": None}
    unfinished["missing"] = [{"what": "meld, late, seed 0", "why": "not begun"}]
    found["corpora"][0]["models"].append(unfinished)
    assert "| late | 0 | – |" in markdown(found)
    assert "- meld, late, seed 0: not begun" in markdown(found)
    assert "meld, late, seed 0: not begun" in latex(found)
    figure = corpus_figure(found, found["corpora"][0])
    assert figure is not None
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["crossgate", "sdt_50%"]
    first = write_report(found, tmp_path)
    before = [path.read_bytes() for path in first]
    assert [path.read_bytes() for path in write_report(found, tmp_path)] == before


def test_without_any_score_there_is_no_figure() -> None:
    found = results()
    for model in found["corpora"][0]["models"]:
        model |= {"scores": None, "seeds": []}
    assert corpus_figure(found, found["corpora"][0]) is None
