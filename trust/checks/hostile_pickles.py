"""Pickles written to do harm: each is refused, nothing is called, and no memory is filled."""

from __future__ import annotations

import pickle
import struct
import zlib
from collections.abc import Iterator
from random import Random

from checks._fuzz.guard import Guard, limit_address_space
from checks._fuzz.mutation import Mutator
from promise import Effort, Outcome

PROMISE = "a pickle from a stranger calls nothing and fills no memory: known attacks are refused by name"
LIMIT = 300

CALLS = (
    *(
        "os.system",
        "posix.system",
        "nt.system",
        "subprocess.Popen",
        "subprocess.check_output",
        "builtins.eval",
    ),
    *("builtins.exec", "builtins.compile", "builtins.__import__", "builtins.getattr", "builtins.setattr"),
    *(
        "builtins.open",
        "builtins.input",
        "builtins.breakpoint",
        "builtins.map",
        "builtins.type",
        "builtins.globals",
    ),
    *("__builtin__.eval", "__builtin__.execfile", "__builtin__.apply", "commands.getoutput", "pty.spawn"),
    *(
        "importlib.import_module",
        "runpy.run_path",
        "runpy._run_code",
        "code.interact",
        "pdb.run",
        "timeit.timeit",
    ),
    *(
        "webbrowser.open",
        "shutil.rmtree",
        "pathlib.Path",
        "io.open",
        "io.FileIO",
        "codecs.open",
        "socket.socket",
    ),
    *(
        "urllib.request.urlopen",
        "http.client.HTTPSConnection",
        "ctypes.CDLL",
        "marshal.loads",
        "pickle.loads",
    ),
    *(
        "_pickle.loads",
        "copyreg._reconstructor",
        "copyreg.__newobj__",
        "copyreg.add_extension",
        "types.CodeType",
    ),
    *(
        "types.FunctionType",
        "functools.partial",
        "functools.reduce",
        "operator.attrgetter",
        "operator.methodcaller",
    ),
    *("numpy.fromfile", "numpy.load", "numpy.memmap", "numpy.zeros", "numpy.f2py.crackfortran.myeval"),
    *(
        "numpy.testing._private.utils.runstring",
        "numpy.core.multiarray.fromfile",
        "numpy._core.multiarray.empty",
    ),
    *(
        "numpy._core._internal._ctypes",
        "numpy.core.numeric.fromfunction",
        "torch.load",
        "torch._utils._rebuild_tensor_v2",
    ),
    *(
        "torch.storage._load_from_bytes",
        "joblib.load",
        "pandas.read_pickle",
        "pandas.eval",
        "cloudpickle.loads",
    ),
    *(
        "dill._dill._load_type",
        "logging.config.fileConfig",
        "ensurepip._run_pip",
        "venv.create",
        "asyncio.run",
    ),
    *(
        "collections.Counter",
        "collections.namedtuple",
        "uuid._get_command_stdout",
        "imaplib.IMAP4",
        "cgitb.lookup",
    ),
    *(
        "_frozen_importlib.BuiltinImporter.load_module",
        "bdb.Bdb.run",
        "doctest.debug_script",
        "test.support.run_doctest",
    ),
    *(
        "crossgate.corpora.community.safe_pickle.read_pickle",
        "crossgate.corpora.community.safe_pickle._scalar",
    ),
)
"""What published attacks, and the ways around scanners' lists, call."""

DOTTED = (
    *("os.path.os.system", "collections.abc.sys.modules", "builtins.set.__class__", "builtins.dict.fromkeys"),
    *("builtins.list.__init__.__globals__", "collections.OrderedDict.__init__", "numpy.ndarray.tofile"),
    *("numpy.dtype.__reduce__", "_codecs.encode.__self__", "numpy._core.multiarray._reconstruct.__call__"),
)


def short(text: str) -> bytes:
    return b"\x8c" + bytes([len(text.encode())]) + text.encode()


