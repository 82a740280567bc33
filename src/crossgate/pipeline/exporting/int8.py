"""Weights in 8 bits, and what they cost in accuracy."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from crossgate.corpora.table import FeatureColumn, Split
from crossgate.emotions import UNLABELLED
from crossgate.errors import CrossgateError, InputError, reason_of
from crossgate.evaluation.members import examples_of
from crossgate.evaluation.metrics import weighted_f1
from crossgate.evaluation.predictor import Predictions, predict
from crossgate.features.assemble import TURNS
from crossgate.features.graphs import Graph, Session
from crossgate.models.checkpoint import Checkpoint

INT8 = "int8"
NOT_MEASURED = "not measured"


def quantized(path: Path, to: Path, graph: Graph) -> Path:
    """Write a graph with weights of 8 bits, quantised dynamically: activations by what comes in.

    Raises CrossgateError where the quantised graph cannot be made, or does not run.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it advises its own preparation, which has been done
    try:
        with tempfile.TemporaryDirectory() as folder:
            ready = Path(folder) / "prepared.onnx"
            quant_pre_process(str(path), str(ready), skip_symbolic_shape=True)
            # ONNX Runtime's integer convolution takes unsigned weights alone.
            convolves = graph.name == "face"
            quantize_dynamic(
                str(ready), str(to), weight_type=QuantType.QUInt8 if convolves else QuantType.QInt8
            )
        Session(to)(graph.drawn(graph.sizes[0]))
    except InputError:
        raise
    except Exception as error:  # whatever the library stumbles over
        raise CrossgateError(
            f"ONNX Runtime cannot quantise the network: {reason_of(error)}", where=graph.name
        ) from error
    finally:
        root.setLevel(level)
    return to


def text_loss(checkpoint: Checkpoint, split: Split, session: Session) -> dict[str, Any]:
    """What a quantised text encoder changes in the answers of the whole checkpoint on a split.

    The texts are read twice, by PyTorch in 32 bits and by `session`; all else is the same. Agreement is the
    share of utterances with the same likeliest emotion.

    Raises InputError where the split has no texts or no labels of the checkpoint's set.
    """
    from crossgate.features.text.turn_embedder import turn_embedder
    from crossgate.features.text.turn_graph import reader_of

    assert checkpoint.encoder is not None  # it has a text graph
    embedder, head = turn_embedder(checkpoint.encoder), checkpoint.features.turns

    def answers(by: Any) -> Predictions:
        values, present = by.embed(split.conversations, head)
        column = FeatureColumn(embedder.spec(head), values, present)
        columns = {**split.columns, f"text_{TURNS}": column}
        return predict(
            checkpoint.network,
            examples_of(checkpoint, replace(split, columns=columns), cache=False),
            temperature=checkpoint.temperature,
        )

    full, small = answers(embedder), answers(replace(embedder, reader=reader_of(session)))
    labelled = full.labels != UNLABELLED
    if not labelled.any():
        raise InputError("no utterance has one of the checkpoint's labels", where=f"split {split.name}")
    likeliest = {"float32": full, INT8: small}
    chosen = {name: found.probabilities.argmax(axis=-1) for name, found in likeliest.items()}
    return {
        "split": split.name,
        "sha256": split.sha256,
        "utterances": int(labelled.sum()),
        "agreement": float(np.mean(chosen["float32"] == chosen[INT8])),
        "weighted_f1": {
            name: weighted_f1(full.labels[labelled], answer[labelled], len(checkpoint.labels))
            for name, answer in chosen.items()
        },
        "largest_change_of_a_probability": float(np.abs(full.probabilities - small.probabilities).max()),
    }
