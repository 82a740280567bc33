"""The face network and its two files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from crossgate.errors import InputError
from crossgate.features.visual.face_network import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    FaceNetwork,
    load_face_network,
    save_face_network,
    standardize,
)
from crossgate.features.visual.face_settings import FaceSettings
from toy_faces import TINY

FACES = torch.rand(5, 1, 48, 48, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def network() -> FaceNetwork:
    torch.manual_seed(0)
    network = FaceNetwork(TINY)
    network.train()
    for _ in range(3):  # running statistics and scales other than the first ones
        network(FACES)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    return network.eval()


def test_shapes_and_types(network: FaceNetwork) -> None:
    embedding, logits = network(FACES)
    assert embedding.shape == (5, TINY.embedding)
    assert logits.shape == (5, 8)
    assert embedding.dtype == logits.dtype == torch.float32


def test_in_16_bits_the_outputs_are_32(network: FaceNetwork) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        embedding, logits = network(FACES)
    assert embedding.dtype == logits.dtype == torch.float32


def test_gain_and_offset_of_the_light_do_not_matter(network: FaceNetwork) -> None:
    torch.testing.assert_close(network(0.2 + 0.5 * FACES).logits, network(FACES).logits, atol=1e-4, rtol=1e-4)


def test_a_flat_image_is_no_number_too_large(network: FaceNetwork) -> None:
    for grey in (0.0, 0.5, 1.0):
        flat = torch.full((2, 1, 48, 48), grey)
        assert standardize(flat).abs().max() < 1e-3
        assert network(flat).logits.isfinite().all()
    assert standardize(0.5 + 1e-3 * FACES).std() < 0.1


def test_a_face_does_not_depend_on_those_beside_it(network: FaceNetwork) -> None:
    torch.testing.assert_close(network(FACES[2:3]).logits, network(FACES).logits[2:3])


def test_every_weight_is_learned(network: FaceNetwork) -> None:
    network.train()
    network(FACES).logits.square().sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize(("widths", "blocks"), [((4,), (1,)), ((4, 6, 8, 10), (1, 2, 1, 1))])
def test_any_number_of_stages(widths: tuple[int, ...], blocks: tuple[int, ...]) -> None:
    network = FaceNetwork(FaceSettings(stem=4, widths=widths, blocks=blocks, embedding=6)).eval()
    assert network(FACES).logits.shape == (5, 8)


@pytest.mark.parametrize(
    "wrong",
    [
        {"widths": ()},
        {"widths": (4, 8)},
        {"stem": 0},
        {"embedding": 0},
        {"dropout": 1.0},
        {"blocks": (1, 0, 1)},
        {"blocks": (1, 1.5, 1)},
        {"blocks": (1, 10**9, 1)},
        {"stem": True},
        {"embedding": 10**9},
        {"widths": (8, float("nan"), 8)},
    ],
    ids=str,
)
def test_sizes_that_make_no_network_are_refused(wrong) -> None:
    with pytest.raises(InputError, match="network"):
        FaceSettings(**wrong)


def test_what_is_saved_is_what_is_loaded(network: FaceNetwork, tmp_path: Path) -> None:
    save_face_network(network, tmp_path)
    loaded = load_face_network(tmp_path)
    assert not loaded.training
    assert loaded.settings == TINY
    # Kernels are kept in 16 bits, hence not to the last bit the first time, and to it the second.
    torch.testing.assert_close(loaded(FACES).logits, network(FACES).logits, atol=5e-3, rtol=5e-3)
    save_face_network(loaded, tmp_path / "again")
    again = load_face_network(tmp_path / "again")
    assert torch.equal(again(FACES).logits, loaded(FACES).logits)
    assert all(value.dtype in (torch.float32, torch.int64) for value in again.state_dict().values())


def test_the_folder_holds_two_files_and_no_pickle(network: FaceNetwork, tmp_path: Path) -> None:
    save_face_network(network, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {WEIGHTS_FILE, CONFIG_FILE}
    tensors = load_file(tmp_path / WEIGHTS_FILE)
    assert {str(value.dtype) for value in tensors.values()} == {
        "torch.float16",
        "torch.float32",
        "torch.int64",
    }
    config = json.loads((tmp_path / CONFIG_FILE).read_text(encoding="utf-8"))
    assert config["format"] == "crossgate-face"
    assert len(config["expressions"]) == 8


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / CONFIG_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")


def drop_a_tensor(folder: Path) -> None:
    tensors = load_file(folder / WEIGHTS_FILE)
    tensors.pop("places")
    save_file(tensors, folder / WEIGHTS_FILE)


DAMAGE = {
    "no config": (lambda f: (f / CONFIG_FILE).unlink(), "no such file"),
    "no JSON": (lambda f: (f / CONFIG_FILE).write_text("{", encoding="utf-8"), "not JSON"),
    "another format": (lambda f: rewrite(f, format="other"), "not a network of format"),
    "a later version": (lambda f: rewrite(f, version=2), "not a network of format"),
    "a list": (lambda f: (f / CONFIG_FILE).write_text("[]", encoding="utf-8"), "not a network of format"),
    "other expressions": (lambda f: rewrite(f, expressions=["calm"]), "expected"),
    "another input": (lambda f: rewrite(f, input={"height": 64}), "expected"),
    "unknown settings": (lambda f: rewrite(f, network={"depth": 3}), "settings of the network"),
    "no settings": (lambda f: rewrite(f, network=None), "settings of the network"),
    "words for numbers": (
        lambda f: rewrite(f, network={"stem": "wide", "widths": [4], "blocks": [1]}),
        "settings of the network",
    ),
    "no weights": (lambda f: (f / WEIGHTS_FILE).unlink(), "no such file"),
    "cut weights": (
        lambda f: (f / WEIGHTS_FILE).write_bytes((f / WEIGHTS_FILE).read_bytes()[:200]),
        "cannot be read",
    ),
    "other weights": (
        lambda f: rewrite(f, network={"stem": 8, "widths": [4, 8], "blocks": [1, 1], "embedding": 6}),
        "do not fit",
    ),
    "a tensor less": (drop_a_tensor, "do not fit"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_named_with_its_file(damage: str, network: FaceNetwork, tmp_path: Path) -> None:
    save_face_network(network, tmp_path)
    act, said = DAMAGE[damage]
    act(tmp_path)
    with pytest.raises(InputError, match=said) as caught:
        load_face_network(tmp_path)
    assert str(tmp_path) in str(caught.value)