def named(name: str, split: str = ".") -> tuple[str, str]:
    module, _, attribute = name.rpartition(split)
    return module, attribute


def calls(command: str) -> Iterator[tuple[str, bytes]]:
    """Every callable, named by GLOBAL, STACK_GLOBAL, INST and OBJ, called by REDUCE, NEWOBJ and BUILD."""
    argument = short(command)
    for name in CALLS:
        module, attribute = named(name)
        line = f"{module}\n{attribute}\n".encode()
        stacked = short(module) + short(attribute) + b"\x93"
        yield f"GLOBAL, REDUCE {name}", b"\x80\x02c" + line + argument + b"\x85R."
        yield f"STACK_GLOBAL, REDUCE {name}", b"\x80\x04" + stacked + argument + b"\x85R."
        yield (
            f"memoized {name}",
            b"\x80\x04" + short(module) + b"\x940" + b"h\x00" + short(attribute) + b"\x93)R.",
        )
        yield f"INST {name}", b"(" + argument + b"i" + line + b"."
        yield f"OBJ {name}", b"(c" + line + argument + b"o."
        yield f"NEWOBJ {name}", b"\x80\x02c" + line + argument + b"\x85\x81."
        yield f"NEWOBJ_EX {name}", b"\x80\x04" + stacked + argument + b"\x85}\x92."
        yield f"BUILD {name}", b"\x80\x02c" + line + b")R}" + short("__setstate__") + b"c" + line + b"sb."
        yield f"after STOP's like {name}", b"\x80\x02N0c" + line + argument + b"\x85R0N."
    for name in DOTTED:
        for split in range(1, name.count(".") + 1):
            module, attribute = ".".join(name.split(".")[:split]), ".".join(name.split(".")[split:])
            yield (
                f"{module} {attribute}",
                b"\x80\x04" + short(module) + short(attribute) + b"\x93" + argument + b"\x85R.",
            )
            yield f"{module}\\n{attribute}", f"c{module}\n{attribute}\n".encode() + argument + b"\x85R."


NDARRAY, DTYPE = b"cnumpy\nndarray\n", b"cnumpy\ndtype\n"
REBUILD = b"cnumpy.core.multiarray\n_reconstruct\n"
SCALAR = b"cnumpy.core.multiarray\nscalar\n"
F4 = DTYPE + b"U\x02f4K\x00K\x01\x87R"
OBJECT = DTYPE + b"U\x02O8K\x00K\x01\x87R"


