from __future__ import annotations

from pathlib import Path

import pytest

from crossgate.errors import InputError
from crossgate.experiments.benchmark.settings import experiment_of, load_benchmark, tuned
from toy_benchmarks import YAML, settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "config", sorted((ROOT / "configs" / "benchmark").glob("*.yaml")), ids=lambda path: path.stem
)
def test_a_benchmark_that_ships_is_valid(config: Path) -> None:
    found = load_benchmark(config)
    assert found.name == config.stem
    # One budget for everybody: what is not tuned is the same for all.
    training = {str(model.training) for model in found.models}
    assert len(training) == 1
    assert len({(m.model.hidden, m.model.heads, m.model.dropout) for m in found.models}) == 1


@pytest.mark.parametrize("name", ["legacy-meld", "meld-encoder", "meld-paired"])
def test_the_comparisons_on_meld_are_of_the_same_rivals(name: str) -> None:
    of_meld, found = (load_benchmark(ROOT / "configs" / "benchmark" / f"{n}.yaml") for n in ("meld", name))
    assert found.models[1:] == of_meld.models[1:]
    if name == "legacy-meld":  # two protocols of one comparison
        assert (found.models, found.corpora) == (of_meld.models, of_meld.corpora)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: toy", "name: toy\ncorpi: []", "unknown key 'corpi'"),
        ("hidden: 16, heads: 2, gate_rank: 4", "hiden: 16", "hiden"),
        ("hidden: 16, heads: 2, gate_rank: 4", "hidden: 15, heads: 2", "must divide"),
        ("name: text,", "name: crossgate,", "crossgate stands there twice"),
        ("name: text,", "name: ../text,", "'../text' has other characters"),
        ("name: drawn", "name: generated", "'generated' is taken"),
        ("seeds: [0, 1]", "seeds: []", "seeds is empty"),
        ("seeds: [0, 1]", "seeds: [0, -1]", "numbers from 0"),
        ("seeds: [0, 1]", "reference: ours", "'ours', which is none of the models"),
        ("seeds: [0, 1]", "protocol: best", "protocol"),
        ("seeds: [0, 1]", "held_out: 1.0", "held_out is 1.0"),
        ("learning_rate: [1.0e-3, 1.0e-2]", "learning_rate: [1.0e-2, 1.0e-3]", "lowest and the highest"),
        ("trials: 2", "trials: -1", "tuning.trials is -1"),
        ("dropout: [0.1, 0.3]", "dropout: [0.1, 5.0]", "tuning.space.dropout"),
        ("dropout: [0.1, 0.3]", "hidden: [17]", "tuning.space.hidden"),
        (
            "learning_rate: [1.0e-3, 1.0e-2], dropout: [0.1, 0.3]",
            "learning_rate: [], dropout: []",
            "nothing to try",
        ),
        ("    surrogate:", "    set: data=3\n    surrogate:", "expected a setting of model"),
        ("    surrogate:", "    set: training.epoch=3\n    surrogate:", "epoch"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_refused_with_its_file(
    old: str, new: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as caught:
        settings(tmp_path, (old, new))
    assert words in str(caught.value)
    assert caught.value.where


def test_a_corpus_may_change_settings_of_every_model_and_tuning_has_the_last_word(tmp_path: Path) -> None:
    change = ("    surrogate:", "    set: training.batch_size=2 model.dropout=0.2\n    surrogate:")
    found = settings(tmp_path, change)
    for model in found.models:
        experiment = experiment_of(found.corpora[0], model)
        assert (experiment.training.batch_size, experiment.model.dropout) == (2, 0.2)
        assert experiment.model.kind == model.model.kind
        assert experiment.training.learning_rate == 5e-3
        changed = tuned(experiment, {"learning_rate": 1e-3, "dropout": 0.4, "hidden": 8})
        assert (changed.training.learning_rate, changed.training.batch_size) == (1e-3, 2)
        assert (changed.model.dropout, changed.model.hidden) == (0.4, 8)


def test_a_model_may_be_given_some_modalities_alone(tmp_path: Path) -> None:
    found = settings(tmp_path, ("{name: text,", "{name: text, modalities: va,"))
    corpus, model = found.corpora[0], found.models[1]
    features = experiment_of(corpus, model).features
    assert features.modalities == ("audio", "visual")
    assert features.audio == corpus.features.audio
    assert experiment_of(corpus, found.models[0]).features == corpus.features


def test_what_looks_at_a_modality_that_is_not_given_goes_with_it(tmp_path: Path) -> None:
    change = (
        "features: {text: [surrogate64],",
        "features: {speaker_relative: [audio, text], text: [surrogate64],",
    )
    found = settings(tmp_path, change, ("{name: text,", "{name: text, modalities: a,"))
    assert experiment_of(found.corpora[0], found.models[1]).features.speaker_relative == ("audio",)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("{name: text,", "{name: text, modalities: tx,"), "expected some of t, a, v"),
        (("], visual: [surrogate24]}", "]}"), "no features for v"),
    ],
)
def test_a_modality_that_is_not_there_is_refused(change: tuple[str, str], words: str, tmp_path: Path) -> None:
    given = () if "modalities" in change[1] else (("{name: text,", "{name: text, modalities: tv,"),)
    with pytest.raises(InputError, match=words):
        settings(tmp_path, change, *given)


def test_the_command_lines_protocol_takes_the_place_of_the_files(tmp_path: Path) -> None:
    (tmp_path / "toy.yaml").write_text(YAML, encoding="utf-8")
    assert load_benchmark(tmp_path / "toy.yaml").protocol == "honest"
    assert load_benchmark(tmp_path / "toy.yaml", "legacy-best-on-test").protocol == "legacy-best-on-test"


@pytest.mark.parametrize(
    "config", sorted((ROOT / "configs" / "ablation").glob("*.yaml")), ids=lambda path: path.stem
)
def test_an_ablation_that_ships_changes_one_thing_a_row(config: Path) -> None:
    found = load_benchmark(config)
    assert found.name == f"ablation-{config.stem}"
    assert len(found.seeds) >= 5
    assert not found.tuning.trials  # a variant must not get better settings than the full recipe
    full = next(model for model in found.models if model.name == found.reference)
    for model in found.models:
        if model is not full:
            parts = ("model", "objective", "training", "modalities")
            changed = [part for part in parts if getattr(model, part) != getattr(full, part)]
            assert len(changed) == 1, model.name
