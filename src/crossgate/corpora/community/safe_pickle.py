"""Reading a pickle from a stranger: containers, text, numbers and numpy arrays come in, nothing else.

A pickle is a program: its opcodes may name any function of any module and call it. Three gates stand here.

1. Before anything is executed, `pickle_scan` walks the opcodes: a file that is cut short, states lengths it
   does not hold, or uses extensions and persistent ids is refused.
2. While it is executed, `find_class` hands out only the stand-ins of `_ADMITTED`. They are not the named
   objects but guarded makers of this module, so that no argument or state reaches numpy unchecked.
3. What comes out is rebuilt from exact types (`_Rebuilder`); a stand-in left over is refused.
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable, Sized
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np

from crossgate.corpora.community.pickle_scan import Refused, scan
from crossgate.errors import InputError

MAX_DEPTH = 64
"""Containers nested deeper than this are refused; feature files nest four deep."""

ROOM = 16
"""What comes out may take this many times the size of the file; more is a memory bomb."""

_TYPE_CODE = re.compile(r"[<>=|]?([biufcSUO])(\d{1,9})")


def read_pickle(path: Path) -> Any:
    """Read a pickle of plain containers, text, numbers and numpy arrays, from Python 2 or 3.

    Byte strings of Python 2 become text by latin1. OrderedDict and defaultdict become dict, numpy scalars
    Python numbers, object arrays nested lists. Arrays are read-only.

    Raises InputError naming the file and what was refused: any other global by its full name, a structured
    array, an array larger than the file, a file that is cut short or no pickle.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            scan(file, size)
            room = _Room(size)
            raw = _Unpickler(file, room).load()
        return _Rebuilder(room).rebuild(raw)
    except Refused as error:
        raise InputError(str(error), where=str(path), fix=error.fix) from error
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    except Exception as error:  # a malformed pickle may fail in any way; none of them is a crash of ours
        detail = str(error).splitlines()[0] if str(error) else "no details"
        raise InputError(
            f"not a readable pickle ({type(error).__name__}: {detail})",
            where=str(path),
            fix="the file may be damaged or cut short: fetch it again",
        ) from error


class _Room:
    """Memory that may still be asked for, in bytes."""

    def __init__(self, size: int) -> None:
        self.left = ROOM * size + 2**20

    def take(self, amount: int) -> None:
        """Raises Refused when the file asks for far more than it holds."""
        self.left -= amount
        if self.left < 0:
            raise Refused(f"the pickle unfolds to more than {ROOM} times its size: a memory bomb")


class _StandIn:
    """What the pickle gets in place of a function or class it names. BUILD cannot alter it."""

    __slots__ = ("_make", "_room", "name")

    def __init__(self, name: str, make: Callable[..., Any] | None, room: _Room) -> None:
        self.name, self._make, self._room = name, make, room

    def __call__(self, *arguments: Any) -> Any:
        if self._make is None:
            raise Refused(f"the pickle calls {self.name}, which is not admitted")
        self._room.take(sum(8 * len(part) for part in arguments if isinstance(part, Sized)))
        try:
            return self._make(*arguments)
        except (TypeError, ValueError, OverflowError) as error:
            raise Refused(f"the pickle calls {self.name} with arguments that do not fit: {error}") from error

    def __setstate__(self, state: Any) -> NoReturn:
        raise Refused(f"the pickle tries to alter {self.name}")


class _DtypeDraft:
    """A numpy dtype on its way: a type code, then a state with the byte order."""

    __slots__ = ("dtype",)
    __hash__ = None  # type: ignore[assignment]  # never a dict key

    def __init__(self, code: Any, align: Any = 0, copy: Any = 1) -> None:
        match = _TYPE_CODE.fullmatch(code) if isinstance(code, str) else None
        if match is None:
            raise Refused(f"an array of type {code!r} is not admitted; expected plain numbers or text")
        if match[1] in "SU" and not 1 <= int(match[2]) <= 1_000_000:
            raise Refused(f"an array of type {code!r} is not admitted: text of {match[2]} characters")
        self.dtype: np.dtype[Any] = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) < 5 or state[1] not in ("<", ">", "|", "="):
            raise Refused("a numpy dtype has a state that is not known")
        if any(part is not None for part in state[2:5]):
            raise Refused("a structured numpy array is not admitted")
        if state[1] in "<>":
            self.dtype = self.dtype.newbyteorder(state[1])


class _ArrayDraft:
    """A numpy array on its way: shape, dtype and raw content as the pickle states them."""

    __slots__ = ("content", "dtype", "filled", "fortran", "shape")
    __hash__ = None  # type: ignore[assignment]  # never a dict key

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    content: Any

    def __init__(self) -> None:
        self.filled = False

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple) or len(state) not in (4, 5):
            raise Refused("a numpy array has a state that is not known")
        shape, dtype, fortran, content = state[-4:]
        self.fill(shape, dtype, bool(fortran), content)

    def fill(self, shape: Any, dtype: Any, fortran: bool, content: Any) -> None:
        """Check that shape, dtype and content go together before any memory is asked for."""
        if not isinstance(shape, tuple) or len(shape) > 16 or not all(type(n) is int for n in shape):
            raise Refused("a numpy array has a shape that is not a short tuple of whole numbers")
        if not isinstance(dtype, _DtypeDraft):
            raise Refused("a numpy array has a type that is not a numpy dtype")
        if isinstance(content, str):
            content = content.encode("latin1")
        expected = (list,) if dtype.dtype.hasobject else (bytes, bytearray)
        if not isinstance(content, expected):
            raise Refused("a numpy array has content that does not fit its type")
        declared = math.prod(shape) * (1 if dtype.dtype.hasobject else dtype.dtype.itemsize)
        if min(shape, default=0) < 0 or declared != len(content):
            raise Refused(f"a numpy array declares the shape {shape}, but the file holds another size")
        self.shape, self.dtype, self.fortran, self.content = shape, dtype.dtype, fortran, content
        self.filled = True


