"""Faces of any size and colour to vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from crossgate.errors import InputError
from crossgate.features.visual import faces
from crossgate.features.visual.face_network import FaceNetwork, load_face_network, save_face_network
from crossgate.features.visual.face_settings import EXPRESSIONS
from crossgate.features.visual.faces import BATCH, FaceEncoder, face_spec, grey_face
from crossgate.training.faces.data import read_voted_faces
from toy_faces import TINY

RANDOM = np.random.default_rng(4)
GREY = RANDOM.integers(0, 256, size=(7, 48, 48), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    save_face_network(FaceNetwork(TINY), tmp_path / "face")
    return tmp_path / "face"


def test_shapes_types_and_sums(folder: Path) -> None:
    embedding, posterior = FaceEncoder.load(folder).encode(GREY)
    assert embedding.shape == (7, TINY.embedding)
    assert posterior.shape == (7, 8)
    assert embedding.dtype == posterior.dtype == np.float32
    np.testing.assert_allclose(posterior.sum(axis=1), 1, atol=1e-6)


def test_the_encoder_gives_what_the_network_gives(folder: Path) -> None:
    embedding, posterior = FaceEncoder.load(folder).encode(GREY)
    with torch.inference_mode():
        network = load_face_network(folder)
        expected = network(torch.from_numpy(GREY).unsqueeze(1).float() / 255)
    np.testing.assert_allclose(embedding, expected.embedding, atol=1e-5)
    np.testing.assert_allclose(posterior, expected.logits.softmax(dim=-1), atol=1e-6)


def test_batches_do_not_show(folder: Path) -> None:
    encoder = FaceEncoder.load(folder)
    many = RANDOM.integers(0, 256, size=(BATCH + 3, 48, 48), dtype=np.uint8)
    whole = encoder.encode(many).embedding
    np.testing.assert_allclose(whole[-1], encoder.encode(many[-1:]).embedding[0], atol=1e-5)
    assert len(whole) == BATCH + 3


def test_no_faces_are_no_vectors(folder: Path) -> None:
    embedding, posterior = FaceEncoder.load(folder).encode([])
    assert embedding.shape == (0, TINY.embedding)
    assert posterior.shape == (0, 8)


def test_grey_given_in_three_channels_is_grey(folder: Path) -> None:
    encoder = FaceEncoder.load(folder)
    coloured = np.repeat(GREY[..., None], 3, axis=-1)
    np.testing.assert_allclose(encoder.encode(coloured).posterior, encoder.encode(GREY).posterior, atol=1e-6)


def test_sizes_may_differ_in_a_list(folder: Path) -> None:
    given = [GREY[0], RANDOM.integers(0, 256, (90, 70, 3), dtype=np.uint8), np.zeros((1, 1), np.uint8)]
    assert FaceEncoder.load(folder).encode(given).embedding.shape == (3, TINY.embedding)


def test_a_larger_picture_of_the_same_is_the_same(folder: Path) -> None:
    large = np.repeat(np.repeat(GREY, 2, axis=1), 2, axis=2)
    shrunk = grey_face(large[0], "face 0").astype(int)
    smooth = np.tile(np.linspace(0, 255, 96).astype(np.uint8), (96, 1))
    assert shrunk.shape == (48, 48)
    assert np.abs(grey_face(smooth, "it").astype(int) - smooth[:48, ::2]).max() <= 3


def test_flipping_makes_mirror_images_alike(folder: Path) -> None:
    both = FaceEncoder.load(folder, flip=True)
    once = FaceEncoder.load(folder)
    mirrored = GREY[:, :, ::-1].copy()
    np.testing.assert_allclose(both.encode(mirrored).posterior, both.encode(GREY).posterior, atol=1e-6)
    mean = (once.encode(mirrored).embedding + once.encode(GREY).embedding) / 2
    np.testing.assert_allclose(both.encode(GREY).embedding, mean, atol=1e-5)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((48, 48), np.float32),
        np.zeros((48, 48, 4), np.uint8),
        np.zeros(48, np.uint8),
        np.zeros((0, 48), np.uint8),
    ],
    ids=["float", "four channels", "a line", "empty"],
)
def test_what_is_no_image_is_named_by_its_number(wrong: np.ndarray, folder: Path) -> None:
    with pytest.raises(InputError, match="face 1: an array of"):
        FaceEncoder.load(folder).encode([GREY[0], wrong])


def test_the_spec_names_the_weights(folder: Path) -> None:
    spec = face_spec(folder)
    assert (spec.modality, spec.name, spec.dimension) == ("visual", "face6", TINY.embedding)
    assert FaceEncoder.load(folder).spec == spec
    assert not FaceEncoder.load(folder, flip=True).spec.matches(spec)
    torch.manual_seed(1)
    save_face_network(FaceNetwork(TINY), folder)
    assert not face_spec(folder).matches(spec)


def test_without_the_packaged_network_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "PACKAGED", tmp_path / "face")
    for load in (FaceEncoder.load, face_spec):
        with pytest.raises(InputError, match="packaged face network is not here") as caught:
            load()
        assert "train-face" in str(caught.value)


def test_a_folder_without_a_network_is_refused(tmp_path: Path) -> None:
    for load in (FaceEncoder.load, face_spec):
        with pytest.raises(InputError, match="no such file"):
            load(tmp_path / "nothing")


@pytest.mark.skipif(not faces.PACKAGED.is_dir(), reason="this copy has no packaged network")
def test_the_packaged_network_is_small_and_has_a_card() -> None:
    assert (faces.PACKAGED / "model.safetensors").stat().st_size <= 5e6
    assert face_spec().name == "face128"
    card = (faces.PACKAGED / "README.md").read_text(encoding="utf-8")
    assert all(expression in card for expression in EXPRESSIONS.labels)


@pytest.mark.real
@pytest.mark.skipif(not faces.PACKAGED.is_dir(), reason="this copy has no packaged network")
def test_the_packaged_network_keeps_its_card_s_promise(shared_data: Path) -> None:
    voted = read_voted_faces(shared_data / "faces" / "validation.parquet")
    some = np.flatnonzero(voted.majority >= 0)[::4]
    posterior = FaceEncoder.load().encode(voted.faces[some]).posterior
    assert (posterior.argmax(axis=1) == voted.majority[some]).mean() > 0.83
