"""A checkpoint gives back what was saved, or says what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from drawn_inputs import DIMENSIONS, draw, same, small
from safetensors.torch import load_file, save_file

from crossgate.conversation import FeatureSpec
from crossgate.emotions import MELD
from crossgate.errors import InputError
from crossgate.features.settings import FeatureSettings, MiniLMSettings
from crossgate.features.standardize import Standardizer
from crossgate.models.checkpoint import CONFIG_FILE, WEIGHTS_FILE, Checkpoint, load_checkpoint


def checkpoint(**settings: Any) -> Checkpoint:
    network = small(**settings)
    random = np.random.default_rng(0)
    return Checkpoint(
        network,
        network.settings,
        FeatureSettings(
            text=("toy",),
            audio=("toy",),
            visual=("toy",),
            minilm=MiniLMSettings(layers=(2, 4)),
            speaker_relative=(),
        ),
        {m: (FeatureSpec(m, "toy", "1", size, "drawn"),) for m, size in DIMENSIONS.items()},
        {
            m: Standardizer(*random.normal(size=(2, size)).astype(np.float32))
            for m, size in DIMENSIONS.items()
        },
        MELD,
    )


@pytest.mark.parametrize("settings", [{}, {"relations": True, "causal": True, "mix_singles": True}], ids=str)
def test_what_is_loaded_is_what_was_saved(settings: dict[str, Any], tmp_path: Path) -> None:
    saved = checkpoint(**settings)
    saved.network.train()
    saved.save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {WEIGHTS_FILE, CONFIG_FILE}
    loaded = load_checkpoint(tmp_path)
    assert not loaded.network.training
    assert (loaded.settings, loaded.features, loaded.specs, loaded.labels) == (
        saved.settings,
        saved.features,
        saved.specs,
        saved.labels,
    )
    for modality, standardizer in saved.standardizers.items():
        assert np.array_equal(loaded.standardizers[modality].mean, standardizer.mean)
        assert np.array_equal(loaded.standardizers[modality].scale, standardizer.scale)
    inputs = draw(missing=0.3)
    assert same(inputs.through(saved.network.eval()), inputs.through(loaded.network), atol=0)


def test_saving_again_replaces_whole(tmp_path: Path) -> None:
    checkpoint().save(tmp_path)
    other = checkpoint(seed=1)
    other.save(tmp_path)
    inputs = draw()
    assert same(inputs.through(load_checkpoint(tmp_path).network), inputs.through(other.network), atol=0)


def test_one_modality_alone(tmp_path: Path) -> None:
    whole = checkpoint()
    network = small(("audio",))
    Checkpoint(
        network,
        network.settings,
        FeatureSettings(audio=("toy",)),
        {"audio": whole.specs["audio"]},
        {"audio": whole.standardizers["audio"]},
        MELD,
    ).save(tmp_path)
    inputs = draw(modalities=("audio",))
    assert same(inputs.through(load_checkpoint(tmp_path).network), inputs.through(network), atol=0)


@pytest.mark.parametrize("file", [WEIGHTS_FILE, CONFIG_FILE])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "bytes"])
def test_a_damaged_file_is_named(file: str, damage: str, tmp_path: Path) -> None:
    checkpoint().save(tmp_path)
    path = tmp_path / file
    whole = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": whole[: len(whole) // 2], "bytes": b"\xff\x00" * 99}[damage])
    with pytest.raises(InputError, match=file):
        load_checkpoint(tmp_path)


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    checkpoint().save(tmp_path / "one")
    checkpoint(hidden=32).save(tmp_path / "other")
    (tmp_path / "other" / WEIGHTS_FILE).replace(tmp_path / "one" / WEIGHTS_FILE)
    with pytest.raises(InputError, match="do not fit the settings"):
        load_checkpoint(tmp_path / "one")


@pytest.mark.parametrize("change", ["less", "more", "standardizer"])
def test_tensors_too_many_or_too_few_are_refused(change: str, tmp_path: Path) -> None:
    checkpoint().save(tmp_path)
    tensors = load_file(tmp_path / WEIGHTS_FILE)
    if change == "less":
        del tensors["network.heads.weight"]
    elif change == "more":
        tensors["network.heads.extra"] = torch.zeros(1)
    else:
        del tensors["standardizer.audio.scale"]
    save_file(tensors, tmp_path / WEIGHTS_FILE)
    with pytest.raises(InputError, match=WEIGHTS_FILE):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("format",), "another"),
        (("version",), 99),
        (("labels",), None),
        (("labels", "labels"), ["joy", "joy"]),
        (("model", "hidden"), "wide"),
        (("model", "heads"), 5),
        (("model", "hidden"), -16),
        (("model", "new_switch"), True),
        (("features",), []),
        (("features", "text"), None),
        (("specs", "text"), [{"modality": "smell"}]),
        (("dimensions", "text"), "six"),
        (("dimensions",), {}),
    ],
    ids=lambda value: ".".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_config_that_cannot_be_is_refused(path: tuple[str, ...], value: Any, tmp_path: Path) -> None:
    checkpoint().save(tmp_path)
    config = json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    (tmp_path / CONFIG_FILE).write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(InputError, match=str(tmp_path)):
        load_checkpoint(tmp_path)


def test_a_config_that_is_no_object_is_refused(tmp_path: Path) -> None:
    checkpoint().save(tmp_path)
    (tmp_path / CONFIG_FILE).write_text("[1]", encoding="utf-8")
    with pytest.raises(InputError, match="not a checkpoint"):
        load_checkpoint(tmp_path)
