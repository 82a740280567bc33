"""What is fuzzed: a reader each, with valid files, the words of its format, and how many cases it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WHOLE = 200_000
"""Cases of a target, at least, before we say that it was fuzzed; more damaged ones are never made."""

MUTATED = 25_000
"""Of them at share 1; twice as many did not fit beside the other checks on a busy machine."""


@dataclass(frozen=True)
class Target:
    """A reader.

    Attributes:
        read: does with the bytes what the package does; raises what the package raises.
        seeds: valid files.
        words: what the format knows besides what stands in the seeds.
        objects: the same as JSON values, of which parts are exchanged; empty where the format has none.
        render: an object -> bytes.
        close: lets go of what `read` needs.
    """

    read: Callable[[bytes], Any]
    seeds: Sequence[bytes]
    words: Sequence[bytes] = ()
    objects: Sequence[Any] = ()
    render: Callable[[Any], bytes] = bytes
    close: Callable[[], None] = lambda: None


@dataclass(frozen=True)
class Plan:
    """How a target is fuzzed at share 1.

    Attributes:
        make: the target, given a folder of its own.
        mutated: cases made by damaging files.
        structured: cases made by hypothesis, by exchanging parts of objects.
        guided: seconds of atheris.
    """

    make: Callable[[Path], Target]
    mutated: int = MUTATED
    structured: int = 0
    guided: float = 12.0


def plans() -> dict[str, Plan]:
    """All targets by name; nothing that is read is imported before its target is made."""
    from checks._fuzz import reads_files as files
    from checks._fuzz import reads_messages as messages
    from checks._fuzz.seeds import TRANSCRIPTS

    return {
        **{name: Plan(files.transcript(name)) for name in TRANSCRIPTS},
        "result": Plan(files.result, structured=2500),
        "manifest": Plan(files.manifest, structured=1500),
        "table": Plan(files.table, guided=20),
        "pickle": Plan(files.pickled, guided=20),
        "experiment": Plan(files.experiment, mutated=1250, structured=250),
        "benchmark": Plan(files.benchmark, mutated=150, structured=50),
        "upload": Plan(messages.upload, mutated=20_000, guided=15),
        "live": Plan(messages.live, mutated=40_000, structured=3000, guided=15),
    }
