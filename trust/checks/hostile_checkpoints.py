"""Checkpoints written to do harm: refused before memory is asked for, and nothing in them is run."""

from __future__ import annotations

import json
import os
import shutil
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from checks._fuzz.drive import TMPFS
from checks._fuzz.guard import Guard, limit_address_space
from checks._fuzz.mutation import Mutator
from checks._fuzz.structures import entries
from promise import Effort, Outcome

PROMISE = (
    "a checkpoint runs nothing, and one whose sizes do not fit its file is refused before memory is asked for"
)
LIMIT = 600

HUGE = (
    0,
    -1,
    10**9,
    2**31,
    2**63,
    10**30,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "10",
    None,
    True,
    [],
    {},
)
HEADERS = (
    b"", b"[]", b"{", b"null", b'"a"', b"[" * 100_000, b'{"a":' * 50_000, b'{"x":1}', b'{"x":{"dtype":"F32"}}',
    b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
    b'{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,-4]}}', b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}',
    b'{"x":{"dtype":"F32","shape":[1000000000000],"data_offsets":[0,4000000000000]}}',
    b'{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}',
    b'{"x":{"dtype":"F32","shape":[0],"data_offsets":[18446744073709551615,18446744073709551615]}}',
    b'{"x":{"dtype":"PICKLE","shape":[1],"data_offsets":[0,4]}}', b'{"__metadata__":{"a":' + b"9" * 9000 + b"}}",
    b'{"x":{"dtype":"F32","shape":' + b"[" * 5000 + b"]" * 5000 + b',"data_offsets":[0,4]}}',
    b'{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}',
)  # fmt: skip
CODE = b"import os; os.system('touch canary')"


def check(effort: Effort) -> Outcome:
    """Every attack on each kind of folder, then damaged settings and headers."""
    with TemporaryDirectory(
        prefix="crossgate-hostile-", dir=TMPFS if TMPFS.is_dir() else effort.work
    ) as work:
        return _check(effort, Path(work))


def _check(effort: Effort, work: Path) -> Outcome:
    os.environ["HF_HUB_OFFLINE"] = "1"  # a base that is no folder is not asked for
    sys.path[:0] = [str(Path(__file__).parents[2] / "tests")]
    from crossgate.features.text.turn_embedder import TurnEmbedder
    from crossgate.features.visual.face_network import FaceNetwork, load_face_network, save_face_network
    from crossgate.features.visual.face_settings import FaceSettings
    from crossgate.models.checkpoint import load_checkpoint
    from toy_checkpoints import toy_checkpoint

    made = toy_checkpoint(work / "made")
    made.save(work / "checkpoint")
    save_face_network(FaceNetwork(FaceSettings(4, (4, 8), (1, 1), 6)), work / "face")
    kinds: dict[str, tuple[Callable[[Path], Any], list[str], str]] = {
        "checkpoint": (load_checkpoint, ["model.safetensors"], "config.json"),
        "face": (load_face_network, ["model.safetensors"], "config.json"),
        "encoder": (TurnEmbedder.load, ["adapter_model.safetensors", "heads.safetensors"], "encoder.json"),
    }
    shutil.copytree(work / "made" / "encoder", work / "encoder")
    for name, (load, _, _) in kinds.items():
        load(work / name)  # what is warm is not measured; and it is valid
    limit_address_space(16_384)
    guard, outcome = Guard(work, seconds=5.0), Outcome()
    for name, (load, weights, config) in kinds.items():
        print(name, file=sys.stderr)
        bench = Bench(guard, outcome, load, work / name, work / f"try-{name}")
        for what, attack, may_load in (
            *on_weights(weights),
            *on_settings(bench.valid, config),
            *on_folders(weights),
        ):
            bench.attack(f"{name}, {what}", attack, may_load=may_load)
        bench.damage([config], effort.cases(2000, 5), Random(effort.seed))
        bench.damage(weights, effort.cases(1000, 5), Random(effort.seed))
    outcome.said = f"at most {guard.added:.0f} MB added, the slowest {guard.slowest:.2f} s"
    return outcome


Attack = Callable[[Path], None]


