"""Draws docs/rooms.svg, the picture of the rooms, from the imports as they stand in the code.

    .venv/bin/python docs/draw_rooms.py

The order of the rooms and the reading of imports below serve `tests/test_house.py` as well, so that picture
and test cannot disagree.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "src" / "crossgate"

FRONT = "(front)"
"""`crossgate/__init__.py` and `__main__.py`: what is read from outside stands above all rooms."""

WORDS = "words"
"""The modules at the top level of the package, which everybody may speak."""

ROOMS = {
    FRONT: "what `import crossgate` offers",
    "cli": "one file a command; no logic",
    "doctor": "what works on this machine",
    "serving": "REST, WebSocket and the page",
    "scale": "the same work on Ray, on several machines",
    "experiments": "benchmarks, ablations: many runs",
    "pipeline": "a recording or a live talk, turn by turn",
    "report": "results: files, summaries, the page",
    "training": "the loop, batches, checkpoints, folds",
    "evaluation": "metrics, significance; the sealed test split",
    "objectives": "what the networks are trained for",
    "models": "networks: tensors in, tensors out",
    "features": "utterances to (values, present)",
    "media": "decoding, transcripts, voices, speakers",
    "corpora": "corpora in one table format; audit; surrogate",
    "sample": "the recording that ships",
    WORDS: "conversation, prediction, emotions, errors, files",
}
"""The rooms from top to bottom. An import goes to the same room or to one further down."""


@dataclass(frozen=True)
class Import:
    """One import, wherever in a module it stands (also inside a function, or by `import_module("...")`).

    Attributes:
        module: dotted name of the importing module.
        target: dotted name of what is imported: a module, or a name in one.
        line: line number, from 1.
    """

    module: str
    target: str
    line: int


def module_name(path: Path, package: Path) -> str:
    """Dotted name of a module's file; a package is named by its folder."""
    parts = [package.name, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path, package: Path) -> Iterator[Import]:
    """The imports of one file that stay inside the package, one for every imported name."""
    name = module_name(path, package)
    inside = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), filename=str(path))):
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = inside.split(".")
                base = ".".join([*above[: len(above) - node.level + 1], *([base] if base else [])])
            targets = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0] if node.args else None
            if called in ("import_module", "__import__") and isinstance(first, ast.Constant):
                targets = [str(first.value)]
        for target in targets:
            if target.split(".")[0] == package.name:
                yield Import(name, target, getattr(node, "lineno", 0))


def all_imports(package: Path = PACKAGE) -> list[Import]:
    """Every import inside the package, by file and line."""
    found = [one for path in sorted(package.rglob("*.py")) for one in imports_of(path, package)]
    return sorted(found, key=lambda one: (one.module, one.line, one.target))


def room_of(name: str, package: Path = PACKAGE) -> str:
    """The room of a module, or of a name in one."""
    parts = name.split(".")
    if len(parts) == 1 or parts[1] == "__main__":
        return FRONT
    if (package / parts[1]).is_dir():
        return parts[1]
    return WORDS if (package / f"{parts[1]}.py").is_file() else FRONT


def exists(room: str) -> bool:
    """Whether a room holds any code yet."""
    if room in (FRONT, WORDS, "sample"):
        return True
    return any(path.name != "__init__.py" for path in (PACKAGE / room).rglob("*.py"))


HEIGHT, GAP, LEFT, WIDTH, TOP = 40, 14, 24, 420, 64


def draw() -> str:
    """The picture as SVG: a box a room, top to bottom; an arc for every pair of rooms with an import."""
    names = [name for name in ROOMS if name != FRONT]
    middle = {name: TOP + row * (HEIGHT + GAP) + HEIGHT / 2 for row, name in enumerate(names)}
    arrows = Counter(
        (source, target)
        for one in all_imports()
        if (source := room_of(one.module)) != (target := room_of(one.target))
        and source in middle
        and target in middle
        and target != WORDS
    )
    speakers = {room_of(one.module) for one in all_imports() if room_of(one.target) == WORDS}
    right = LEFT + WIDTH
    height = TOP + len(names) * (HEIGHT + GAP) + 58
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" width="720" height="{height}" '
        'font-family="DejaVu Sans, Helvetica, Arial, sans-serif" role="img" aria-labelledby="title">',
        '<title id="title">The rooms of crossgate and the imports between them</title>',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="9" markerHeight="9" '
        'markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#0072B2"/></marker>'
        "</defs>",
        f'<rect width="720" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="18" font-weight="600" fill="#1a1a1a">'
        "The rooms of crossgate</text>",
        f'<text x="{LEFT}" y="48" font-size="12.5" fill="#5a5a5a">An arc is an import, as the code has it; '
        "the heavier, the more of them. Imports only go down.</text>",
    ]
    for name in names:
        y = middle[name] - HEIGHT / 2
        there = exists(name)
        fill, edge, ink = ("#E8F1F8", "#0072B2", "#1a1a1a") if there else ("#F6F6F6", "#BDBDBD", "#757575")
        dash = "" if there else ' stroke-dasharray="5 4"'
        dot = name in speakers
        lines += [
            f'<rect x="{LEFT}" y="{y:g}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="{fill}" '
            f'stroke="{edge}" stroke-width="1.3"{dash}/>',
            f'<text x="{LEFT + 14}" y="{middle[name] + 5:g}" font-size="15" font-weight="600" fill="{ink}">'
            f"{escape(name)}</text>",
            f'<text x="{LEFT + 132}" y="{middle[name] + 4.5:g}" font-size="12.5" fill="{ink}">'
            f"{escape(ROOMS[name])}</text>",
            *(
                [f'<circle cx="{LEFT - 10}" cy="{middle[name]:g}" r="4" fill="#D55E00"/>']
                if dot and name != WORDS
                else []
            ),
        ]
    for (source, target), number in sorted(arrows.items()):
        start, end = middle[source] + 7, middle[target] - 7
        far = right + 24 + 0.34 * abs(end - start)
        weight = 1 + 0.35 * min(number, 8)
        lines.append(
            f'<path d="M{right} {start:g} C{far:g} {start:g} {far:g} {end:g} {right + 1} {end:g}" '
            f'fill="none" stroke="#0072B2" stroke-opacity="0.75" stroke-width="{weight:g}" '
            f'marker-end="url(#tip)"><title>{source} imports {target}: {number}</title></path>'
        )
    bottom = height - 34
    lines += [
        f'<circle cx="{LEFT + 6}" cy="{bottom - 4}" r="4" fill="#D55E00"/>',
        f'<text x="{LEFT + 18}" y="{bottom}" font-size="12.5" fill="#5a5a5a">speaks the words: imports '
        "conversation, emotions, errors or files</text>",
        f'<text x="{LEFT}" y="{bottom + 20}" font-size="12.5" fill="#5a5a5a">Drawn by docs/draw_rooms.py; '
        "dashed rooms are still to come.</text>",
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    picture = Path(__file__).with_name("rooms.svg")
    picture.write_text(draw(), encoding="utf-8")
    print(f"wrote {picture.relative_to(ROOT)}")