def _reconstruct(kind: Any, shape: Any, code: Any) -> _ArrayDraft:
    if not _is(kind, "numpy.ndarray"):
        raise Refused("the pickle rebuilds something else than numpy.ndarray")
    return _ArrayDraft()


def _from_buffer(content: Any, dtype: Any, shape: Any, order: Any) -> _ArrayDraft:
    draft = _ArrayDraft()
    draft.fill(shape, dtype, order == "F", content)
    return draft


def _scalar(dtype: Any, content: Any) -> Any:
    draft = _ArrayDraft()
    draft.fill((), dtype, False, content)
    if draft.dtype.hasobject:
        raise Refused("a numpy scalar that holds an object is not admitted")
    return np.frombuffer(draft.content, dtype=draft.dtype)[0].item()


def _encode(text: Any, encoding: Any = None) -> bytes:
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise Refused(f"the pickle encodes to {encoding!r}; only latin1, as numpy writes, is admitted")
    return text.encode("latin1")


def _ordered(items: Any = ()) -> dict[Any, Any]:
    return dict(items)


def _default(factory: Any = None) -> dict[Any, Any]:
    if factory is not None and not _is(factory, *(f"builtins.{name}" for name in _FACTORIES)):
        raise Refused("a defaultdict has a factory that is not admitted")
    return {}


def _no_bytes() -> bytes:
    """Python 3 writes `bytes()` for none; `bytes(n)` would ask for n of them."""
    return b""


def _is(value: Any, *names: str) -> bool:
    return isinstance(value, _StandIn) and value.name in names


_FACTORIES = ("list", "dict", "set", "int", "float", "str")
_ADMITTED: dict[str, Callable[..., Any] | None] = {
    "collections.OrderedDict": _ordered,
    "collections.defaultdict": _default,
    "_codecs.encode": _encode,
    "numpy.ndarray": None,
    "numpy.dtype": _DtypeDraft,
    "numpy.core.multiarray._reconstruct": _reconstruct,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _from_buffer,
    **{f"builtins.{name}": None for name in _FACTORIES},
    "builtins.set": set,
    "builtins.frozenset": frozenset,
    "builtins.complex": complex,
    "builtins.bytes": _no_bytes,
}
"""Full name -> maker, None where the name may be mentioned but not called."""


class _Unpickler(pickle.Unpickler):
    """Hands out stand-ins by exact name and refuses every other global."""

    def __init__(self, file: Any, room: _Room) -> None:
        super().__init__(file, fix_imports=False, encoding="latin1")
        self.room = room

    def find_class(self, module_name: str, global_name: str, /) -> Any:
        # The older and newer names of the same modules: Python 2's builtins, numpy 2's core.
        module = {"__builtin__": "builtins"}.get(module_name, module_name).replace(
            "numpy._core", "numpy.core"
        )
        name = f"{module}.{global_name}"
        if name in _ADMITTED:
            return _StandIn(name, _ADMITTED[name], self.room)
        asked = f"the pickle asks for {module_name}.{global_name}"
        if module.split(".")[0] == "torch":
            raise Refused(
                f"{asked}: it holds torch tensors, and only numpy arrays are admitted",
                fix="load it once where you trust it, call .numpy() on the tensors, and pickle it again",
            )
        raise Refused(f"{asked}, which is neither a container nor a numpy array: it could run code")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise Refused("the pickle refers to objects outside of it (persistent ids)")


class _Rebuilder:
    """Plain values from what the unpickler left; every object is rebuilt once, however often it is shared."""

    def __init__(self, room: _Room) -> None:
        self.room = room
        self.done: dict[int, Any] = {}
        self.kept: list[Any] = []  # keeps the ids in `done` from being given to new objects

    def rebuild(self, value: Any, depth: int = 0) -> Any:
        """The plain value; raises Refused for cycles, deep nesting and anything not admitted."""
        kind = type(value)
        if value is None or kind in (bool, int, float, complex, str, bytes):
            return value
        if depth > MAX_DEPTH:
            raise Refused(f"containers are nested more than {MAX_DEPTH} deep, or contain themselves")
        if id(value) not in self.done:
            self.done[id(value)] = self._container(value, kind, depth + 1)
            self.kept.append(value)
        return self.done[id(value)]

    def _container(self, value: Any, kind: type, depth: int) -> Any:
        if kind in (list, tuple, set, frozenset):
            return kind(self.rebuild(item, depth) for item in value)
        if kind is dict:
            return {self.rebuild(key, depth): self.rebuild(item, depth) for key, item in value.items()}
        if kind is bytearray:
            return bytes(value)
        if kind is _ArrayDraft and value.filled:
            return self._array(value, depth)
        name = value.name if kind is _StandIn else kind.__name__.strip("_")
        raise Refused(f"the pickle holds {name} itself, not a value")

    def _array(self, draft: _ArrayDraft, depth: int) -> Any:
        self.room.take(len(draft.content) * (8 if draft.dtype.hasobject else 1))
        if draft.dtype.hasobject:
            items = np.empty(len(draft.content), dtype=object)
            for place, item in enumerate(draft.content):
                items[place] = self.rebuild(item, depth)
            return items.reshape(draft.shape).tolist()  # objects are always written in C order
        flat = np.frombuffer(draft.content, dtype=draft.dtype)
        order: Literal["C", "F"] = "F" if draft.fortran else "C"
        return flat.reshape(draft.shape, order=order).astype(draft.dtype.newbyteorder("="), copy=False)
