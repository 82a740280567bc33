"""Weights of a stranger's file: what it says of itself is looked at before any memory is asked for.

A safetensors file is eight bytes with the length of a JSON header, the header (name -> dtype, shape, place),
and the numbers, without gaps (https://github.com/huggingface/safetensors, "Format"). Nothing in it is code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch.overrides import TorchFunctionMode

from crossgate.errors import InputError, reason_of

LONGEST_HEADER = 4_000_000
"""Bytes; that of a hundred networks of ours has less than one million."""

_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}

SPARE = 1_000_000
"""Numbers that a network may make besides its weights."""

_MAKERS = {torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn}
"""What layers ask for memory by."""

Shapes = dict[str, tuple[int, ...]]

_FIX = "the file may be damaged, or comes from another network"


def shapes_of(path: Path) -> Shapes:
    """The shape of every tensor of a safetensors file, by its header alone.

    Raises InputError where it is no file, no safetensors, or sizes, places and shapes do not go together.
    """
    try:
        if not path.is_file():
            raise InputError("is no file" if path.exists() else "no such file", where=str(path))
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or not 2 <= length <= min(size - 8, LONGEST_HEADER):
                raise InputError(
                    f"cannot be read: {size} bytes and a header of {length} are no safetensors file",
                    where=str(path),
                    fix=_FIX,
                )
            header = json.loads(file.read(length), object_pairs_hook=_once)
        return _checked(header, size - 8 - length)
    except InputError as error:
        raise InputError(error.what, where=str(path), fix=error.fix) from None
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"cannot be read: no safetensors file ({reason_of(error)[:200]})", where=str(path), fix=_FIX
        ) from error


def load_fitting(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """The tensors of a file that holds exactly these names and shapes.

    Raises InputError naming the first that is missing, is one too many, or has another shape.
    """
    found = shapes_of(path)
    for name in sorted(found.keys() | expected.keys()):
        if found.get(name) != expected.get(name):
            raise InputError(
                "the weights do not fit the settings beside them: "
                f"{name} is {found.get(name, 'not there')}, expected {expected.get(name, 'no such')}",
                where=str(path),
                fix=_FIX,
            )
    return load_file(path)


class NoMoreThan(TorchFunctionMode):
    """A block in which tensors are made with no more numbers, all together, than a file holds.

    Raises ValueError where they would, before memory is asked for. A network made by a stranger's settings is
    made in here, and so need not be made a second time. (On the device `meta`, which has no memory, torch
    imports its compiler for some operations, which takes seconds.)

    Args:
        held: of the file.
    """

    def __init__(self, held: Mapping[str, tuple[int, ...]]) -> None:
        super().__init__()
        self._left = sum(math.prod(shape) for shape in held.values()) + SPARE

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        given = kwargs or {}
        if func in _MAKERS:
            sizes = given.get("size", args[0] if args and isinstance(args[0], Sequence) else args)
            self._left -= math.prod(sizes)
            if self._left < 0:
                raise ValueError("they ask for more numbers than the weights beside them have")
        return func(*args, **given)


def shapes_in(network: torch.nn.Module, prefix: str = "") -> Shapes:
    """Name and shape of what a network keeps."""
    return {f"{prefix}{name}": tuple(value.shape) for name, value in network.state_dict().items()}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("its header has a name twice")
    return made


def _checked(header: Any, size: int) -> Shapes:
    """Shapes of a header; its tensors must fill `size` bytes without gap or overlap."""
    if not isinstance(header, dict):
        raise ValueError("its header is no object")
    header.pop("__metadata__", None)
    shapes: Shapes = {}
    places: list[tuple[int, int]] = []
    for name, entry in header.items():
        shape, place = (_whole(entry, key) for key in ("shape", "data_offsets"))
        if shape is None or place is None or len(place) != 2 or entry.get("dtype") not in _BYTES:
            raise ValueError(f"{name!r:.80} has no dtype, shape and place that are known")
        if place[1] - place[0] != math.prod(shape) * _BYTES[entry["dtype"]]:
            raise ValueError(f"{name!r:.80} has another size than its shape")
        shapes[name] = shape
        places.append((place[0], place[1]))
    end = 0
    for start, stop in sorted(places):
        if start != end:
            raise ValueError("its tensors overlap, or leave a gap")
        end = stop
    if end != size:
        raise ValueError(f"its tensors take {end} bytes, and {size} are there")
    return shapes


def _whole(entry: Any, key: str) -> tuple[int, ...] | None:
    """A short list of whole numbers that are no bombs themselves; None for anything else."""
    value = entry.get(key) if isinstance(entry, dict) else None
    if not isinstance(value, list) or len(value) > 8:
        return None
    return tuple(value) if all(type(n) is int and 0 <= n < 2**48 for n in value) else None
