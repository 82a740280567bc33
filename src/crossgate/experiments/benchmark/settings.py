"""What a benchmark is made of: corpora, models, seeds, protocol and tuning; no torch here."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal

from jsonargparse import ArgumentError

from crossgate.conversation import INITIALS, MODALITIES
from crossgate.corpora.surrogate.settings import SurrogateSettings
from crossgate.errors import InputError
from crossgate.features.settings import FeatureSettings
from crossgate.models.settings import ModelSettings
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.training.configuration import experiment_json, load_settings, settings_parser
from crossgate.training.settings import Experiment, SelectionSettings, TrainingSettings

HONEST = "honest"
LEGACY = "legacy-best-on-test"
SURROGATE = "surrogate"
"""In the place of a folder: a corpus generated for the benchmark."""

GENERATED_FOLDER = "generated"
HELD_OUT_FOLDER = "held-out"
REPLACEABLE = {
    f"{part}.{setting.name}"
    for part, kind in (
        ("model", ModelSettings),
        ("objective", ObjectiveSettings),
        ("training", TrainingSettings),
    )
    for setting in fields(kind)
}
"""What a corpus may set in the place of every model's."""

RESERVED = (GENERATED_FOLDER, HELD_OUT_FOLDER)
"""Folders beside those of the corpora."""


@dataclass(frozen=True)
class CorpusEntry:
    """A corpus, its features, and how the epoch is chosen on it."""

    name: str
    """What it is called in tables; also the name of its folder."""
    features: FeatureSettings
    """Which features feed which modality, the same for every model."""
    data: str = SURROGATE
    """Folder of a corpus table, or `surrogate`: one is generated."""
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    """How the epoch is chosen; the figures are then of the validation split, or out of fold."""
    surrogate: SurrogateSettings = field(default_factory=SurrogateSettings)
    """What is generated where `data` is `surrogate`; the figures are then of its test split."""
    set: str = ""
    """Settings in place of every model's on this corpus: "training.batch_size=4 training.epochs=12"."""

    def __post_init__(self) -> None:
        _check_name("corpora", self.name)
        if self.name in RESERVED:
            raise InputError(f"corpora: the name {self.name!r} is taken", fix="give the corpus another name")

    @property
    def measured_on(self) -> str:
        """The split the figures are of, or `folds`: never a real test split."""
        if self.data == SURROGATE:
            return "test"
        return self.selection.by


@dataclass(frozen=True)
class ModelEntry:
    """A model and how it is trained."""

    name: str
    """What it is called in tables; also the name of its folder."""
    model: ModelSettings = field(default_factory=ModelSettings)
    """The network."""
    objective: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    """What it is trained for."""
    training: TrainingSettings = field(default_factory=TrainingSettings)
    """How it is trained."""
    modalities: str = ""
    """Initials of the only modalities it is given, for example ta; empty gives it all that the corpus has."""

    def __post_init__(self) -> None:
        _check_name("models", self.name)
        if not set(self.modalities) <= set(INITIALS.values()):
            raise InputError(
                f"models, {self.name}: modalities is {self.modalities!r}, "
                f"expected some of {', '.join(INITIALS.values())}"
            )


@dataclass(frozen=True)
class SpaceSettings:
    """What tuning may change, the same for every model; an empty list leaves a setting as it is."""

    learning_rate: tuple[float, ...] = (3e-4, 3e-3)
    """Lowest and highest `training.learning_rate`; drawn evenly on a logarithmic scale."""
    dropout: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5)
    """Values of `model.dropout` to choose from."""
    hidden: tuple[int, ...] = ()
    """Values of `model.hidden` to choose from."""
    weight_decay: tuple[float, ...] = ()
    """Values of `training.weight_decay` to choose from."""
    class_weighting: tuple[float, ...] = ()
    """Values of `training.class_weighting` to choose from."""

    def __post_init__(self) -> None:
        rate = self.learning_rate
        if rate and not (len(rate) == 2 and 0 < rate[0] < rate[1]):
            raise InputError(
                f"tuning.space.learning_rate is {list(rate)}, expected the lowest and the highest value"
            )


