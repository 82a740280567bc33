"""A checkpoint as a folder of ONNX files: text encoder, face network, fusion, and what they read and say."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crossgate.corpora.manifest import sha256_of
from crossgate.corpora.table import Split
from crossgate.features.assemble import TURNS
from crossgate.features.graphs import OPSET, TOLERANCE, Graph, Session, refuse_different, traced
from crossgate.features.runtime import refuse_missing
from crossgate.features.standardize import LIMIT
from crossgate.features.text.turn_settings import TurnEncoderSettings
from crossgate.features.visual.face_graph import face_graph
from crossgate.features.visual.face_network import load_face_network
from crossgate.features.visual.face_settings import EXPRESSIONS, SIDE
from crossgate.features.visual.faces import PACKAGED, face_spec
from crossgate.files import new_folder, refuse_filled, refuse_unwritable, write_json
from crossgate.models.checkpoint import WEIGHTS_FILE, Checkpoint
from crossgate.models.fusion_graph import fusion_graph
from crossgate.pipeline.exporting.int8 import INT8, NOT_MEASURED, quantized, text_loss
from crossgate.pipeline.exporting.readme import readme
from crossgate.pipeline.steps import Step

DESCRIPTION_FILE = "onnx.json"
README_FILE = "README.md"
FORMAT = "crossgate-onnx"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class _Part:
    """A graph, what it was made of, and what a reader has to know of it."""

    graph: Graph
    facts: dict[str, Any]


def export_onnx(
    checkpoint: Checkpoint,
    folder: Path,
    out: Path,
    *,
    int8: bool = False,
    measured_on: Split | None = None,
    step: Step = lambda words, share: None,
) -> dict[str, Any]:
    """Write the folder, and give what its `onnx.json` says.

    Args:
        checkpoint: what is exported.
        folder: where it was loaded from.
        out: must not exist, or be empty.
        int8: also write text encoder and face network with weights of 8 bits.
        measured_on: a split with labels and texts, on which the loss of the 8 bits is measured.
        step: called with what is being done.

    Raises InputError where a library is missing or the folder is taken, and CrossgateError where ONNX
    Runtime's answers are further from PyTorch's than `TOLERANCE`; nothing is left behind then.
    """
    refuse_filled(out)
    refuse_unwritable(out)
    refuse_missing()
    parts = _parts(checkpoint)
    described: dict[str, Any] = {}
    with new_folder(out) as draft:
        for number, part in enumerate(parts):
            name = part.graph.name
            step(f"writing {name}.onnx", number / len(parts))
            path = draft / f"{name}.onnx"
            path.write_bytes(traced(part.graph))
            step(f"comparing {name}.onnx with PyTorch", number / len(parts))
            session = Session(path)
            worst = refuse_different(part.graph, session)
            described[name] = {
                "file": path.name,
                "megabytes": _megabytes(path),
                "inputs": _shapes(part.graph, part.graph.inputs, session.inputs),
                "outputs": _shapes(part.graph, part.graph.outputs, session.outputs),
                "worst_difference": worst.difference,
                "sizes_compared": [list(size) for size in part.graph.sizes],
                **part.facts,
            }
            if int8 and name != "fusion":
                step(f"writing {name}.{INT8}.onnx", number / len(parts))
                small = quantized(path, draft / f"{name}.{INT8}.onnx", part.graph)
                described[name][INT8] = {
                    "file": small.name,
                    "megabytes": _megabytes(small),
                    "loss": NOT_MEASURED,
                }
                if name == "text" and measured_on is not None:
                    step(f"measuring {small.name}", number / len(parts))
                    described[name][INT8]["loss"] = text_loss(checkpoint, measured_on, Session(small))
        description = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "opset": OPSET,
            "weights_sha256": sha256_of(folder / WEIGHTS_FILE),
            "tolerance": TOLERANCE,
            "labels": list(checkpoint.labels.labels),
            "views": list(checkpoint.network.views),
            "modalities": list(checkpoint.network.modalities),
            "members": checkpoint.members,
            "causal": checkpoint.settings.causal,
            **checkpoint.temperature.to_json(),
            "confidence_threshold": checkpoint.confidence_threshold,
            "features": {m: [spec.to_json() for spec in specs] for m, specs in checkpoint.specs.items()},
            "speaker_relative": list(checkpoint.features.speaker_relative),
            "standardisation": {
                m: {"mean": s.mean.tolist(), "scale": s.scale.tolist(), "limit": LIMIT}
                for m, s in checkpoint.standardizers.items()
            },
            "graphs": described,
        }
        write_json(draft / DESCRIPTION_FILE, description)
        (draft / README_FILE).write_text(readme(description), encoding="utf-8")
    return description


def _parts(checkpoint: Checkpoint) -> list[_Part]:
    """The graphs of a checkpoint, as far as it has a network of its own for each modality."""
    parts = []
    if TURNS in checkpoint.features.text and checkpoint.encoder is not None:
        from crossgate.features.text.turn_embedder import turn_embedder  # transformers is an extra
        from crossgate.features.text.turn_graph import text_graph

        embedder, head = turn_embedder(checkpoint.encoder), checkpoint.features.turns
        settings: TurnEncoderSettings = embedder.encoder.settings
        facts = {
            "base": settings.base,
            "head": head,
            "labels": list(embedder.labels[head]),
            "causal": settings.causal,
            "max_tokens": settings.max_tokens,
            "turn_tokens": settings.turn_tokens,
            "names": settings.names,
        }
        parts.append(_Part(text_graph(embedder, head), facts))
    visual = checkpoint.specs.get("visual", ())
    if len(visual) == 1 and PACKAGED.is_dir() and visual[0].matches(face_spec()):
        facts = {"expressions": list(EXPRESSIONS.labels), "side": SIDE}
        parts.append(_Part(face_graph(load_face_network(PACKAGED)), facts))
    dimensions = {m: len(s.mean) for m, s in checkpoint.standardizers.items()}
    graph = fusion_graph(checkpoint.network, dimensions, checkpoint.temperature)
    parts.append(_Part(graph, {"dimensions": dimensions}))
    return parts


def _shapes(graph: Graph, shapes: Any, there: list[str]) -> dict[str, Any]:
    """Element type and axes of inputs or outputs, those that the graph kept."""
    drawn = graph.drawn(graph.sizes[0])
    arrays = {name: values.numpy() for name, values in drawn.items()} | graph.by_torch(drawn)
    return {
        name: {
            "type": str(arrays[name].dtype),
            "shape": [
                axis if axis in graph.dynamic else length
                for axis, length in zip(axes, arrays[name].shape, strict=True)
            ],
            "axes": list(axes),
        }
        for name, axes in shapes.items()
        if name in there
    }


def _megabytes(path: Path) -> float:
    return round(path.stat().st_size / 1e6, 2)
