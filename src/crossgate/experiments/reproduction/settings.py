"""What is trained for a reproduction: an honest benchmark, and one of the literature's habit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from crossgate.corpora.known import KNOWN_CORPORA
from crossgate.corpora.table import CorpusTable
from crossgate.errors import InputError
from crossgate.experiments.benchmark.settings import (
    LEGACY,
    BenchmarkSettings,
    CorpusEntry,
    ModelEntry,
    experiment_of,
)
from crossgate.features.settings import FeatureSettings
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.training.configuration import load_experiment
from crossgate.training.settings import Experiment, SelectionSettings

OURS, SDT = "crossgate", "sdt"

LINKED = Path(__file__).parent / "configs"
"""Where the wheel has the two configurations. In a checkout it is a link to the repository's folder."""

IN_CHECKOUT = Path(__file__).parents[4] / "configs"
"""For a checkout on a system without links."""

SDT_CLASS_WEIGHTING = {"iemocap": 1.0, "meld": 0.0}
"""As published: weights of inverse frequency on IEMOCAP, none on MELD."""

LAST_DIGIT = r"(\d)$"
"""Folds of MELD's dialogues where no validation split could be told: by the last digit of their ids."""


@dataclass(frozen=True)
class ReproductionSettings:
    """What was asked for."""

    corpus: Literal["iemocap", "meld"]
    """The corpus."""
    seeds: int = 5
    """Both models are trained with seeds 0, 1, ..., this many."""
    set: str = ""
    """Settings in place of both models': "training.epochs=2 model.hidden=16"."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise InputError(f"--seeds is {self.seeds}, expected 1 or more")
        for word in self.set.split():
            if word.startswith(("model.kind=", "objective.")):
                raise InputError(
                    f"--set: {word} would make the models others than those that are compared",
                    fix="only model (but its kind) and training may be set",
                )
        _models(self.corpus, self.set)  # what does not go together is said before an import of minutes


def published_settings(corpus: str) -> Experiment:
    """The experiment of `configs/community-<corpus>.yaml`, which has SDT's published sizes and optimiser."""
    name = f"community-{corpus}.yaml"
    known = [known.name for known in KNOWN_CORPORA]
    if corpus not in known:
        raise InputError(f"the corpus is {corpus!r}, expected {' or '.join(sorted(known))}")
    return load_experiment((LINKED if (LINKED / name).is_file() else IN_CHECKOUT) / name)


def honest_benchmark(settings: ReproductionSettings, table: CorpusTable) -> BenchmarkSettings:
    """Ours and SDT on the imported table, the epoch chosen without its test split."""
    published = published_settings(settings.corpus)
    corpus = CorpusEntry(
        name=settings.corpus,
        features=_features(published.features, table),
        data=str(table.folder),
        selection=_selection(published.selection, table),
    )
    return BenchmarkSettings(
        name=f"reproduction of {settings.corpus}",
        corpora=(corpus,),
        models=_models(settings.corpus, settings.set),
        seeds=tuple(range(settings.seeds)),
    )


def legacy_benchmark(honest: BenchmarkSettings, data: Path) -> BenchmarkSettings:
    """The same models and seeds on the table whose validation split is the test split.

    None ends early: of one and the same course of weights it takes another epoch than the honest run.
    """
    (corpus,) = honest.corpora
    corpus = replace(
        corpus,
        name=f"{corpus.name}-{LEGACY}",
        data=str(data),
        selection=SelectionSettings("validation"),
    )
    models = tuple(replace(model, training=replace(model.training, patience=0)) for model in honest.models)
    return replace(honest, name=f"{honest.name}, {LEGACY}", corpora=(corpus,), models=models)


@cache
def _models(corpus: str, words: str) -> tuple[ModelEntry, ...]:
    """Ours and SDT, with the settings that `words` name in place of the published ones."""
    published = published_settings(corpus)
    ours = ModelEntry(OURS, published.model, published.objective, published.training)
    entry = CorpusEntry(corpus, published.features, set=words)
    models = []
    for model in (ours, _sdt(corpus, published)):
        try:
            found = experiment_of(entry, model)
        except InputError as error:
            raise InputError(error.what, where="--set", fix=error.fix) from error
        models.append(ModelEntry(model.name, found.model, found.objective, found.training))
    return tuple(models)


def _sdt(corpus: str, published: Experiment) -> ModelEntry:
    """SDT in the same sizes, with its authors' loss; see `models/baselines/sdt.py` for the weights."""
    modalities, temperature = 3, published.objective.temperature
    objective = ObjectiveSettings(
        hard_full=1.0,
        hard_pairs=0.0,
        hard_singles=modalities,
        soft_pairs=0.0,
        soft_singles=modalities / temperature**2,
        temperature=temperature,
        hierarchy=False,
        detach_teacher=False,
        consistency=0.0,
        redundancy=0.0,
        label_smoothing=0.0,
    )
    training = replace(
        published.training,
        class_weighting=SDT_CLASS_WEIGHTING[corpus],
        hide_modality=0.0,  # theirs hides none, and its loss is theirs only where all are there
        hide_modalities={},
        hide_turn=0.0,
    )
    return ModelEntry(SDT, replace(published.model, kind="sdt", feedforward=1.0), objective, training)


def _features(published: FeatureSettings, table: CorpusTable) -> FeatureSettings:
    """All features of the table: the older layout has one text and other names than the configuration."""
    columns: dict[str, list[str]] = {"text": [], "audio": [], "visual": []}
    for spec in table.manifest.features:
        columns[spec.modality].append(spec.name)
    several = tuple(modality for modality in published.average if len(columns[modality]) > 1)
    return replace(
        published,
        text=tuple(columns["text"]),
        audio=tuple(columns["audio"]),
        visual=tuple(columns["visual"]),
        average=several,
    )


def _selection(published: SelectionSettings, table: CorpusTable) -> SelectionSettings:
    """As configured; by folds of dialogues where a validation split is asked for and could not be told."""
    if published.by == "validation" and "validation" not in table.manifest.splits:
        return SelectionSettings("folds", LAST_DIGIT)
    return published
