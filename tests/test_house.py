"""The rules of the house, read off the code: imports run one way, the test split stays behind its door."""

from __future__ import annotations

import ast
import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 350


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


house = _load(ROOT / "docs" / "draw_rooms.py")

READS_SPLITS = ("crossgate.corpora.table", "crossgate.evaluation.sealed", "crossgate.corpora.audit")
"""Who may name `read_split`; `corpora.audit` stands for every module whose name begins so."""

PICKLERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}


def files(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def wrong_ways(package: Path) -> Iterator[str]:
    """Imports that go up, and rooms that have no place in the order."""
    order = {room: place for place, room in enumerate(house.ROOMS)}
    for one in house.all_imports(package):
        source, target = (house.room_of(name, package) for name in (one.module, one.target))
        if source == "cli" or one.target == f"{package.name}.__version__":
            continue  # commands may use every room; the version is a constant
        for room in (source, target):
            if room not in order:
                yield f"{one.module}: the room {room!r} has no place; give it one in docs/draw_rooms.py"
                return
        if order[target] < order[source]:
            yield f"{one.module}, line {one.line}: {source} may not import {one.target}, further up"


def ways_to_the_test_split(package: Path) -> Iterator[str]:
    """Modules that name `read_split` without leave, and modules of training that reach `sealed`."""
    for path in files(package):
        name = house.module_name(path, package)
        if name in READS_SPLITS[:2] or name.startswith(READS_SPLITS[2]):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = {
                ast.alias: lambda node: node.name,
                ast.Attribute: lambda node: node.attr,
                ast.Constant: lambda node: node.value,  # getattr(table, "read_split")
            }.get(type(node), lambda node: None)
            if named(node) == "read_split":
                yield f"{name}, line {node.lineno}: only evaluation.sealed and the audit may use read_split"
    yield from _training_reaches_sealed(package)


def _training_reaches_sealed(package: Path) -> Iterator[str]:
    modules = {house.module_name(path, package) for path in files(package)}
    graph: dict[str, set[str]] = {module: set() for module in modules}
    for one in house.all_imports(package):
        # `from crossgate.a import b` may mean the module crossgate.a.b or a name in crossgate.a.
        graph[one.module].update({one.target, one.target.rpartition(".")[0]} & modules)
    for module in sorted(graph):  # importing a module runs the packages it stands in
        parts = module.split(".")
        graph[module].update({".".join(parts[:k]) for k in range(2, len(parts))} & modules)
    for start in sorted(modules):
        if not start.startswith(f"{package.name}.training"):
            continue
        trails, seen = [[start]], {start}
        while trails:
            trail = trails.pop(0)
            if trail[-1] == f"{package.name}.evaluation.sealed":
                yield f"training reaches the sealed split: {' -> '.join(trail)}"
                break
            for following in sorted(graph[trail[-1]] - seen):
                seen.add(following)
                trails.append([*trail, following])


def circles_of_words(package: Path) -> Iterator[str]:
    """Circular imports among the top-level words, which are one room."""
    words = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    below: dict[str, set[str]] = {word: set() for word in words}
    for one in house.all_imports(package):
        source, target = (name.split(".")[1] if "." in name else "" for name in (one.module, one.target))
        if source in words and target in words and one.module.count(".") == 1:
            below[source].add(target)
    while below:
        free = {word for word, needs in below.items() if not needs & below.keys()}
        if not free:
            yield f"these words import each other in a circle: {', '.join(sorted(below))}"
            return
        below = {word: needs for word, needs in below.items() if word not in free}


def pickles(package: Path) -> Iterator[str]:
    """Whatever reads or writes pickles outside safe_pickle.py, which takes them apart safely."""
    for path in files(package):
        name = house.module_name(path, package)
        if name == "crossgate.corpora.community.safe_pickle":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            complaint = ""
            if isinstance(node, ast.Import):
                complaint = ", ".join({alias.name.split(".")[0] for alias in node.names} & PICKLERS)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                taken = {alias.name for alias in node.names}
                module = (node.module or "").split(".")[0]
                complaint = module if module in PICKLERS else ""
                if module == "torch" and taken & {"load", "save"}:
                    complaint = "torch.load or torch.save"
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id == "torch" and node.attr in ("load", "save"):
                    complaint = f"torch.{node.attr}"
                elif node.attr in ("read_pickle", "to_pickle") and node.value.id in ("pd", "pandas"):
                    complaint = f"pandas.{node.attr}"
            elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                refused = isinstance(node.value, ast.Constant) and node.value.value is False
                complaint = "" if refused else "allow_pickle"
            if complaint:
                yield f"{name}, line {node.lineno}: {complaint}; weights are safetensors, tables are Parquet"


def wordless(package: Path) -> Iterator[str]:
    """Public modules without a docstring."""
    for path in files(package):
        public = not path.stem.startswith("_") or path.name in ("__init__.py", "__main__.py")
        if public and not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))):
            yield f"{path.relative_to(package)}: say in a docstring what the module is for"


