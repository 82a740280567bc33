"""The demonstration: a generated corpus with known ceilings, training, evaluation, figures."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from crossgate.corpora.surrogate import SurrogateSettings, generate_surrogate, read_ceilings
from crossgate.corpora.table import CorpusTable, open_table
from crossgate.evaluation.figures import learning_figure, save_figure, subset_figure
from crossgate.evaluation.members import examples_of
from crossgate.evaluation.run import RunEvaluation, evaluate_run
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER
from crossgate.evaluation.subsets import predict_subsets
from crossgate.features.settings import FeatureSettings
from crossgate.files import write_json
from crossgate.models.checkpoint import load_checkpoint
from crossgate.models.settings import ModelSettings
from crossgate.training.record import METRICS_FILE
from crossgate.training.run import train
from crossgate.training.settings import Experiment, TrainingSettings

DEMO = Experiment(
    name="surrogate",
    features=FeatureSettings(text=("surrogate64",), audio=("surrogate32",), visual=("surrogate24",)),
    model=ModelSettings(hidden=64, heads=4, dropout=0.3, relations=True, drop_inside=True),
    training=TrainingSettings(epochs=20, learning_rate=2e-3, batch_size=16),
)
"""The experiment of configs/surrogate.yaml, here as well because an installed package has no configs/."""


@dataclass(frozen=True)
class DemoResult:
    """What the demonstration shows.

    Attributes:
        evaluation: of the validation split.
        accuracies: of the network given only some modalities, by subset, shares of 1.
        ceilings: Bayes-optimal accuracies by subset, shares of 1.
        pictures: files to look at.
    """

    evaluation: RunEvaluation
    accuracies: dict[str, float]
    ceilings: dict[str, float]
    pictures: tuple[Path, ...]


def run_demo(
    folder: Path, seed: int = 0, experiment: Experiment = DEMO, settings: SurrogateSettings | None = None
) -> DemoResult:
    """Generate, train, evaluate, draw; what is there already from an earlier time is used."""
    corpus = folder / "corpus"
    settings = settings or SurrogateSettings()
    table = open_table(corpus) if corpus.is_dir() else generate_surrogate(settings, corpus)
    run = folder / "run"
    train(experiment, table, run, seed=seed, resume=True, command="crossgate demo")
    evaluation = evaluate_run(run, table, "validation", "crossgate demo")
    accuracies = subset_accuracies(run, table)
    views = read_ceilings(corpus)
    ceilings = {name: view["conversation"]["accuracy"] / 100 for name, view in views["views"].items()}
    pictures = evaluation.report.write(folder / "figures")[1:]
    subsets, curves = folder / "figures" / "subsets.png", folder / "figures" / "learning.png"
    save_figure(
        subset_figure(
            accuracies,
            ceilings,
            title="Generated corpus: accuracy with some modalities, and the best possible",
            chance=views["most_frequent_emotion"] / 100,
        ),
        subsets,
    )
    rows = [json.loads(line) for line in (run / METRICS_FILE).read_text(encoding="utf-8").splitlines()]
    kept = {"epoch", "train/loss", "validation/weighted_f1", "validation/accuracy"}
    shown = [{name: value for name, value in row.items() if name in kept} for row in rows]
    save_figure(learning_figure(shown, title="Generated corpus: training"), curves)
    write_json(folder / "figures" / "subsets.json", {"accuracies": accuracies, "ceilings": ceilings})
    return DemoResult(evaluation, accuracies, ceilings, (subsets, curves, *pictures))


def subset_accuracies(run: Path, table: CorpusTable, split: str = "validation") -> dict[str, float]:
    """Accuracy of a run's network for every subset of modalities as its whole input."""
    checkpoint = load_checkpoint(run / CHECKPOINT_FOLDER)
    examples = examples_of(checkpoint, table.split(split))
    return {
        subset: float(np.mean(found.probabilities.argmax(axis=-1) == found.labels))
        for subset, found in predict_subsets(checkpoint.network, examples).items()
    }