@dataclass(frozen=True)
class TuningSettings:
    """How every model is tuned on every corpus; all have the same budget."""

    trials: int = 0
    """Trainings each model has on each corpus to find its settings; the first takes them as they stand in
    the configuration. 0 tunes nothing."""
    space: SpaceSettings = field(default_factory=SpaceSettings)
    """What is tried."""
    seed: int = 0
    """Of the sampler."""

    def __post_init__(self) -> None:
        for name in ("trials", "seed"):
            if getattr(self, name) < 0:
                raise InputError(f"tuning.{name} is {getattr(self, name)}, expected 0 or more")
        if self.trials > 1 and not any(vars(self.space).values()):
            raise InputError(f"tuning.trials is {self.trials}, and tuning.space has nothing to try")


@dataclass(frozen=True)
class BenchmarkSettings:
    """Models x corpora x seeds under one protocol."""

    name: str
    """What the benchmark is called in tables."""
    corpora: tuple[CorpusEntry, ...]
    """The corpora."""
    models: tuple[ModelEntry, ...]
    """The models, in the order of the tables."""
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    """Every model is trained with each; the first also tunes."""
    protocol: Literal["honest", "legacy-best-on-test"] = "honest"
    """`honest`: the epoch is chosen on validation or by folds. `legacy-best-on-test`: conversations of the
    train split are held out as if they were a test split, and the epoch is chosen on them too; what that adds
    is the finding. A real test split is not touched."""
    tuning: TuningSettings = field(default_factory=TuningSettings)
    """How settings are found."""
    reference: str = "crossgate"
    """The model that all others are compared with."""
    held_out: float = 0.2
    """Share of the train split's conversations that `legacy-best-on-test` holds out; of a corpus with folds
    it holds out the last fold, and chooses honestly on the one before."""

    def __post_init__(self) -> None:
        for part, names in (
            ("corpora", [corpus.name for corpus in self.corpora]),
            ("models", [model.name for model in self.models]),
            ("seeds", list(self.seeds)),
        ):
            if not names:
                raise InputError(f"{part} is empty", fix="name one at least")
            twice = [name for name, count in Counter(names).items() if count > 1]
            if twice:
                raise InputError(f"{part}: {twice[0]} stands there twice")
        if min(self.seeds) < 0:
            raise InputError(f"seeds is {list(self.seeds)}, expected numbers from 0")
        if self.reference not in [model.name for model in self.models]:
            raise InputError(
                f"reference is {self.reference!r}, which is none of the models",
                fix=f"name one of {', '.join(model.name for model in self.models)}",
            )
        if not 0 < self.held_out < 1:
            raise InputError(f"held_out is {self.held_out}, expected more than 0 and less than 1")
        for corpus in self.corpora:
            for model in self.models:
                # Whatever does not go together is said before the first training.
                _check_space(experiment_of(corpus, model), self.tuning)

    @property
    def trainings(self) -> int:
        """How many trainings there are, the legacy protocol's second look at every seed among them."""
        looks = 2 if self.protocol == LEGACY else 1
        return len(self.corpora) * len(self.models) * (self.tuning.trials + looks * len(self.seeds))

    @property
    def tables(self) -> tuple[Path, ...]:
        """Folders of the corpora that are not generated."""
        return tuple(Path(corpus.data) for corpus in self.corpora if corpus.data != SURROGATE)


def load_benchmark(path: Path, protocol: str | None = None) -> BenchmarkSettings:
    """Read a benchmark's configuration; `protocol`, where given, takes the place of the file's.

    Raises InputError naming the file and the key that is unknown, missing or of the wrong type.
    """
    return load_settings(BenchmarkSettings, path, [f"protocol={protocol}"] if protocol else [])


