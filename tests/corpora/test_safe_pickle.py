"""Pickles from strangers: data comes in as it was, everything else is refused by its name."""

from __future__ import annotations

import collections
import contextlib
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crossgate.corpora.community.safe_pickle import MAX_DEPTH, read_pickle
from crossgate.errors import InputError

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def read(folder: Path, content: bytes) -> Any:
    path = folder / "stranger.pkl"
    path.write_bytes(content)
    return read_pickle(path)


def refusal(folder: Path, content: bytes) -> str:
    with pytest.raises(InputError) as caught:
        read(folder, content)
    assert "stranger.pkl" in str(caught.value)
    return str(caught.value)


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


# --- what comes in


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(3, dtype=">f8"),
        np.arange(10)[::3],
        np.array([True, False]),
        np.array(["one", "five"]),
        np.array([b"one"]),
        np.zeros((0, 4)),
        np.array(2.5),
        np.array([1 + 2j]),
    ],
    ids=lambda array: f"{array.dtype.str}{array.shape}",
)
def test_arrays_come_in_as_they_were(tmp_path: Path, protocol: int, array: np.ndarray) -> None:
    came = read(tmp_path, pickle.dumps({"a": array}, protocol))["a"]
    assert came.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(came, array)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_containers_and_numbers_come_in_as_plain_ones(tmp_path: Path, protocol: int) -> None:
    content = {
        "list": [1, 2.5, None, True, "ä", b"\xff", b"", 10**30],
        "tuple": (1, (2, [3])),
        "set": {1, 2},
        "frozen": frozenset({"x"}),
        "ordered": collections.OrderedDict([("b", 1), ("a", 2)]),
        "default": collections.defaultdict(list, {1: [2]}),
        "scalars": [np.float32(0.5), np.int64(7), np.bool_(True), np.str_("s")],
    }
    came = read(tmp_path, pickle.dumps(content, protocol))
    assert came == content
    assert type(came["ordered"]) is dict
    assert type(came["default"]) is dict
    assert [type(one) for one in came["scalars"]] == [float, int, bool, str]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_object_arrays_become_lists(tmp_path: Path, protocol: int) -> None:
    array = np.empty((2, 2), dtype=object)
    array[:] = [["a", 1], [None, [2.5]]]
    ragged = np.empty(2, dtype=object)
    ragged[:] = [np.ones(2), np.ones(3)]
    came = read(tmp_path, pickle.dumps([array, np.asfortranarray(array), ragged], protocol))
    assert came[0] == came[1] == [["a", 1], [None, [2.5]]]
    assert [part.tolist() for part in came[2]] == [[1, 1], [1, 1, 1]]


def test_numpys_older_and_newer_module_names_come_in(tmp_path: Path) -> None:
    content = pickle.dumps(np.arange(3), 2)
    other = content.replace(b"numpy._core.multiarray", b"numpy.core.multiarray")
    assert content != other
    assert read(tmp_path, content).tolist() == read(tmp_path, other).tolist() == [0, 1, 2]


def test_python_2_pickles_are_read_by_latin1(tmp_path: Path) -> None:
    """As Python 2's cPickle wrote them: byte strings, and raw array content in one of them."""
    raw = np.array([1.5, -2.0], dtype="<f4").tobytes()
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
        b"(K\x01(K\x02tcnumpy\ndtype\n(U\x02f4K\x00K\x01tR(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        b"\x89U\x08" + raw + b"tb"
    )
    members = b"c__builtin__\nset\n(](U\x03a\xe9bU\x01ce" + b"tR"
    words, numbers, names = read(tmp_path, b"\x80\x02(U\x04caf\xe9" + array + members + b"t.")
    assert words == "café"
    assert numbers.tolist() == [1.5, -2.0]
    assert names == {"aéb", "c"}
    assert read(tmp_path, b"(S'caf\\xe9'\nI1\nI01\nt.") == ("café", 1, True)  # protocol 0


def test_shared_values_stay_shared_and_are_not_copied(tmp_path: Path) -> None:
    row = [1, 2]
    came = read(tmp_path, pickle.dumps([row] * 1000))
    assert all(one is came[0] for one in came)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
        lambda part: st.lists(part) | st.dictionaries(st.text(), part) | st.tuples(part, part),
    ),
    protocol=st.sampled_from(PROTOCOLS),
)
def test_plain_data_comes_back_equal(tmp_path: Path, content: Any, protocol: int) -> None:
    assert read(tmp_path, pickle.dumps(content, protocol)) == content


