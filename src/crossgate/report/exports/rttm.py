"""`speakers.rttm`: who spoke when, for the tools of speaker diarization."""

from __future__ import annotations

from pathlib import Path, PurePath

from crossgate.report.exports.timing import by_time, plain, unique
from crossgate.report.result import Result

NOT_A_NAME = {"", "na", "nan", "none", "null", "n/a", "<na>", "#n/a", "#na", "-nan", "1.#ind", "1.#qnan"}
"""What readers made on pandas, pyannote's among them, take for a missing value, in small letters."""


def write_rttm(result: Result, path: Path) -> None:
    """Write RTTM (NIST RT-09): ten fields a turn, times in seconds; the emotions are not in it.

    Fields are parted by spaces and quoted by nobody: white space in names becomes `_`, a double quote a
    single one; names that become the same get `_2`. Raises InputError where a turn has no times.
    """
    recording = _field(PurePath(result.media.name).stem, "recording")
    taken: set[str] = set()
    names = {one.name: unique(_field(one.name, "speaker"), taken, "_") for one in result.speakers}
    lines = [
        f"SPEAKER {recording} 1 {start / 1000:.3f} {(end - start) / 1000:.3f} <NA> <NA> "
        f"{names[turn.speaker]} <NA> <NA>\n"
        for start, end, turn in by_time(result)
    ]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def _field(name: str, instead: str) -> str:
    """A name in one field."""
    written = plain(name).replace(" ", "_").replace('"', "'")
    if written.lower() in NOT_A_NAME or written.startswith(";;"):  # ;; begins a comment
        return f"{instead}_{written}".rstrip("_")
    return written
