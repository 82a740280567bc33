"""`captions.vtt` and `captions.srt`: who says what, and the emotion after it, `[joy 71 %]`.

A `?` after the emotion says that the model does not commit itself: `[joy? 38 %]`. Line breaks inside a turn
become spaces, control characters are left out, cues stand by their starts.
"""

from __future__ import annotations

from pathlib import Path

from crossgate.report.exports.timing import by_time, label, plain
from crossgate.report.result import Result, Turn

ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def write_vtt(result: Result, path: Path) -> None:
    """Write WebVTT (W3C): speakers as voice tags, `<v Ann>`, ids as cue identifiers, the model in a note.

    Raises InputError where a turn has no times.
    """
    model = f"{result.model.name}, crossgate {result.model.version}"
    note = f"Expressed emotions by {model}. A question mark: the model does not commit itself."
    if result.policy is not None:
        note += f" Usage policy: {result.policy}."
    blocks = ["WEBVTT", f"NOTE {_escaped(note)}"]
    for start, end, turn in by_time(result):
        identifier = plain(turn.id).replace("-->", "→")
        voice = f"<v {_escaped(turn.speaker) or 'speaker'}>"
        words = _escaped(" ".join((turn.text or "", _emotion(turn))))
        times = f"{_clock(start, '.')} --> {_clock(end, '.')}"
        blocks.append("\n".join(filter(None, (identifier, times, voice + words))))
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8", newline="\n")


def write_srt(result: Result, path: Path) -> None:
    """Write SubRip: `Ann: text [joy 71 %]`, and the usage policy in the brackets where there is one.

    SubRip knows no escapes: `-->`, which would begin another cue, becomes an arrow, and a player may take
    `<i>` in a text for its own. Raises InputError where a turn has no times.
    """
    blocks = []
    for number, (start, end, turn) in enumerate(by_time(result), start=1):
        words = plain(f"{turn.speaker}: {turn.text or ''} {_emotion(turn, result.policy)}")
        times = f"{_clock(start, ',')} --> {_clock(end, ',')}"
        blocks.append(f"{number}\n{times}\n{words.replace('-->', '→')}\n")
    path.write_text("\n".join(blocks), encoding="utf-8", newline="\n")


def _emotion(turn: Turn, policy: str | None = None) -> str:
    """`[joy 71 %]`."""
    added = "" if policy is None else f", policy {policy}"
    return f"[{label(turn)} {100 * turn.confidence:.0f} %{added}]"


def _escaped(text: str) -> str:
    return plain(text).translate(ESCAPES)


def _clock(milliseconds: int, point: str) -> str:
    """`01:02:03.456`."""
    seconds, thousandths = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{point}{thousandths:03d}"
