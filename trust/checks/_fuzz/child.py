"""The process in which one target is fuzzed; what it met stands in a file, line by line.

    python -m checks._fuzz.child NAME --how mutated --cases 1000 --seed 0 --folder F

`mutated` damages files, `structured` lets hypothesis exchange parts of objects, `guided` is atheris (libFuzzer), which
keeps what reaches new code and damages that; it goes on until its seconds are over.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import mmap
import os
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from random import Random

from checks._fuzz.guard import Guard, limit_address_space
from checks._fuzz.mutation import LARGEST, Mutator
from checks._fuzz.targets import Target, plans

SHRINKING = 200
"""Tries to make a case smaller that met a fault."""


class Teller:
    """Tries cases and writes down what became of them.

    What is under way stands in a mapped file: who watches sees the number change, and what killed the process.
    """

    def __init__(self, target: Target, folder: Path, allowed: Path) -> None:
        self.guard = Guard(allowed)
        self.read, self.counts = target.read, {"read": 0, "refused": 0, "fault": 0}
        self.folder, self.seen = folder, set[str]()
        with (folder / "under-way").open("w+b") as file:
            file.truncate(16 + LARGEST)
            self.under_way = mmap.mmap(file.fileno(), 0)

    def tell(self, case: bytes) -> None:
        """Try a case."""
        number = sum(self.counts.values()) + 1
        self.under_way[16 : 16 + min(len(case), LARGEST)] = case[:LARGEST]
        self.under_way[:16] = number.to_bytes(8, "little") + min(len(case), LARGEST).to_bytes(8, "little")
        became, fault = self.guard.fault_of(self.read, case)
        self.counts[became] += 1
        if not fault:
            return
        kind = fault.rpartition(" (in ")[2] if " (in " in fault else fault[:60]
        if kind in self.seen:
            return
        self.seen.add(kind)
        small = self._shrunk(case, kind)
        with (self.folder / "faults").open("a", encoding="utf-8") as file:
            file.write(json.dumps(f"{fault}: {small[:300]!r}" + ("..." if len(small) > 300 else "")) + "\n")

    def _shrunk(self, case: bytes, kind: str) -> bytes:
        """A part of the case that meets the same fault."""
        size, tries = len(case) // 2, 0
        while size and tries < SHRINKING and not kind.startswith(("hangs", "fills")):
            start = 0
            while start < len(case) and tries < SHRINKING:
                tries += 1
                smaller = case[:start] + case[start + size :]
                if kind in self.guard.fault_of(self.read, smaller)[1]:
                    case = smaller
                else:
                    start += size
            size //= 2
        return case

    def close(self) -> None:
        """Write the counts."""
        told = self.counts | {"added": round(self.guard.added), "slowest": round(self.guard.slowest, 3)}
        (self.folder / "counts").write_text(json.dumps(told), encoding="utf-8")


def mutated(target: Target, teller: Teller, cases: int, seed: int) -> None:
    """Damaged files."""
    for seed_file in target.seeds:
        teller.tell(seed_file)
    mutator = Mutator(target.seeds, target.words, Random(seed))
    for _ in range(cases):
        teller.tell(mutator.case())


def structured(target: Target, teller: Teller, cases: int, seed: int) -> None:
    """Objects with parts exchanged."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as seeded

    from checks._fuzz.structures import changed

    @seeded(seed)
    @settings(
        max_examples=cases,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(changed(target.objects))
    def one(content: object) -> None:
        teller.tell(target.render(content))

    one()


def guided(make: Callable[[], Target], folder: Path, allowed: Path, seconds: int, seed: int) -> None:
    """By coverage; ends the process."""
    import atheris

    with atheris.instrument_imports(
        include=["crossgate", "yaml", "python_multipart"], enable_loader_override=False
    ):
        target = make()
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, content in enumerate(target.seeds):
        (corpus / f"seed-{number}").write_bytes(content)
    words = [
        word for word in (b"null", *target.words) if word and len(word) < 64
    ]  # libFuzzer takes no empty list
    (folder / "words").write_text(
        "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in words), encoding="ascii"
    )
    teller = Teller(target, folder, allowed)
    mutator = Mutator(target.seeds, target.words, Random(seed))

    def mutate(data: bytes, most: int, number: int) -> bytes:
        made: bytes = mutator.change(data) if number % 2 else atheris.Mutate(data, most)
        return made[:most]

    def one(data: bytes) -> None:
        teller.tell(data)
        if sum(teller.counts.values()) % 100 == 0:
            teller.close()

    flags = [
        f"-max_total_time={seconds}",
        "-rss_limit_mb=0",
        "-timeout=20",
        "-max_len=4096",
        f"-seed={seed + 1}",
    ]
    files = [f"-dict={folder / 'words'}", f"-artifact_prefix={folder}/", str(corpus)]
    atheris.Setup([sys.argv[0], *flags, *files], one, custom_mutator=mutate)
    atheris.Fuzz()


def main() -> None:
    """Fuzz one target in one way."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--how", required=True)
    parser.add_argument("--cases", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, required=True)
    asked = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("ignore")
    limit_address_space(8192)
    allowed = asked.folder / "allowed"
    allowed.mkdir()
    os.environ["TMPDIR"] = str(allowed)
    make = plans()[asked.name].make
    if asked.how == "guided":
        guided(lambda: make(allowed), asked.folder, allowed, asked.seconds, asked.seed)
    target = make(allowed)
    teller = Teller(target, asked.folder, allowed)
    {"mutated": mutated, "structured": structured}[asked.how](target, teller, asked.cases, asked.seed)
    teller.close()
    target.close()


if __name__ == "__main__":
    main()