def experiment_of(corpus: CorpusEntry, model: ModelEntry) -> Experiment:
    """A model on a corpus, as an experiment that could be trained by itself."""
    experiment = Experiment(
        name=f"{corpus.name}, {model.name}",
        features=_given(corpus, model),
        model=model.model,
        objective=model.objective,
        training=model.training,
        selection=corpus.selection,
    )
    words = corpus.set.split()
    if not words:
        return experiment
    where = f"corpora, {corpus.name}, set"
    for word in words:
        name, _, value = word.partition("=")
        # The parser would take an abbreviation for the whole name.
        if name not in REPLACEABLE or not value:
            raise InputError(
                f"{word!r}: expected a setting of model, objective or training, and its value",
                where=where,
                fix='for example "training.batch_size=4"',
            )
    parser = settings_parser(Experiment)
    try:
        base = parser.parse_object(experiment_json(experiment), defaults=True)
        base = parser.parse_args([f"--{word}" for word in words], namespace=base)
        return Experiment(**vars(parser.instantiate(base)))
    except ArgumentError as error:
        raise InputError(" ".join(str(error).split()), where=where) from error


def _given(corpus: CorpusEntry, model: ModelEntry) -> FeatureSettings:
    """The features of the modalities a model is given."""
    if not model.modalities:
        return corpus.features
    kept = {modality for modality in MODALITIES if INITIALS[modality] in model.modalities}
    lacking = [INITIALS[m] for m in MODALITIES if m in kept and m not in corpus.features.modalities]
    if lacking:
        raise InputError(
            f"models, {model.name}: modalities is {model.modalities!r}, but the corpus {corpus.name} has no "
            f"features for {', '.join(lacking)}"
        )
    hidden = {modality: () for modality in MODALITIES if modality not in kept}
    return replace(
        corpus.features,
        **hidden,  # type: ignore[arg-type]  # by name
        turns=corpus.features.turns if "text" in kept else "",
        speaker_relative=tuple(m for m in corpus.features.speaker_relative if m in kept),
        average=tuple(m for m in corpus.features.average if m in kept),
    )


def experiment_under(settings: BenchmarkSettings, corpus: CorpusEntry, model: ModelEntry) -> Experiment:
    """The same as the protocol trains it.

    The legacy protocol compares epochs of one and the same course of weights, chosen by one validation split
    or another, so none may end early.
    """
    experiment = experiment_of(corpus, model)
    if settings.protocol != LEGACY:
        return experiment
    return replace(
        experiment,
        selection=SelectionSettings("validation", given=experiment.selection.given),
        training=replace(experiment.training, patience=0),
    )


def tuned(experiment: Experiment, values: dict[str, float | int]) -> Experiment:
    """An experiment with settings that tuning found, by their names in `SpaceSettings`."""
    model = {name: values[name] for name in ("dropout", "hidden") if name in values}
    training = {name: value for name, value in values.items() if name not in model}
    return replace(
        experiment,
        model=replace(experiment.model, **model),  # type: ignore[arg-type]  # by name
        training=replace(experiment.training, **training),  # type: ignore[arg-type]
    )


def _check_space(experiment: Experiment, tuning: TuningSettings) -> None:
    """Refuse a value that tuning would try and a training refuse."""
    if tuning.trials < 2:  # the first takes the settings as they stand
        return
    for name, values in vars(tuning.space).items():
        for value in values:
            try:
                tuned(experiment, {name: value})
            except InputError as error:
                raise InputError(
                    f"tuning.space.{name}, {experiment.name}: {error.what}", fix=error.fix
                ) from error


def _check_name(part: str, name: str) -> None:
    """Refuse what would not do as the name of a folder."""
    if not re.fullmatch(r"[\w][\w+-]*", name):
        raise InputError(f"{part}: the name {name!r} has other characters than letters, digits, _, + and -")