# --- what is refused


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_no_command_is_run(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    message = refusal(tmp_path, pickle.dumps(Calls(os.system, f"touch {trace}"), protocol))
    assert "posix.system" in message or "nt.system" in message
    assert not trace.exists()


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (eval, "eval"),
        (exec, "exec"),
        (getattr, "getattr"),
        (open, "open"),
        (__import__, "__import__"),
        (map, "map"),
        (bytearray, "bytearray"),
        (np.zeros, "numpy.zeros"),
        (np.fromfile, "fromfile"),
        (os.getenv, "os.getenv"),
        (collections.Counter, "collections.Counter"),
        (Path, "pathlib.Path"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_other_globals_are_refused_by_name(tmp_path: Path, function: Any, name: str, protocol: int) -> None:
    hidden = {"features": [np.ones(3), {"deep": (Calls(function, "1"),)}]}
    assert name in refusal(tmp_path, pickle.dumps(hidden, protocol))


@pytest.mark.parametrize(
    "name", [b"builtins\nset.__class__", b"collections\nOrderedDict.fromkeys", b"numpy\nndarray.fill"]
)
def test_attributes_of_admitted_globals_are_refused(tmp_path: Path, name: bytes) -> None:
    assert name.replace(b"\n", b".").decode() in refusal(tmp_path, b"\x80\x02c" + name + b"\n.")
    module, attribute = name.split(b"\n")
    stacked = b"".join(b"\x8c" + bytes([len(part)]) + part for part in (module, attribute)) + b"\x93."
    assert name.replace(b"\n", b".").decode() in refusal(tmp_path, b"\x80\x04" + stacked)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_object_arrays_cannot_hide_a_call(tmp_path: Path, protocol: int) -> None:
    array = np.empty(2, dtype=object)
    array[1] = Calls(os.system, "true")
    assert "system" in refusal(tmp_path, pickle.dumps({"a": [array]}, protocol))


def test_the_old_instance_opcodes_are_refused(tmp_path: Path) -> None:
    assert "os.system" in refusal(tmp_path, b"(S'true'\nios\nsystem\n.")
    assert "os.system" in refusal(tmp_path, b"(cos\nsystem\nS'true'\no.")
    refusal(tmp_path, b"(cnumpy\nndarray\nK\x05o.")
    refusal(tmp_path, b"\x80\x02cnumpy\nndarray\nK\x05\x85\x81.")  # NEWOBJ: ndarray.__new__(ndarray, 5)


@pytest.mark.parametrize("name", ["numpy\nndarray", "collections\nOrderedDict", "_codecs\nencode"])
def test_a_state_cannot_alter_what_the_pickle_names(tmp_path: Path, name: str) -> None:
    content = b"\x80\x02c" + name.encode() + b"\n}U\x01xK\x01sb."
    assert "tries to alter" in refusal(tmp_path, content)
    slots = b"\x80\x02c" + name.encode() + b"\nN}U\x0c__defaults__)s\x86b."
    assert "tries to alter" in refusal(tmp_path, slots)


def test_a_named_function_is_no_value(tmp_path: Path) -> None:
    assert "numpy.ndarray" in refusal(tmp_path, pickle.dumps({"kind": np.ndarray}))
    assert "Dtype" in refusal(tmp_path, pickle.dumps([np.dtype("f4")]))


def test_codecs_encode_only_to_latin1(tmp_path: Path) -> None:
    content = b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00%b\x86R."
    assert read(tmp_path, content.replace(b"\x05\x00\x00\x00%b", b"\x06\x00\x00\x00latin1")) == b"a"
    assert "only latin1" in refusal(tmp_path, content.replace(b"%b", b"rot13"))
    assert "only latin1" in refusal(tmp_path, b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00a\x85R.")


def test_reconstruct_only_arrays(tmp_path: Path) -> None:
    content = b"\x80\x02cnumpy.core.multiarray\n_reconstruct\ncbuiltins\nset\nK\x00\x85U\x01b\x87R."
    assert "numpy.ndarray" in refusal(tmp_path, content)


@pytest.mark.parametrize(
    "value",
    [
        np.zeros(2, dtype=[("a", "f4")]),
        np.zeros(1, dtype="M8[s]"),
        np.zeros(1, dtype="V4"),
        np.ma.array([1.0], mask=[True]),
        collections.defaultdict(os.getcwd),
        range(3),
        slice(1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_other_values_are_refused(tmp_path: Path, value: Any) -> None:
    refusal(tmp_path, pickle.dumps([value]))


def test_persistent_ids_extensions_and_outside_buffers_are_refused(tmp_path: Path) -> None:
    assert "persistent" in refusal(tmp_path, b"Pname\n.")
    assert "persistent" in refusal(tmp_path, b"U\x01aQ.")
    assert "extensions" in refusal(tmp_path, b"\x80\x02\x82\x01.")
    buffers: list[pickle.PickleBuffer] = []
    outside = pickle.dumps(np.ones(100), 5, buffer_callback=buffers.append)
    assert "outside" in refusal(tmp_path, outside)


def test_torch_tensors_are_refused_with_advice(tmp_path: Path) -> None:
    message = refusal(tmp_path, pickle.dumps({"audio": torch.ones(2)}))
    assert "torch tensors" in message
    assert ".numpy()" in message
    torch.save({"audio": torch.ones(2)}, tmp_path / "saved.pt")
    assert "torch.save" in refusal(tmp_path, (tmp_path / "saved.pt").read_bytes())


# --- bombs and broken files


def test_an_array_larger_than_its_content_is_refused(tmp_path: Path) -> None:
    content = pickle.dumps(np.zeros(7, dtype=np.uint8), 2)
    larger = content.replace(b"K\x01K\x07\x85", b"K\x01J\xff\xff\xff\x7f\x85")
    assert larger != content
    assert "declares the shape (2147483647,)" in refusal(tmp_path, larger)
    negative = content.replace(b"K\x01K\x07\x85", b"K\x01J\xff\xff\xff\xff\x85")
    refusal(tmp_path, negative)


@pytest.mark.parametrize("code", ["U1000000000", "S0", "V8", "f4,f4", "(2,)f4", "O", "m8"])
def test_odd_types_of_array_are_refused(tmp_path: Path, code: str) -> None:
    raw = code.encode()
    assert "not admitted" in refusal(
        tmp_path, b"\x80\x02cnumpy\ndtype\nU" + bytes([len(raw)]) + raw + b"\x85R."
    )


def test_stated_lengths_beyond_the_file_are_refused(tmp_path: Path) -> None:
    for opcode, width in ((b"B", 4), (b"X", 4), (b"T", 4), (b"\x8b", 4)):
        assert "middle" in refusal(tmp_path, opcode + (2**31 - 2).to_bytes(width, "little") + b"x.")
    for opcode in (b"\x8e", b"\x8d", b"\x96", b"\x95"):
        assert "middle" in refusal(tmp_path, b"\x80\x05" + opcode + struct.pack("<Q", 2**40) + b"x.")


def test_a_memo_bomb_is_refused(tmp_path: Path) -> None:
    assert "memory bomb" in refusal(tmp_path, b"Nr\xff\xff\xff\x7f.")
    assert "memory bomb" in refusal(tmp_path, b"Np2147483647\n.")


def test_copying_bombs_are_refused(tmp_path: Path) -> None:
    """A large list once, then sets of it again and again, each for a few bytes."""
    large = pickle.dumps(list(range(50_000)), 2)[2:-1]
    copies = b"h\xf0cbuiltins\nset\nh\xf0\x85R0" * 400
    assert "memory bomb" in refusal(tmp_path, b"\x80\x02" + large + b"q\xf0" + copies + b".")


def test_laughs_by_the_billion_take_no_memory(tmp_path: Path) -> None:
    content: list[Any] = ["ha"]
    for _ in range(40):
        content = [content] * 10
    assert len(read(tmp_path, pickle.dumps(content))) == 10


def test_cycles_and_deep_nesting_are_refused(tmp_path: Path) -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    assert "nested" in refusal(tmp_path, pickle.dumps(cycle))
    assert "nested" in refusal(tmp_path, b"]" * 100_000 + b"a" * 99_999 + b".")
    assert read(tmp_path, b"]" * MAX_DEPTH + b"a" * (MAX_DEPTH - 1) + b".")


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    content = pickle.dumps(({"a": np.arange(4.0)}, ["x"], 1.5), 4)
    for end in range(len(content)):
        refusal(tmp_path, content[:end])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_is_data_or_a_refusal_but_never_a_crash(tmp_path: Path, data: st.DataObject) -> None:
    protocol = data.draw(st.sampled_from(PROTOCOLS))
    content = bytearray(pickle.dumps(({"a": np.arange(3.0)}, {1, 2}, b"x", [1.5, "y"]), protocol))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(InputError):
        read(tmp_path, bytes(content))


def test_other_files_are_refused(tmp_path: Path) -> None:
    assert "empty" in refusal(tmp_path, b"")
    assert "not a pickle" in refusal(tmp_path, b"\x89HDF\r\n\x1a\n")
    refusal(tmp_path, b"conversation_id,utterance_id\n1,2\n")
    with pytest.raises(InputError, match="cannot be read"):
        read_pickle(tmp_path / "absent.pkl")
    with pytest.raises(InputError, match="cannot be read"):
        read_pickle(tmp_path)
