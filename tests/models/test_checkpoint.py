"""A checkpoint gives back what was saved, or says what is wrong with it."""

from __future__ import annotations

import json
from dataclasses import replace
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
from crossgate.models.ensemble import Ensemble
from crossgate.models.temperature import Temperature


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
        (("calibration",), None),
        (("calibration", "temperature"), -1),
        (("calibration", "temperature"), "warm"),
        (("calibration",), []),
        (("calibration", "temperatures"), [1.2]),
        (("calibration", "temperatures"), {"t": 0}),
        (("calibration", "temperatures"), {"at": 1.2}),
        (("calibration", "mood"), 1),
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


def test_calibration_is_kept_and_an_old_config_has_none(tmp_path: Path) -> None:
    fitted = Temperature(1.7, {"t": 0.9, "ta": 1.2})
    replace(checkpoint(), temperature=fitted, confidence_threshold=0.4).save(tmp_path)
    loaded = load_checkpoint(tmp_path)
    assert (loaded.temperature, loaded.confidence_threshold) == (fitted, 0.4)
    config = json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    del config["calibration"]["temperatures"]  # as before a subset had its own
    (tmp_path / CONFIG_FILE).write_text(json.dumps(config), encoding="utf-8")
    assert load_checkpoint(tmp_path).temperature == Temperature(1.7)
    del config["calibration"]
    (tmp_path / CONFIG_FILE).write_text(json.dumps(config), encoding="utf-8")
    loaded = load_checkpoint(tmp_path)
    assert (loaded.temperature, loaded.confidence_threshold, loaded.encoder) == (Temperature(), 0.0, None)


def test_a_calibration_that_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="confidence_threshold"):
        replace(checkpoint(), confidence_threshold=1.5)
    with pytest.raises(InputError, match="names 'at', expected some of t, a, v, ta"):
        replace(checkpoint(), temperature=Temperature(1.0, {"at": 1.0}))


def test_half_precision_halves_the_file_and_stays_close(tmp_path: Path) -> None:
    saved = checkpoint(hidden=64)
    saved.save(tmp_path / "full")
    saved.save(tmp_path / "half", half=True)
    full, half = (load_checkpoint(tmp_path / name) for name in ("full", "half"))
    size = {name: (tmp_path / name / WEIGHTS_FILE).stat().st_size for name in ("full", "half")}
    assert size["half"] < 0.6 * size["full"]
    assert all(value.dtype == torch.float32 for value in half.network.parameters())
    assert np.array_equal(half.standardizers["text"].mean, saved.standardizers["text"].mean)
    inputs = draw()
    assert same(inputs.through(full.network), inputs.through(half.network), atol=1e-2)
    assert half.fits_half
    assert not full.fits_half
    # What was saved in half precision loses nothing more when it is saved so again.
    half.save(tmp_path / "again", half=True)
    assert (tmp_path / "again" / WEIGHTS_FILE).read_bytes() == (tmp_path / "half" / WEIGHTS_FILE).read_bytes()


def test_a_weight_too_large_for_half_precision_is_refused(tmp_path: Path) -> None:
    saved = checkpoint()
    with torch.no_grad():
        saved.network.heads.weight[0, 0, 0] = 1e6
    with pytest.raises(InputError, match="too large"):
        saved.save(tmp_path / "half", half=True)
    assert not (tmp_path / "half").exists()


def an_encoder(folder: Path) -> Path:
    (folder / "deeper").mkdir(parents=True)
    for name in ("encoder.json", "adapter.safetensors", "deeper/vocabulary.json"):
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def test_a_text_encoder_goes_along(tmp_path: Path) -> None:
    saved = replace(checkpoint(), encoder=an_encoder(tmp_path / "trained"))
    saved.save(tmp_path / "one")
    loaded = load_checkpoint(tmp_path / "one")
    assert loaded.encoder == tmp_path / "one" / "text"
    loaded.save(tmp_path / "one")  # onto itself
    loaded.save(tmp_path / "two")
    for name in ("encoder.json", "adapter.safetensors", "deeper/vocabulary.json"):
        assert (tmp_path / "two" / "text" / name).read_text(encoding="utf-8") == name


