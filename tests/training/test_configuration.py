"""Experiments from YAML: what is wrong is named with file and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from toy_runs import YAML, experiment

from crossgate.errors import InputError
from crossgate.training.configuration import (
    MOST_NESTED,
    experiment_json,
    load_experiment,
    with_later_settings,
)
from crossgate.training.settings import Experiment, SelectionSettings, TrainingSettings

CONFIGS = Path(__file__).resolve().parents[2] / "configs"


def load(tmp_path: Path, text: str, *overrides: str) -> Experiment:
    path = tmp_path / "my.yaml"
    path.write_text(text, encoding="utf-8")
    return load_experiment(path, overrides)


def test_a_file_is_an_experiment(tmp_path: Path) -> None:
    assert load(tmp_path, YAML) == experiment()


def test_what_is_not_said_is_the_default(tmp_path: Path) -> None:
    read = load(tmp_path, "name: short\nfeatures: {audio: [praat8]}")
    assert read.training == TrainingSettings()
    assert read.selection == SelectionSettings()
    assert read.features.audio == ("praat8",)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yaml")), ids=lambda path: path.name)
def test_what_ships_can_be_read(path: Path) -> None:
    assert load_experiment(path).name


def test_overrides_go_before_the_file(tmp_path: Path) -> None:
    read = load(
        tmp_path, YAML, "model.hidden=32", "training.learning_rate=1e-4", "features.text=[a, b]", "name=other"
    )
    assert (read.model.hidden, read.training.learning_rate, read.name) == (32, 1e-4, "other")
    assert read.features.text == ("a", "b")
    assert read.model.heads == 2  # the file's, not the default
    assert read.training.epochs == 3
    assert load(tmp_path, YAML, "model.hidden=32", "model.hidden=64").model.hidden == 64


@pytest.mark.parametrize("learning_rate", ["1e-3", "0.001", "1.0e-3"])
def test_numbers_are_numbers_as_people_write_them(tmp_path: Path, learning_rate: str) -> None:
    text = YAML.replace("learning_rate: 0.01", f"learning_rate: {learning_rate}")
    assert load(tmp_path, text).training.learning_rate == 0.001


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("hidden: 16", "hiden: 16", "hiden"),
        ("hidden: 16", "hidden: wide", "model.hidden"),
        ("hidden: 16", "hidden: 16.5", "model.hidden"),
        ("hidden: 16", "hidden: 15", "model.heads"),
        ("epochs: 3", "epochs: 0", "training.epochs"),
        ("learning_rate: 0.01", "learning_rate: .nan", "training.learning_rate"),
        ("name: toy", "modle: {}", "modle"),
        ("name: toy", "name: toy\nseed: 3", "seed"),
        ("name: toy", "name: toy\n__path__: x", "__path__"),
        ("name: toy", "name: toy\n1: x", "1"),
        ("name: toy", "name: toy\nobjective: 3", "objective"),
        ("name: toy", "name: toy\nobjective:", "objective"),
        ("name: toy", "name: toy\nobjective: {temperature: -1}", "objective.temperature"),
        ("name: toy", "", "name"),
        ("text: [toy], audio: [toy], visual: [toy]", "", "features"),
        ("text: [toy]", "txt: [toy]", "txt"),
        ("text: [toy]", "text: [minilm], minilm: {layers: [9]}", "features.minilm.layers"),
        ("selection: {", "selection: {by: test, ", "selection.by"),
        ("selection: {group: '_c(\\d)'", "selection: {group: '_c'", "selection.group"),
        ("selection: {group: '_c(\\d)'", "selection: {group: '_c(('", "selection.group"),
        ("name: toy", "name: [", "YAML"),
    ],
)
def test_what_is_wrong_is_named_with_its_file(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in YAML
    with pytest.raises(InputError) as caught:
        load(tmp_path, YAML.replace(old, new))
    assert named in str(caught.value)
    assert str(tmp_path / "my.yaml") in str(caught.value)


@pytest.mark.parametrize("content", ["", "- a\n- b\n", "words", "3"])
def test_a_file_without_settings_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(InputError, match=r"my\.yaml"):
        load(tmp_path, content)


def test_a_file_that_is_no_text_or_not_there_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00\x01")
    for name, said in (("binary.yaml", "not YAML"), ("absent.yaml", "no such file"), ("", "not YAML")):
        with pytest.raises(InputError, match=said):
            load_experiment(tmp_path / name)


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("model.hiden=3", "model.hiden"),
        ("model.hidden=wide", "model.hidden"),
        ("model.hidden=15", "model.heads"),
        ("nonsense", "nonsense"),
        ("seed=3", "seed"),
        ("training.epochs=", "training.epochs"),
    ],
)
def test_an_override_that_is_wrong_is_named(tmp_path: Path, override: str, named: str) -> None:
    with pytest.raises(InputError, match=named):
        load(tmp_path, YAML, override)


@pytest.mark.parametrize(
    "ahead",
    ["minilm: {turns_after: 1}", "speaker_relative: [audio]"],
    ids=["turns_after", "speaker_relative"],
)
def test_a_causal_model_has_no_features_that_look_ahead(tmp_path: Path, ahead: str) -> None:
    text = YAML.replace("visual: [toy]", f"visual: [toy], {ahead}")
    load(tmp_path, text)
    with pytest.raises(InputError, match="look ahead"):
        load(tmp_path, text, "model.causal=true")


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"threads": 0},
        {"learning_rate": 0.0},
        {"clip": 0.0},
        {"warmup": 1.0},
        {"average": 1.0},
        {"hide_modality": 1.0},
        {"hide_turn": -0.1},
        {"hide_modalities": {"audio": 1.0}},
        {"hide_modalities": {"smell": 0.5}},
        {"weight_decay": -1.0},
        {"weight_decay": float("nan")},
        {"class_weighting": -0.5},
        {"patience": -1},
    ],
    ids=str,
)
def test_training_settings_that_cannot_be_are_refused_by_name(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"training.{next(iter(wrong))}"):
        TrainingSettings(**wrong)


def test_modalities_are_hidden_as_often_as_each_says(tmp_path: Path) -> None:
    own = ("training.hide_modalities.visual=0.7", "training.hide_modalities.text=0.1")
    found = load(tmp_path, YAML, "training.hide_modality=0.2", *own).training
    assert found.hiding(["text", "audio", "visual"]) == [0.1, 0.2, 0.7]
    assert found.hiding(["visual"]) == [0.7]


def test_an_experiment_survives_being_json(tmp_path: Path) -> None:
    import json

    content = json.dumps(experiment_json(experiment(folds=True)))  # JSON is YAML
    assert load(tmp_path, content) == experiment(folds=True)


def test_a_record_is_read_with_the_settings_that_came_since() -> None:
    now = experiment_json(experiment())
    before = {**now, "model": {k: v for k, v in now["model"].items() if k != "drop_inside"}}
    del before["objective"]
    assert with_later_settings({"experiment": before})["experiment"] != now  # a whole group was always there
    before["objective"] = {}
    assert before != now
    assert with_later_settings({"experiment": before, "seed": 1}) == {"experiment": now, "seed": 1}
    # A setting that is there is not looked at, nor what is no experiment at all.
    other = {**now, "model": now["model"] | {"drop_inside": True}}
    for left in (other, None, [], {}, {"model": 3}):
        assert with_later_settings({"experiment": left}) == {"experiment": left}
    assert with_later_settings({"seed": 1}) == {"seed": 1}


@pytest.mark.parametrize(
    "text", ["[" * 2000, "name: 2020-01-45", "name: 0b", "name: {[1]: 2}", "a: " * 2000, "&a [*a]"]
)
def test_what_yaml_cannot_make_of_it_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"my\.yaml"):
        load(tmp_path, text)


@pytest.mark.parametrize("cycle", [False, True])
def test_aliases_that_unfold_to_billions_are_refused(tmp_path: Path, cycle: bool) -> None:
    laughs = ["name: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    laughs += [f"model: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(InputError, match="unfold"):
        load(tmp_path, "name: &a [*a]" if cycle else "\n".join(laughs))


def test_a_file_far_larger_than_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="bytes"):
        load(tmp_path, YAML + "#" * 200_000)


def test_settings_may_be_named_once_and_used_again(tmp_path: Path) -> None:
    text = YAML.replace("name: toy", "name: &n toy").replace("text: [toy]", "text: [*n]")
    assert load(tmp_path, text) == load(tmp_path, YAML)


def test_brackets_in_brackets_are_refused_before_they_are_read(tmp_path: Path) -> None:
    """PyYAML takes seconds over a thousand of them; a hundred and one it would read."""
    nested = "[" * MOST_NESTED + "]" * MOST_NESTED
    with pytest.raises(InputError, match="nested too deep"):
        load(tmp_path, f"{YAML}\nextra: [{nested}]\n")
    with pytest.raises(InputError, match="extra"):
        load(tmp_path, f"{YAML}\nextra: {nested}\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (YAML + "\nname: again\n", "'name' stands in lines"),
        ("name: a\nfeatures: {text: [a]}\nmodel: {heads: 2, heads: 4}\n", "'heads' stands in lines 3 and 3"),
        ("name: a\nfeatures: {text: [a]}\nmodel.hidden: 8\nmodel: {heads: 4}\n", "stands beside model"),
    ],
)
def test_what_stands_twice_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(tmp_path, text)


def test_a_name_is_written_out(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        load(tmp_path, YAML, "training.epo=3")
