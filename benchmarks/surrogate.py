"""What modalities, guides and distillation are worth on the generated corpus, where the truth is known.

    .venv/bin/python benchmarks/surrogate.py --out runs/surrogate-study

Trains every modality subset and the ablated model for several seeds, each on validation-selected epochs, and
measures on the generated test split (each opening is recorded in the run). Prints a table and paired tests.
What is in --out already is not trained again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import jsonargparse

from crossgate.conversation import INITIALS, MODALITIES
from crossgate.corpora.surrogate import SurrogateSettings, generate_surrogate, read_ceilings
from crossgate.corpora.table import open_table
from crossgate.evaluation.run import evaluate_run
from crossgate.evaluation.significance import paired_t_test
from crossgate.evaluation.summary import summarise
from crossgate.experiments.demo import DEMO
from crossgate.features.settings import FeatureSettings
from crossgate.files import write_json
from crossgate.training.run import train
from crossgate.training.settings import Experiment

jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
SUBSETS = ("t", "a", "v", "ta", "tv", "av", "tav")


@dataclass(frozen=True)
class Study:
    """What the study trains."""

    out: Path = Path("runs/surrogate-study")
    """Folder for the corpus, the runs and results.json."""
    conversations: int = 240
    """Training conversations of the generated corpus."""
    seeds: int = 5
    """Seeds of every system."""
    processes: int = 2
    """Trainings at a time, one core each."""


def systems() -> Iterator[tuple[str, Experiment]]:
    """Every subset of modalities, and the full network with parts switched off."""
    for subset in SUBSETS:
        names = {m: getattr(DEMO.features, m) for m in MODALITIES if INITIALS[m] in subset}
        yield subset, replace(DEMO, name=subset, features=FeatureSettings(**names))
    plain = replace(DEMO.objective, soft_pairs=0.0, soft_singles=0.0, consistency=0.0, redundancy=0.0)
    unguided = replace(DEMO.model, unimodal_guide=False, third_guide=False)
    yield "no guides", replace(DEMO, name="no guides", model=unguided)
    yield "no distillation", replace(DEMO, name="no distillation", objective=plain)
    yield "neither", replace(DEMO, name="neither", model=unguided, objective=plain)


def score(job: tuple[str, Experiment, int, Path, Path]) -> tuple[str, int, float, float]:
    """Train one system with one seed; accuracy and weighted F1 on the test split."""
    name, experiment, seed, corpus, folder = job
    table = open_table(corpus)
    run = folder / name.replace(" ", "-") / f"seed-{seed}"
    result = run / "test.json"
    if not result.exists():
        train(experiment, table, run, seed=seed, resume=True, command="benchmarks/surrogate.py")
        scores = evaluate_run(run, table, "test", "benchmarks/surrogate.py").report.scores()
        write_json(result, scores)
    scores = json.loads(result.read_text(encoding="utf-8"))
    return name, seed, scores["accuracy"], scores["weighted_f1"]


def main(study: Study) -> None:
    """Train, measure, print."""
    corpus = study.out / "corpus"
    if not corpus.is_dir():
        generate_surrogate(SurrogateSettings(train=study.conversations), corpus)
    ceilings = read_ceilings(corpus)["views"]
    jobs = [
        (name, experiment, seed, corpus, study.out)
        for seed in range(study.seeds)
        for name, experiment in systems()
    ]
    found: dict[str, dict[int, float]] = {}
    with ProcessPoolExecutor(study.processes) as pool:
        for name, seed, accuracy, _ in pool.map(score, jobs):
            found.setdefault(name, {})[seed] = accuracy
    scores = {name: [by_seed[seed] for seed in sorted(by_seed)] for name, by_seed in found.items()}
    print(f"accuracy on the generated test split, {study.seeds} seeds")
    for name, values in scores.items():
        best = ceilings.get(name, {}).get("conversation", {}).get("accuracy")
        print(f"  {name:16} {summarise(values)}" + (f"   best possible {best:.1f}" if best else ""))
    pairs = [("tav", pair) for pair in ("ta", "tv", "av")]
    pairs += [("ta", "t"), ("tv", "t"), ("av", "a")]
    pairs += [("tav", other) for other in ("no guides", "no distillation", "neither")]
    print("paired t-tests over seeds, differences in points")
    tests = {}
    for first, second in pairs:
        test = paired_t_test(scores[first], scores[second])
        tests[f"{first} - {second}"] = {"difference": 100 * test.difference, "p": test.p_value}
        print(f"  {first:4} - {second:16} {100 * test.difference:+.2f}   p = {test.p_value:.4f}")
    write_json(study.out / "results.json", {"accuracy": scores, "tests": tests, "ceilings": ceilings})


if __name__ == "__main__":
    main(jsonargparse.auto_cli(Study, as_positional=False))