def alterations() -> Iterator[tuple[str, bytes]]:
    """States, arguments and names that admitted things do not have."""
    for name in (
        NDARRAY,
        DTYPE,
        b"ccollections\nOrderedDict\n",
        b"cbuiltins\nset\n",
        b"c_codecs\nencode\n",
        REBUILD,
    ):
        for key in ("__class__", "__dict__", "__call__", "_make", "name", "__setstate__", "__reduce__"):
            yield f"state {key} of {name!r}", b"\x80\x02" + name + b"}" + short(key) + b"cos\nsystem\nsb."
            yield f"slots {key} of {name!r}", b"\x80\x02" + name + b"N}" + short(key) + b"K\x01s\x86b."
            yield f"plain {key} of {name!r}", b"\x80\x02" + name + b"}" + short(key) + b"K\x01sb."
    yield "rebuild a set", b"\x80\x02" + REBUILD + b"cbuiltins\nset\nK\x00\x85U\x01b\x87R."
    yield "rebuild nothing", b"\x80\x02" + REBUILD + b"N)N\x87R."
    yield "ndarray called", b"\x80\x02" + NDARRAY + b"J\xff\xff\xff\x7f\x85\x85R."
    yield "ndarray NEWOBJ", b"\x80\x02" + NDARRAY + b"J\xff\xff\xff\x7f\x85\x85\x81."
    for code in (
        "O",
        "V8",
        "f4,f4",
        "(9999999,)f8",
        "U1000000000",
        "S2147483647",
        "M8[s]",
        "m8",
        "|O8,i4",
        "{'a':1}",
    ):
        yield f"dtype {code}", b"\x80\x02" + DTYPE + short(code) + b"\x85R."
    yield "dtype of a structure", b"\x80\x02" + DTYPE + b"]U\x01aU\x02f4\x86a\x85R."
    yield (
        "dtype with fields",
        b"\x80\x02" + F4 + b"(K\x03U\x01<N}U\x01aK\x01sNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb.",
    )
    yield "scalar of an object", b"\x80\x02" + SCALAR + OBJECT + b"cos\nsystem\n\x86R."
    yield "scalar of an object's address", b"\x80\x02" + SCALAR + OBJECT + b"U\x08AAAAAAAA\x86R."
    yield "scalar too short", b"\x80\x02" + SCALAR + F4 + b"U\x02AA\x86R."
    yield "scalar of no dtype", b"\x80\x02" + SCALAR + b"NU\x04AAAA\x86R."
    yield "scalar without", b"\x80\x02" + SCALAR + b")R."
    array = REBUILD + NDARRAY + b"K\x00\x85U\x01b\x87R"
    for shape in (b"J\xff\xff\xff\x7f\x85", b"J\xff\xff\xff\xff\x85", b"\x8a\x09" + b"\xff" * 8 + b"\x00\x85", b"K\x00\x85",
                  b"J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86", b"G" + bytes(8) + b"\x85", b"N", b"(" + b"K\x01" * 40 + b"t"):  # fmt: skip
        yield (
            f"shape {shape!r}",
            b"\x80\x02" + array + b"(K\x01" + shape + F4 + b"\x89U\x08" + bytes(8) + b"tb.",
        )
    yield "an array of addresses", b"\x80\x02" + array + b"(K\x01K\x01\x85" + OBJECT + b"\x89U\x08AAAAAAAAtb."
    yield "an array never filled", b"\x80\x02" + array + b"."
    yield (
        "an array with a stranger inside",
        b"\x80\x02" + array + b"(K\x01K\x01\x85" + OBJECT + b"\x89]cos\nsystem\natb.",
    )
    yield (
        "a buffer of its own",
        b"\x80\x02cnumpy.core.numeric\n_frombuffer\n(U\x04AAAAcos\nsystem\nK\x01\x85U\x01CtR.",
    )
    yield "bytes of a length", b"\x80\x02cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R."
    yield "encoded by rot13", b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aU\x05rot13\x86R."
    yield "encoded by zlib", b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aU\x04zlib\x86R."
    yield "defaultdict of system", b"\x80\x02ccollections\ndefaultdict\ncos\nsystem\n\x85R."
    yield "defaultdict of an admitted maker", b"\x80\x02ccollections\ndefaultdict\n" + REBUILD + b"\x85R."
    yield "persistent id", b"Pos.system\n."
    yield "binary persistent id", b"\x80\x02U\x09os.systemQ."
    for opcode in (b"\x82\x01", b"\x83\x01\x00", b"\x84\x01\x00\x00\x00"):
        yield "an extension", b"\x80\x02" + opcode + b"."
    yield "a buffer out of band", b"\x80\x05\x97."
    yield "read only, out of band", b"\x80\x05\x97\x98."