class Bench:
    """A valid folder, of which copies are damaged and loaded."""

    def __init__(
        self, guard: Guard, outcome: Outcome, load: Callable[[Path], Any], valid: Path, tried: Path
    ) -> None:
        self.guard, self.outcome, self.load, self.valid, self.tried = guard, outcome, load, valid, tried

    def attack(self, name: str, attack: Attack, *, may_load: bool) -> None:
        """Damage a copy and load it."""
        shutil.rmtree(self.tried, ignore_errors=True)
        shutil.copytree(self.valid, self.tried)
        attack(self.tried)
        became, fault = self.guard.fault_of(lambda _: self.load(self.tried), b"")
        ran = next(self.tried.parent.rglob("canary"), None) or (
            Path("canary") if Path("canary").exists() else None
        )
        if fault or ran or (became == "read" and not may_load):
            self.outcome.broken(f"{name}: {fault or ran or 'was loaded'}")
        else:
            self.outcome.met()

    def damage(self, files: list[str], cases: int, random: Random) -> None:
        """Damaged copies of some of its files; of weights, the headers."""
        for file in files:
            content = (self.valid / file).read_bytes()
            end = 8 + int.from_bytes(content[:8], "little") if file.endswith(".safetensors") else len(content)
            mutator = Mutator([content[:end]], (b"F32", b"F16", b"shape", b"10000000000"), random)
            for _ in range(cases):
                case = mutator.case() + content[end:]
                self.attack(
                    f"{file} {case[:150]!r}",
                    lambda folder, f=file, c=case: _write(folder / f, c),
                    may_load=True,
                )  # type: ignore[misc]


def on_weights(files: list[str]) -> Iterator[tuple[str, Attack, bool]]:
    """Files of weights that are none, or lie about their sizes."""
    for file in files:
        for length in (0, 1, 2**31, 2**40, 2**63, 2**64 - 1, 99_000_000):
            yield f"{file}: header of {length}", _writer(file, struct.pack("<Q", length) + b"{}"), False
        for header in HEADERS:
            content = struct.pack("<Q", len(header)) + header + bytes(8)
            yield f"{file}: header {header[:60]!r}", _writer(file, content), False
        many = json.dumps(
            {f"t{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(200_000)}
        )
        yield f"{file}: 200,000 tensors", _writer(file, struct.pack("<Q", len(many)) + many.encode()), False
        for name, content in (
            ("pickle", b"\x80\x02cos\nsystem\nX\x05\x00\x00\x00ls -l\x85R."),
            ("zip", b"PK\x03\x04" + bytes(99)),
            ("empty", b""),
        ):
            yield f"{file}: a {name}", _writer(file, content), False
        yield f"{file}: gone, with a pickle beside it", _pickled(file), False


def on_settings(valid: Path, file: str) -> Iterator[tuple[str, Attack, bool]]:
    """Settings with every number and name of theirs made absurd, one at a time, and JSON that is a bomb itself."""
    content = json.loads((valid / file).read_text(encoding="utf-8"))
    for path in sorted(_paths(content), key=str):
        for value in HUGE:
            changed = json.loads(json.dumps(content))
            holder = changed
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = value
            yield (
                f"{'.'.join(map(str, path))} = {value!r:.30}",
                _writer(file, json.dumps(changed).encode()),
                True,
            )
    for name, bomb in (
        ("nested lists", b"[" * 200_000),
        ("nested objects", b'{"format":' * 100_000),
        ("digits", b'{"format": ' + b"9" * 100_000 + b"}"),
        ("20 MB", b"[" + b"[]," * 7_000_000 + b"[]]"),
        ("no UTF-8", b"\xff\xfe\x00"),
        ("NUL", bytes(1000)),
    ):
        yield f"{file}: {name}", _writer(file, bomb), False


def on_folders(weights: list[str]) -> Iterator[tuple[str, Attack, bool]]:
    """Code beside the weights, links out of the folder, and what is no file."""

    def code(folder: Path) -> None:
        for name in (
            "modeling.py",
            "configuration.py",
            "__init__.py",
            "sitecustomize.py",
            "tokenization.py",
            "model.py",
        ):
            (folder / name).write_bytes(CODE)
        (folder / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")
        (folder / "setup.cfg").write_bytes(CODE)

    yield "code beside it", code, True
    for file in weights:
        for target in ("/etc/passwd", "/dev/zero", "/dev/urandom", "/proc/self/mem", "../nowhere", "/"):
            yield f"{file}: a link to {target}", _linked(file, target), False
        yield f"{file}: a pipe", _piped(file), False
        yield f"{file}: a folder", _made_folder(file), False


def _paths(content: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, value in entries(content):
        yield (*at, key)
        yield from _paths(value, (*at, key))


def _write(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def _writer(file: str, content: bytes) -> Attack:
    return lambda folder: _write(folder / file, content)


def _pickled(file: str) -> Attack:
    def attack(folder: Path) -> None:
        (folder / file).unlink()
        for name in ("pytorch_model.bin", "model.pt", "adapter_model.bin", "model.pkl", "model.ckpt"):
            (folder / name).write_bytes(b"cos\nsystem\n(S'touch canary'\ntR.")

    return attack


def _linked(file: str, target: str) -> Attack:
    def attack(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).symlink_to(target)

    return attack


def _piped(file: str) -> Attack:
    def attack(folder: Path) -> None:
        (folder / file).unlink()
        os.mkfifo(folder / file)

    return attack


def _made_folder(file: str) -> Attack:
    def attack(folder: Path) -> None:
        (folder / file).unlink()
        (folder / file).mkdir()

    return attack
