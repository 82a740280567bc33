"""Networks as ONNX graphs: written, run by ONNX Runtime, and held against PyTorch on drawn inputs.

What a network reads and says stands beside it (`text/turn_graph.py`, `visual/face_graph.py`,
`models/fusion_graph.py`); here is what they have in common.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from crossgate.errors import CrossgateError, InputError, reason_of

OPSET = 18
"""Version of ONNX's operators; ONNX Runtime has known it since 1.14."""

TOLERANCE = 1e-4
"""Largest difference between an output of ONNX Runtime and PyTorch's."""

INSTALL = "pip install 'crossgate[onnx]'"

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Graph:
    """A network and how it is called.

    Attributes:
        name: of its file.
        module: takes `inputs` in their order, and gives a tensor or a tuple of them.
        inputs: axes of every input by name; the axes named in `dynamic` have any length.
        outputs: axes of every output.
        dynamic: names of the axes whose length is not fixed.
        draw: random inputs of one of `sizes`, by name.
        sizes: what to check: single ones, several, long ones.
    """

    name: str
    module: nn.Module
    inputs: Mapping[str, tuple[str, ...]]
    outputs: Mapping[str, tuple[str, ...]]
    dynamic: frozenset[str]
    draw: Callable[[tuple[int, ...], torch.Generator], dict[str, Tensor]]
    sizes: Sequence[tuple[int, ...]]

    def drawn(self, size: tuple[int, ...], seed: int = 0) -> dict[str, Tensor]:
        """Random inputs of a size, the same for the same seed."""
        return self.draw(size, torch.Generator().manual_seed(seed))

    @torch.inference_mode()
    def by_torch(self, inputs: Mapping[str, Tensor]) -> Arrays:
        """What PyTorch says."""
        said = self.module(*inputs.values())
        tensors = (said,) if isinstance(said, Tensor) else said
        return {name: tensor.numpy() for name, tensor in zip(self.outputs, tensors, strict=True)}


def traced(graph: Graph) -> bytes:
    """The graph as the bytes of an ONNX file.

    By the exporter that traces: it takes up to three seconds where PyTorch 2.13's other one, `dynamo=True`,
    took 13 to 60 for the same three networks.

    Raises CrossgateError where the exporter cannot write the network.
    """
    buffer = io.BytesIO()
    size = next((one for one in graph.sizes if min(one) > 1), graph.sizes[-1])
    axes = {
        name: {place: axis for place, axis in enumerate(found) if axis in graph.dynamic}
        for name, found in (graph.inputs | graph.outputs).items()  # type: ignore[operator]
    }
    was_training = graph.module.training
    # Tracing goes the way of training through models/attention.py, which has no loop over blocks of turns.
    with warnings.catch_warnings(), torch.inference_mode(False), torch.enable_grad():
        warnings.simplefilter("ignore")  # about the exporter's age, and shapes that are fixed on purpose
        try:
            torch.onnx.export(
                graph.module.eval(),
                tuple(graph.drawn(size).values()),
                buffer,  # type: ignore[arg-type]  # its hint knows paths alone, which the newer exporter needs
                dynamo=False,
                opset_version=OPSET,
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                dynamic_axes=axes,
            )
        except Exception as error:  # the exporter raises whatever it stumbles over
            raise CrossgateError(
                f"PyTorch's exporter cannot write this network as ONNX: {reason_of(error)}", where=graph.name
            ) from error
        finally:
            graph.module.train(was_training)
    return buffer.getvalue()


class Session:
    """An ONNX graph at work on the CPU.

    Args:
        model: the bytes of a file, or where it is.
        threads: of one call; PyTorch's number without it.

    Raises InputError where ONNX Runtime is not installed, or cannot use the graph.
    """

    def __init__(self, model: bytes | Path, threads: int | None = None) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise InputError("ONNX graphs are run by the library onnxruntime", fix=INSTALL) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or torch.get_num_threads()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Its own store of freed memory is never given back: a long batch would be held for good.
        options.enable_cpu_mem_arena = False
        source = model if isinstance(model, bytes) else str(model)
        try:
            self._session = onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own classes, which are no subclasses of anything
            raise InputError(
                f"ONNX Runtime cannot use the graph: {reason_of(error)}",
                where=None if isinstance(model, bytes) else str(model),
            ) from error
        self.inputs = [one.name for one in self._session.get_inputs()]
        self.outputs = [one.name for one in self._session.get_outputs()]

    def __call__(self, inputs: Mapping[str, Tensor | npt.NDArray[Any]]) -> Arrays:
        """Run the graph; inputs it does not need are passed over."""
        given = {name: np.asarray(inputs[name]) for name in self.inputs}
        return dict(zip(self.outputs, self._session.run(None, given), strict=True))


@dataclass(frozen=True)
class Checked:
    """How far ONNX Runtime is from PyTorch at most.

    Attributes:
        difference: the largest absolute one.
        output: where it is.
        size: of the inputs it was found with.
    """

    difference: float
    output: str
    size: tuple[int, ...]


def compared(graph: Graph, session: Session) -> Checked:
    """The worst difference over all sizes, whatever it is; NaN counts as infinite."""
    worst = Checked(-1.0, "", ())
    for seed, size in enumerate(graph.sizes):
        inputs = graph.drawn(size, seed)
        found, expected = session(inputs), graph.by_torch(inputs)
        for name, values in expected.items():
            if found[name].shape != values.shape:
                return Checked(float("inf"), name, size)
            apart = np.abs(found[name].astype(np.float64) - values.astype(np.float64))
            difference = float(np.nan_to_num(apart, nan=np.inf).max(initial=0.0))
            if difference > worst.difference:
                worst = Checked(difference, name, size)
    return worst


def refuse_different(graph: Graph, session: Session, tolerance: float = TOLERANCE) -> Checked:
    """`compared`, with CrossgateError where the difference is larger than it may be."""
    worst = compared(graph, session)
    if not worst.difference <= tolerance:
        raise CrossgateError(
            f"ONNX Runtime's {worst.output} is {worst.difference:.2g} from PyTorch's on inputs of size "
            f"{' x '.join(map(str, worst.size))}, expected at most {tolerance:g}",
            where=f"graph {graph.name}",
        )
    return worst