def test_what_is_no_part_of_a_checkpoint_does_not_go_along(tmp_path: Path) -> None:
    encoder = an_encoder(tmp_path / "trained")
    (encoder / "optimizer.pt").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match=r"optimizer\.pt"):
        replace(checkpoint(), encoder=encoder).save(tmp_path / "one")
    assert not (tmp_path / "one" / "text").exists()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file"):
        replace(checkpoint(), encoder=tmp_path / "empty").save(tmp_path / "one")


def test_another_checkpoints_text_encoder_is_not_taken_over(tmp_path: Path) -> None:
    replace(checkpoint(), encoder=an_encoder(tmp_path / "trained")).save(tmp_path / "one")
    with pytest.raises(InputError, match="already"):
        checkpoint().save(tmp_path / "one")


def test_several_networks_answer_as_one(tmp_path: Path) -> None:
    first, second = checkpoint(), checkpoint()
    with torch.no_grad():
        for weight in second.network.parameters():
            weight *= 1.5
    both = replace(first, network=Ensemble([first.network, second.network]).eval())
    both.save(tmp_path)
    loaded = load_checkpoint(tmp_path)
    assert loaded.members == 2
    inputs = draw()
    with torch.inference_mode():
        said = [inputs.through(one) for one in (first.network.eval(), second.network.eval())]
        answer = inputs.through(loaded.network)
    mean = torch.stack([views.logits.softmax(-1) for views in said]).mean(0)
    torch.testing.assert_close(answer.logits.softmax(-1), mean)
    assert not torch.allclose(said[0].logits, said[1].logits)
    torch.testing.assert_close(answer.shares, (said[0].shares + said[1].shares) / 2)


@pytest.mark.parametrize("members", [0, -1, 1e9, "2", True, None])
def test_a_number_of_networks_that_is_none_is_refused(members: Any, tmp_path: Path) -> None:
    checkpoint().save(tmp_path)
    config = json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    (tmp_path / CONFIG_FILE).write_text(json.dumps(config | {"members": members}), encoding="utf-8")
    with pytest.raises(InputError, match="members"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("model", {"hidden": 65_536, "heads": 1}),
        ("model", {"hidden": 10**9}),
        ("model", {"layers": 10**9}),
        ("model", {"feedforward": 1e300}),
        ("model", {"speakers": 100_000}),
        ("dimensions", {"text": 2**31}),
        ("dimensions", {"text": 10**30}),
        ("calibration", {"temperature": 10**400}),
    ],
)
def test_sizes_that_the_weights_do_not_have_are_refused_before_memory_is_asked_for(
    part: str, change: dict[str, Any], tmp_path: Path
) -> None:
    checkpoint().save(tmp_path)
    config = json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    config[part] |= change
    (tmp_path / CONFIG_FILE).write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(InputError, match=str(tmp_path)):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": ' + "9" * 9000 + "}", " " * 10_000_001])
def test_a_config_that_is_a_bomb_is_refused(text: str, tmp_path: Path) -> None:
    checkpoint().save(tmp_path)
    (tmp_path / CONFIG_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=CONFIG_FILE):
        load_checkpoint(tmp_path)


def test_a_link_out_of_the_encoders_folder_does_not_go_along(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine", encoding="utf-8")
    encoder = an_encoder(tmp_path / "trained")
    (encoder / "notes.json").symlink_to(tmp_path / "secret")
    with pytest.raises(InputError, match="link"):
        replace(checkpoint(), encoder=encoder).save(tmp_path / "one")
    assert not (tmp_path / "one" / "text").exists()


def test_the_links_of_the_hubs_cache_go_along(tmp_path: Path) -> None:
    blobs, encoder = tmp_path / "blobs", tmp_path / "snapshots" / "1a2b" / "text"
    blobs.mkdir()
    encoder.mkdir(parents=True)
    (blobs / "5c6d").write_text("x", encoding="utf-8")
    (encoder / "encoder.json").symlink_to("../../../blobs/5c6d")
    replace(checkpoint(), encoder=encoder).save(tmp_path / "one")
    assert (tmp_path / "one" / "text" / "encoder.json").read_text(encoding="utf-8") == "x"
    assert not (tmp_path / "one" / "text" / "encoder.json").is_symlink()
