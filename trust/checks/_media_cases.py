"""Which files are tried: all that are strange, and broken ones up to the number that is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from checks import _media_damage as damage
from checks import _media_strange as strange
from checks._media_bases import bases

ODD_NAMES = ("concat:talk", "http:talk", "-talk", "talk%03d", "talk\n", "pipe:0", "\N{SNOWMAN}")
"""What FFmpeg takes for an address, a pattern or an option, as names of files."""


@dataclass(frozen=True)
class Case:
    """A file.

    Attributes:
        name: of the case, in words.
        file: its name.
        content: its bytes.
    """

    name: str
    file: str
    content: bytes


def cases(folder: Path, watched: Path, port: int, whole: int, wanted: int, seed: int) -> list[Case]:
    """`wanted` of the `whole` cases, drawn; `watched` and `port` are what some of them point to."""
    random = np.random.default_rng(seed)
    good = bases(folder / "bases")
    (watched / "film.mp4").write_bytes(good["mp4"])
    (watched / "secret.txt").write_text("0123456789abcdef", encoding="utf-8")
    named = [
        *strange.odd(folder / "odd", good),
        *strange.none_at_all(good, random),
        *strange.pointing(watched, port, good),
    ]
    found = [Case(f"{name} ({suffix})", f"talk.{suffix}", content) for name, suffix, content in named]
    found += [Case(f"named {name!r}", f"{name}.mp4", good["mp4"]) for name in ODD_NAMES]
    lies = list(damage.lies(good))
    for place in random.permutation(len(lies))[: (whole - len(found)) // 2]:
        name, suffix, content = lies[place]
        found.append(Case(f"{name} ({suffix})", f"talk.{suffix}", content))
    suffixes = list(good)
    while len(found) < whole:
        what = damage.DAMAGE[len(found) % len(damage.DAMAGE)]
        suffix, other = random.choice(suffixes, 2, replace=False)
        content = what(good[suffix], good[other], random)
        name = f"{what.__name__} {len(found)} ({suffix}, {other})"
        # Every tenth by the name of another kind.
        found.append(Case(name, f"talk.{other if random.integers(10) == 0 else suffix}", content))
    return [found[place] for place in random.permutation(len(found))[:wanted]]
