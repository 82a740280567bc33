"""The extras of the package, and whether what they need is installed in a version that will do."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from crossgate.doctor.finding import Finding

FOR = {
    "text": "the text encoder",
    "offline": "the text encoder's base without a hub",
    "prosody": "prosody (praat8)",
    "opensmile": "openSMILE's features",
    "whisper": "words where there is no transcript",
    "diarization": "telling voices apart",
    "benchmark": "tuning in benchmarks",
    "ray": "several machines",
    "serve": "the service",
    "postgres": "PostgreSQL as the service's database",
    "onnx": "ONNX export and runtime",
}
"""What a user has each extra for; one without an entry is for developers, and not looked at."""

PACKAGE = "crossgate"


def extras() -> Iterator[Finding]:
    """A finding for every extra."""
    try:
        declared = [Requirement(line) for line in requires(PACKAGE) or []]
    except PackageNotFoundError:
        yield Finding(
            "extras", "broken", "crossgate is not installed, only on the path", "pip install crossgate"
        )
        return
    for extra, what in FOR.items():
        needed = [one for one in declared if one.marker and one.marker.evaluate({"extra": extra})]
        if needed:
            yield _extra(extra, what, [one for one in needed if one.name != PACKAGE])


def _extra(extra: str, what: str, needed: list[Requirement]) -> Finding:
    part, mend = f"extra {extra}", f"pip install 'crossgate[{extra}]' for {what}"
    there: list[str] = []
    missing: list[str] = []
    old: list[str] = []
    for one in needed:
        try:
            found = version(one.name)
        except PackageNotFoundError:
            missing.append(one.name)
            continue
        (there if one.specifier.contains(found, prereleases=True) else old).append(f"{one.name} {found}")
    if old:
        return Finding(part, "broken", f"too old or too new: {', '.join(old)}", mend)
    if missing:
        return Finding(part, "absent", f"not installed: {', '.join(missing)}", mend)
    return Finding(part, "works", ", ".join(there))
