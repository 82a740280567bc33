"""Every file is written by `crossgate.files`, or inside a draft of it; what does otherwise says why."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "crossgate"

DRAFTING = {"new_file", "new_folder", "whole_folder"}

WRITERS = {
    *("write_text", "write_bytes", "savefig", "save_file", "to_parquet", "to_csv", "copyfile", "copytree"),
    *("copy2", "move", "touch", "rename", "ParquetWriter", "save_pretrained", "tofile", "savez"),
}
"""Calls that write a file, by the last part of their name."""

OF_MODULES = {("pq", "write_table"), ("os", "replace"), ("np", "save"), ("json", "dump"), ("os", "write")}
"""Those whose name says it only together with the module's."""

PLACES = {
    "files.py": "makes the drafts",
    "locking.py": "the lock, which holds nothing",
    "scale/machine.py": "a marker, which holds nothing",
    "report/exports/csv_table.py": "is handed a draft",
    "report/exports/captions.py": "is handed a draft",
    "report/exports/rttm.py": "is handed a draft",
    "report/exports/parquet_table.py": "is handed a draft",
    "report/exports/textgrid.py": "is handed a draft",
    "pipeline/recognizer.py": "the hub's library hands it the draft",
    "pipeline/extraction/progress.py": "a log; a line that was cut off is cut away",
    "media/decoding/standard_input.py": "a copy that goes when it was read",
    "cli/audit.py": "prints",
    "serving/api/taking/form.py": "what is being sent, on its way to the store",
    "serving/api/corpus.py": "in a folder that goes when it was sent",
    "serving/work/instance.py": "the lock of the service",
    "pipeline/processes/settling.py": "a setting of the kernel",
    "pipeline/batch/manifest.py": "a log; a line that was cut off is cut away",
    "pipeline/batch/output.py": "is handed a draft",
    "serving/work/worker/fetching.py": "in the folder of one errand",
    "serving/work/on_ray/worker.py": "in the folder of one errand",
    "serving/work/on_ray/relay.py": "the log of one errand",
    "serving/client/live.py": "a picture in memory",
}
"""Modules that write by themselves, and why they may."""


def writes(tree: ast.AST) -> Iterator[int]:
    """Lines of calls that write outside a block of `crossgate.files`."""

    def visit(node: ast.AST, drafted: bool) -> Iterator[int]:
        if isinstance(node, ast.With):
            drafted = drafted or any(_name(item.context_expr) in DRAFTING for item in node.items)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            drafted = False  # it is called who knows when
        if isinstance(node, ast.Call) and not drafted and _writes(node):
            yield node.lineno
        for child in ast.iter_child_nodes(node):
            yield from visit(child, drafted)

    yield from visit(tree, False)


def _name(node: ast.AST) -> str:
    function = node.func if isinstance(node, ast.Call) else node
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _writes(call: ast.Call) -> bool:
    name = _name(call)
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    module = owner.id if isinstance(owner, ast.Name) else ""
    if name == "open":
        said = [ast.unparse(part) for part in (*call.args, *(word.value for word in call.keywords))]
        modes = [word.strip("'\"") for word in said if word[:1] in "'\""]
        return any("O_CREAT" in word or "O_WRONLY" in word for word in said) or any(
            set(mode) <= set("rwaxbt+U") and set(mode) & set("wax+") for mode in modes
        )
    if name == "ZipFile":
        return len(call.args) > 1
    if name == "save":  # a picture's; what saves itself by this name does so by the rules
        return isinstance(call.func, ast.Attribute) and "Image" in ast.unparse(call.func.value)
    if name == "replace" and module not in ("", "os", "dataclasses"):  # Path.replace takes one, str's two
        return len(call.args) == 1 and not call.keywords
    if name == "copy":  # an array's takes nothing
        return module == "shutil"
    return name in WRITERS or (module, name) in OF_MODULES


def test_every_write_is_of_a_draft() -> None:
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        lines = list(writes(ast.parse(path.read_text(encoding="utf-8"))))
        if lines:
            found[path.relative_to(PACKAGE).as_posix()] = lines
    strange = {place: lines for place, lines in found.items() if place not in PLACES}
    assert not strange, "write by crossgate.files, or say in PLACES why not"
    assert not PLACES.keys() - found.keys(), "these write no more by themselves"


@pytest.mark.parametrize(
    "code",
    [
        "path.write_text('a')",
        "open(path, 'w')",
        "path.open('ab')",
        "path.open(mode='xb')",
        "os.open(path, os.O_RDWR | os.O_CREAT)",
        "shutil.copyfile(a, b)",
        "pq.write_table(table, path)",
        "save_file(tensors, path)",
        "figure.savefig(path)",
        "path.replace(target)",
        "Image.fromarray(a).save(path)",
        "ZipFile(path, 'w')",
        "with new_file(path) as draft:\n    def late():\n        path.write_text('a')",
        "with open(path) as draft:\n    other.write_text('a')",
    ],
)
def test_a_planted_write_is_found(code: str) -> None:
    assert list(writes(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "with new_file(path) as draft:\n    draft.write_text('a')",
        "with new_folder(path) as draft:\n    for name in names:\n        save_file(tensors, draft / name)",
        "path.open('rb')",
        "open(path, encoding='utf-8')",
        "words.replace('a', 'b')",
        "replace(settings, epochs=1)",
        "copy.copy(network)",
        "piece.copy()",
        "write_table(folder, manifest, splits)",
    ],
)
def test_what_writes_by_the_rules_is_not(code: str) -> None:
    assert not list(writes(ast.parse(code)))
