"""ONNX Runtime answers as PyTorch does, at any length; what would differ is not written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from crossgate.conversation import Conversation, Utterance
from crossgate.corpora.table import FeatureColumn, Split
from crossgate.errors import CrossgateError, InputError
from crossgate.evaluation.predictor import predict
from crossgate.features.graphs import Session, compared, refuse_different, traced
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.features.text.turn_graph import reader_of, text_graph
from crossgate.features.visual.face_graph import face_graph
from crossgate.features.visual.face_network import FaceNetwork
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.crossgate import CrossGate
from crossgate.models.ensemble import Ensemble
from crossgate.models.temperature import Temperature
from crossgate.pipeline.exporting.int8 import quantized, text_loss
from crossgate.pipeline.exporting.onnx import export_onnx
from crossgate.pipeline.in_memory import examples_in_memory
from toy_checkpoints import toy_checkpoint
from toy_faces import TINY

pytest.importorskip("onnxruntime", reason="the extra `onnx` is not installed")

TALK = Conversation(
    "talk",
    tuple(
        Utterance(str(turn), "AB"[turn % 2], words, emotion=emotion)
        for turn, (words, emotion) in enumerate(
            [("you did what", "anger"), ("very good", "joy"), (None, None), ("i am not happy", "sadness")]
            * 20
        )
    ),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkpoint, Path]:
    folder = tmp_path_factory.mktemp("toy")
    checkpoint = toy_checkpoint(folder, causal=False)
    networks = [checkpoint.network]
    for seed in (1, 2):
        torch.manual_seed(seed)
        dimensions = {m: len(s.mean) for m, s in checkpoint.standardizers.items()}
        networks.append(CrossGate(checkpoint.settings, dimensions, len(checkpoint.labels)).eval())
    checkpoint = replace(
        checkpoint, network=Ensemble(networks).eval(), temperature=Temperature(1.3, {"t": 0.7, "ta": 2.0})
    )
    checkpoint.save(folder / "saved")
    return checkpoint, folder / "saved"


@pytest.fixture(scope="module")
def exported(made: tuple[Checkpoint, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out") / "onnx"
    export_onnx(*made, out, int8=True)
    return out


def test_the_fusion_of_an_ensemble_answers_as_predict_does(
    made: tuple[Checkpoint, Path], exported: Path
) -> None:
    checkpoint, _ = made
    (example,) = examples_in_memory([TALK], checkpoint)  # 80 turns: PyTorch goes block by block
    expected = predict(checkpoint.network, [example], temperature=checkpoint.temperature)
    given = {m: values[None] for m, values in example.values.items()} | {
        "present": example.present[:, None],
        "speakers": example.speakers[None],
        "turns": torch.ones(1, len(example), dtype=torch.bool),
    }
    found = Session(exported / "fusion.onnx")(given)
    assert found["probabilities"][:, 0] == pytest.approx(expected.views, abs=1e-5)
    assert (found["valid"][:, 0] == expected.valid).all()
    assert found["shares"][0] == pytest.approx(expected.shares, abs=1e-5)


def test_the_text_graph_stands_in_for_the_encoder(made: tuple[Checkpoint, Path], exported: Path) -> None:
    checkpoint, _ = made
    assert checkpoint.encoder is not None
    embedder = TurnEmbedder.load(checkpoint.encoder)
    by_runtime = replace(embedder, reader=reader_of(Session(exported / "text.onnx")))
    found, expected = (one.embed([TALK, TALK], "mood")[0] for one in (by_runtime, embedder))
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("causal", [True, False])
def test_a_causal_text_graph_looks_at_no_later_turn(tmp_path: Path, causal: bool) -> None:
    checkpoint = toy_checkpoint(tmp_path, causal=causal)
    assert checkpoint.encoder is not None
    graph = text_graph(TurnEmbedder.load(checkpoint.encoder), "mood")
    session = Session(traced(graph))
    inputs = graph.drawn((1, 4, 3))
    changed = dict(inputs)
    changed["ids"] = torch.where(inputs["turns"] == 3, (inputs["ids"] + 1) % 20, inputs["ids"])
    first, second = (session(one)["vectors"][0, :3] for one in (inputs, changed))
    assert np.allclose(first, second, atol=1e-6) == causal


def test_the_face_graph_takes_any_number_of_faces() -> None:
    torch.manual_seed(0)
    graph = face_graph(FaceNetwork(TINY).eval())
    assert refuse_different(graph, Session(traced(graph))).difference < 1e-5


def test_what_differs_is_refused_by_name() -> None:
    torch.manual_seed(0)
    graph = face_graph(FaceNetwork(TINY).eval())
    session = Session(traced(graph))
    with torch.no_grad():
        graph.module.expressions.bias[3] += 0.5  # type: ignore[union-attr, operator, index]
    assert compared(graph, session).difference == pytest.approx(0.5, abs=1e-4)
    with pytest.raises(CrossgateError, match=r"graph face: ONNX Runtime's logits is 0\.5 from PyTorch's"):
        refuse_different(graph, session)


def test_nothing_is_left_behind_where_the_answers_differ(
    made: tuple[Checkpoint, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, folder = made
    out = tmp_path / "onnx"
    with monkeypatch.context() as patch:
        patch.setattr(
            "crossgate.pipeline.exporting.onnx.refuse_different",
            lambda graph, session: refuse_different(graph, session, tolerance=0.0),
        )
        with pytest.raises(CrossgateError, match="from PyTorch's on inputs of size"):
            export_onnx(checkpoint, folder, out)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_there_is_left_alone(made: tuple[Checkpoint, Path], tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(InputError, match="not empty"):
        export_onnx(*made, tmp_path)


def test_the_description_says_what_is_read_and_said(exported: Path) -> None:
    found = json.loads((exported / "onnx.json").read_text())
    assert found["graphs"].keys() == {"text", "fusion"}  # its visual features are not the packaged network's
    fusion = found["graphs"]["fusion"]
    assert fusion["inputs"]["audio"] == {
        "type": "float32",
        "shape": ["batch", "turn", 5],
        "axes": ["batch", "turn", "feature"],
    }
    assert fusion["outputs"]["probabilities"]["shape"] == [7, "batch", "turn", 7]
    assert fusion["worst_difference"] <= found["tolerance"]
    assert len(found["standardisation"]["visual"]["mean"]) == 4
    assert found["graphs"]["text"]["int8"]["loss"] == "not measured"
    assert "`probabilities` | output | float32 | view 7, batch, turn, emotion 7" in (
        exported / "README.md"
    ).read_text(encoding="utf-8")


def test_the_loss_of_8_bits_is_that_of_the_whole_checkpoint(
    made: tuple[Checkpoint, Path], exported: Path
) -> None:
    checkpoint, _ = made
    nothing = np.full((len(TALK), 4), np.nan, dtype=np.float32)
    visual = FeatureColumn(checkpoint.specs["visual"][0], nothing, np.zeros(len(TALK), dtype=bool))
    audio = FeatureColumn(
        checkpoint.specs["audio"][0], np.ones((len(TALK), 5), np.float32), np.ones(len(TALK), dtype=bool)
    )
    split = Split("validation", (TALK,), {"audio_toy": audio, "visual_toy": visual}, sha256="")
    same = text_loss(checkpoint, split, Session(exported / "text.onnx"))
    assert same["agreement"] == 1.0
    assert same["utterances"] == 60
    assert same["weighted_f1"]["int8"] == same["weighted_f1"]["float32"]
    assert text_loss(checkpoint, split, Session(exported / "text.int8.onnx"))["agreement"] > 0.9
    wrong: Any = lambda inputs: {"vectors": -Session(exported / "text.onnx")(inputs)["vectors"]}  # noqa: E731
    assert text_loss(checkpoint, split, wrong)["agreement"] < 1.0


def test_the_face_network_in_8_bits_is_smaller_and_close(tmp_path: Path) -> None:
    torch.manual_seed(0)
    graph = face_graph(FaceNetwork(TINY).eval())
    path = tmp_path / "face.onnx"
    path.write_bytes(traced(graph))
    small = quantized(path, tmp_path / "small.onnx", graph)
    assert 0 < compared(graph, Session(small)).difference < 0.2