def bombs() -> Iterator[tuple[str, bytes]]:
    """A few bytes that ask for gigabytes, or for the stack."""
    for opcode in (b"B", b"X", b"T", b"\x8b", b"\x8d", b"\x8e", b"\x96", b"\x95"):
        for length in (2**31 - 1, 2**31, 2**40, 2**62, 2**64 - 1):
            width = 8 if opcode in (b"\x8d", b"\x8e", b"\x96", b"\x95") else 4
            yield f"{opcode!r} of {length}", b"\x80\x05" + opcode + struct.pack("<Q", length)[:width] + b"x."
    for place in (2**31 - 1, 10**9, 10**6):
        yield f"memo {place}", b"Nr" + struct.pack("<I", place) + b"."
        yield f"memo {place} in words", f"Np{place}\n.".encode()
    large = pickle.dumps(list(range(50_000)), 2)[2:-1]
    for kind in (b"set", b"frozenset"):
        yield (
            f"copies by {kind!r}",
            b"\x80\x02" + large + b"q\xf0" + (b"h\xf0cbuiltins\n" + kind + b"\nh\xf0\x85R0") * 400 + b".",
        )
    yield (
        "copies by OrderedDict",
        b"\x80\x02}("
        + b"".join(b"M" + struct.pack("<H", n) + b"N" for n in range(60_000))
        + b"uq\xf0"
        + b"h\xf0ccollections\nOrderedDict\nh\xf0\x85R0" * 400
        + b".",
    )
    encoded = b"\x80\x02X" + struct.pack("<I", 10**6) + b"a" * 10**6 + b"q\xf0"
    yield "copies by encode", encoded + b"c_codecs\nencode\nh\xf0U\x06latin1\x86R" * 2000 + b"."
    for opener in (b"]", b"(", b"}", b")"):
        yield (
            f"nested {opener!r}",
            b"\x80\x02" + opener * 200_000 + (b"a" * 199_999 if opener == b"]" else b"t" * 199_999) + b".",
        )
    yield "nested tuples", b"\x80\x02N" + b"\x85" * 500_000 + b"."
    yield "a tuple of itself", b"\x80\x02]q\x00h\x00a."
    yield "an integer of 10,000 digits", b"L" + b"9" * 10_000 + b"L\n."
    yield "an integer of 10,000 digits by I", b"I" + b"9" * 10_000 + b"\n."
    yield "compressed", zlib.compress(b"\x80\x02N.")
    yield "an empty memo place", b"\x80\x02h\x07."
    yield "too few on the stack", b"\x80\x02R."
    yield "no mark", b"\x80\x02t."
    yield "protocol 200", b"\x80\xc8N."


def check(effort: Effort) -> Outcome:
    """All attacks as they are and inside a container, then damaged copies of them; a file would say if one worked."""
    from crossgate.corpora.community.safe_pickle import read_pickle

    limit_address_space(4096)
    canary = effort.work.parent / "canary"
    inside = effort.work / "inside"
    inside.mkdir(exist_ok=True)
    guard, path, outcome = Guard(inside), inside / "case.pkl", Outcome()

    def read(case: bytes) -> None:
        path.write_bytes(case)
        read_pickle(path)

    attacks = [*calls(f"touch {canary}"), *alterations(), *bombs()]
    for name, attack in attacks:
        hidden = b"\x80\x04](K\x01" + _bare(attack) + b"e."
        for how, case in ((name, attack), (f"{name}, in a list", hidden))[: 1 if "protocol" in name else 2]:
            became, fault = guard.fault_of(read, case)
            if became == "refused" and not canary.exists():
                outcome.met()
            else:
                outcome.broken(f"{how}: {fault or became}")
    mutator = Mutator([attack for _, attack in attacks if len(attack) < 2000], (), Random(effort.seed))
    for _ in range(effort.cases(60_000)):
        case = mutator.case()
        became, fault = guard.fault_of(read, case)
        if fault or canary.exists():
            outcome.broken(f"{case[:200]!r}: {fault or 'it was called'}")
        else:
            outcome.met()
    outcome.said = (
        f"{len(attacks)} attacks, at most {guard.added:.0f} MB added, the slowest {guard.slowest:.2f} s"
    )
    return outcome


def _bare(attack: bytes) -> bytes:
    """Without its protocol and its STOP."""
    return attack[2:-1] if attack[:1] == b"\x80" else attack[:-1]