def overlong(package: Path) -> Iterator[str]:
    """Files of more than 350 lines."""
    for path in files(package):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST:
            yield f"{path.relative_to(package)}: {lines} lines; one idea a file, {LONGEST} lines at most"


RULES = (wrong_ways, ways_to_the_test_split, circles_of_words, pickles, wordless, overlong)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule) -> None:
    assert list(rule(house.PACKAGE)) == []


def test_every_room_that_stands_has_a_place() -> None:
    there = {path.name for path in house.PACKAGE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert there <= set(house.ROOMS)


PLANTED = [
    (wrong_ways, "models/net.py", "from crossgate.training.loop import train"),
    (wrong_ways, "models/net.py", "def late():\n    import crossgate.evaluation.metrics"),
    (wrong_ways, "models/net.py", "from ..training import loop"),
    (wrong_ways, "models/net.py", "from importlib import import_module\nimport_module('crossgate.cli.main')"),
    (wrong_ways, "models/net.py", "import crossgate"),
    (wrong_ways, "errors.py", "from crossgate.corpora import table"),
    (wrong_ways, "errors.py", "if True:\n    from crossgate.models.net import Net"),
    (wrong_ways, "cellar/wine.py", "from crossgate.errors import InputError"),
    (ways_to_the_test_split, "training/loop.py", "from crossgate.evaluation.sealed import open_sealed"),
    (ways_to_the_test_split, "training/loop.py", "from crossgate.evaluation import sealed"),
    (ways_to_the_test_split, "training/loop.py", "from crossgate.evaluation import helper"),
    (ways_to_the_test_split, "training/loop.py", "from crossgate.corpora.table import read_split"),
    (ways_to_the_test_split, "features/text.py", "from crossgate.corpora import table\ntable.read_split"),
    (ways_to_the_test_split, "features/text.py", "from crossgate.corpora.table import read_split as open_it"),
    (ways_to_the_test_split, "features/text.py", "getattr(object(), 'read_split')"),
    (circles_of_words, "errors.py", "from crossgate.files import write_json"),
    (pickles, "training/loop.py", "import pickle"),
    (pickles, "training/loop.py", "def late():\n    from pickle import loads"),
    (pickles, "training/loop.py", "import torch\ntorch.load('weights.pt')"),
    (pickles, "training/loop.py", "from torch import load"),
    (pickles, "corpora/table.py", "import numpy as np\nnp.load('a.npy', allow_pickle=True)"),
    (wordless, "training/loop.py", None),
    (overlong, "training/loop.py", "\n" * LONGEST),
]


@pytest.mark.parametrize(
    ("rule", "file", "code"), PLANTED, ids=lambda value: getattr(value, "__name__", None)
)
def test_a_planted_violation_is_found(rule, file: str, code: str | None, tmp_path: Path) -> None:
    package = tmp_path / "crossgate"
    good = {
        "__init__.py": "",
        "errors.py": "",
        "files.py": "from crossgate.errors import InputError",
        "corpora/table.py": "from crossgate.files import write_json\ndef read_split(): ...",
        "corpora/audit_rows.py": "from crossgate.corpora.table import read_split",
        "corpora/community/safe_pickle.py": "import pickle",
        "features/text.py": "from crossgate.corpora.table import open_table",
        "models/net.py": "from crossgate.errors import InputError",
        "evaluation/metrics.py": "",
        "evaluation/sealed.py": "from crossgate.corpora.table import read_split",
        "evaluation/helper.py": "from crossgate.evaluation.sealed import read_any",
        "training/loop.py": "from crossgate import __version__\nfrom crossgate.evaluation import metrics",
        "cli/main.py": "from crossgate.evaluation.sealed import open_sealed",
    }
    for name, content in good.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(f'"""What it is for."""\n{content}\n', encoding="utf-8")
        (package / name).parent.joinpath("__init__.py").write_text('"""A room."""\n', encoding="utf-8")
    assert [complaint for each in RULES for complaint in each(package)] == []
    (package / file).parent.mkdir(exist_ok=True)
    (package / file).write_text("" if code is None else f'"""Planted."""\n{code}\n', encoding="utf-8")
    assert list(rule(package))


def test_no_two_files_of_tests_have_one_name() -> None:
    """Tests are no package: of two modules of one name pytest would import one alone."""
    seen = Counter(path.name for path in (ROOT / "tests").rglob("*.py"))
    assert [name for name, times in seen.items() if times > 1 and name != "conftest.py"] == []
