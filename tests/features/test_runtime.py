"""Which library runs a network: asked for, or chosen; the answers are the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from crossgate.conversation import FeatureSpec
from crossgate.errors import CrossgateError, InputError
from crossgate.features import runtime
from crossgate.features.graphs import Graph
from crossgate.features.runtime import ENVIRONMENT, Lazily
from crossgate.features.text.turn_graph import quick_embedder
from crossgate.features.visual import faces
from crossgate.features.visual.face_graph import face_graph
from crossgate.features.visual.face_network import FaceNetwork
from crossgate.features.visual.faces import FaceEncoder
from toy_checkpoints import toy_checkpoint
from toy_faces import TINY

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")

SPEC = FeatureSpec("visual", "face", "toy", TINY.embedding, "drawn")


@pytest.fixture
def network() -> FaceNetwork:
    torch.manual_seed(0)
    return FaceNetwork(TINY).eval()


def test_what_is_asked_for_is_done(network: FaceNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    lazily = Lazily(lambda: face_graph(network), 100)
    monkeypatch.setenv(ENVIRONMENT, "torch")
    assert lazily.session(1000) is None
    monkeypatch.setenv(ENVIRONMENT, "onnx")
    assert lazily.session(1) is not None
    monkeypatch.setenv(ENVIRONMENT, "tensorflow")
    with pytest.raises(InputError, match="CROSSGATE_BACKEND is 'tensorflow', expected auto, torch, onnx"):
        lazily.session(1)


def test_without_being_asked_it_waits_until_it_pays(
    network: FaceNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    lazily = Lazily(lambda: face_graph(network), 100)
    assert lazily.session(99) is None
    assert lazily.session(1) is not None
    assert Lazily(lambda: face_graph(network), None).session(10**9) is None
    monkeypatch.setattr(runtime, "find_spec", lambda name: None)
    assert Lazily(lambda: face_graph(network), 1).session(10) is None


def test_a_graph_that_fails_stops_those_alone_who_asked_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def graph() -> Graph:
        raise CrossgateError("no graph today")

    lazily = Lazily(graph, 1)
    monkeypatch.setenv(ENVIRONMENT, "auto")
    with pytest.warns(UserWarning, match="no graph today"):
        assert lazily.session(1) is None
    assert lazily.session(1) is None  # once is enough
    monkeypatch.setenv(ENVIRONMENT, "onnx")
    with pytest.raises(CrossgateError, match="no graph today"):
        lazily.session(1)


@pytest.mark.parametrize("flip", [False, True])
def test_faces_look_the_same_by_either(
    network: FaceNetwork, flip: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    crops = np.random.default_rng(0).integers(0, 256, size=(5, 60, 50, 3), dtype=np.uint8)
    found = {}
    for chosen in ("torch", "onnx"):
        monkeypatch.setenv(ENVIRONMENT, chosen)
        found[chosen] = FaceEncoder(network, SPEC, flip=flip).encode(crops)
    for one, other in zip(found["torch"], found["onnx"], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)


def test_many_faces_are_left_to_onnx_runtime(network: FaceNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    monkeypatch.setattr(faces, "WORTH", 10)
    crops = np.random.default_rng(0).integers(0, 256, size=(12, 48, 48), dtype=np.uint8)
    encoder = FaceEncoder(network, SPEC)
    before = encoder.encode(crops[:4]).embedding
    encoder.encode(crops)  # from here on
    monkeypatch.setattr(network, "forward", lambda faces: pytest.fail("PyTorch was asked"))
    np.testing.assert_allclose(encoder.encode(crops[:4]).embedding, before, atol=1e-5)


def test_single_turns_are_read_the_same_by_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = toy_checkpoint(tmp_path)
    assert checkpoint.encoder is not None
    said = {}
    for chosen in ("torch", "onnx"):
        monkeypatch.setenv(ENVIRONMENT, chosen)
        embedder = quick_embedder(checkpoint.encoder, "mood")
        assert (embedder.reader is not None) == (chosen == "onnx")
        turns = embedder.turns(["ann", "ben"], ["you are very good", "i am not"])
        said[chosen] = embedder.answers(embedder.newest(turns), "mood")
    np.testing.assert_allclose(said["torch"], said["onnx"], atol=1e-5)
