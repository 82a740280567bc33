from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from crossgate.experiments.benchmark.report.page import BEGIN, END, readme_table, results_page, with_table
from toy_benchmarks import run, settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("page")
    result = run(settings(folder), folder / "out", command="crossgate benchmark toy.yaml --out out")
    return result.results


def test_the_page_shows_every_table_with_its_command_and_time(report: dict[str, Any]) -> None:
    page = results_page({"toy": report}, {"toy": {"drawn": "results/toy-drawn.png"}})
    assert page.count("\n## toy, protocol honest") == 1
    assert "(results/toy-drawn.png)" in page
    assert "crossgate benchmark toy.yaml --out out" in page
    ours = report["corpora"][0]["models"][0]["scores"]["weighted_f1"]["mean"]
    assert f"{100 * ours:.2f} ±" in page
    assert f"on {report['machine']['cores']} cores" in page


def test_the_readme_compares_ours_with_the_best_rival(report: dict[str, Any]) -> None:
    row = readme_table({"toy": report}).splitlines()[-1]
    ours, rival = report["corpora"][0]["models"]
    difference = ours["scores"]["weighted_f1"]["mean"] - rival["scores"]["weighted_f1"]["mean"]
    assert f"| {100 * difference:+.2f} |" in row
    assert f"text {100 * rival['scores']['weighted_f1']['mean']:.2f}" in row


def test_an_ablation_compares_with_no_rival_and_stays_out_of_the_readme(report: dict[str, Any]) -> None:
    ablation = json.loads(json.dumps(report))
    for model in ablation["corpora"][0]["models"]:
        model["kind"] = "crossgate"
    assert len(readme_table({"toy": report, "ablation": ablation}).splitlines()) == 3


def test_only_what_stands_between_the_marks_is_replaced() -> None:
    readme = f"above\n{BEGIN}\nold\n{END}\nbelow\n"
    assert with_table(readme, "new") == f"above\n{BEGIN}\n\nnew\n\n{END}\nbelow\n"
    assert with_table(with_table(readme, "new"), "new") == with_table(readme, "new")


@pytest.mark.parametrize("readme", ["no marks", f"{END} {BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_readme_without_its_marks_is_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="the README needs"):
        with_table(readme, "new")


def test_the_committed_page_and_readme_are_made_from_the_committed_results() -> None:
    path = ROOT / "docs" / "make_results.py"
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = module.reports()
    assert found  # `docs/results` holds at least one benchmark
    shown = module.pictures(found)
    page = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    assert page == results_page(found, shown), "make results"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert readme == with_table(readme, readme_table(found)), "make results"
    for name, corpora in shown.items():
        for picture in corpora.values():
            assert (ROOT / "docs" / picture).is_file(), f"{name}: make results"
