"""The text of cues -> who says what: voice tags, names before a colon, dashes; other tags taken out."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Sequence

from crossgate.media.transcripts.formats.cues import Cue
from crossgate.media.transcripts.found import Found, Notes

Piece = tuple[str | None, str]
"""A speaker, None where unknown, and his words."""

_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<[0-9:.]+>|</>")
_SUBRIP_TAGS = {"b", "i", "u", "s", "font", "c", "v", "lang", "ruby", "rt"}
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_POSITION = re.compile(r"\{\\[A-Za-z][^{}]*\}")  # {\an8}: where the line stands on the screen

# `ANN: text`, `Ann Smith: text`, whisperX's `[SPEAKER_00]: text`, each perhaps after a dash.
_NAMED = re.compile(
    r"\s*(?:[-–—]\s*)?(?:\[([^\[\]:\n]{1,40})\]|([^\W\d_][^:：<>\[\](){}!?;,\"\n]{0,39}?))\s{0,3}"
    r"(?::(?=\s|$)|：)\s*(.*)",
    re.DOTALL,
)
_DASHED = re.compile(r"\s*[-–—](?:\s+|(?=[^\W\d_]))(?=\S)(.*)", re.DOTALL)
LONGEST_NAME = 4
"""Words; more before a colon are a sentence."""


def segments_of(cues: Sequence[Cue], notes: Notes, every_tag: bool) -> list[Found]:
    """One segment a cue, or several where a cue holds several voices.

    Their times are then parts of the cue's in proportion to the number of characters, and that is noted.

    Args:
        cues: in the order of the file.
        notes: to add to.
        every_tag: take out every tag (WebVTT); else those alone that SubRip knows, since `<laughs>` is text.
    """
    pieces = [_by_voice_tags("\n".join(cue.lines), every_tag) for cue in cues]
    if not any(speaker is not None for parts in pieces for speaker, _ in parts):
        pieces = _by_names(["".join(text for _, text in parts) for parts in pieces], cues, notes)
    return [one for cue, parts in zip(cues, pieces, strict=True) for one in _spread(cue, parts, notes)]


def _by_voice_tags(raw: str, every_tag: bool) -> list[Piece]:
    """Words by voice; `<v Ann>` holds until `</v>`, the next voice or the end."""
    pieces: list[Piece] = []
    speaker: str | None = None
    position, reading = 0, False  # reading: inside <rt>, the pronunciation of a word that is there already
    raw = raw if every_tag else _POSITION.sub("", raw)
    for tag in [*_TAG.finditer(raw), None]:
        words = raw[position : tag.start() if tag else len(raw)]
        if words and not reading:
            pieces.append((speaker, words))
        if tag is None:
            break
        position = tag.end()
        closing, inside = tag[0].startswith("</"), tag[0][1:-1].removeprefix("/")
        name, *rest = inside.split(None, 1) or [""]
        name = name.split(".")[0].lower()
        if name == "v":
            speaker = None if closing or not rest else " ".join(_unescaped(rest[0]).split()) or None
        elif name == "rt":
            reading = not closing
        elif name == "ruby" and closing:
            reading = False
        elif not every_tag and name and name[0].isalpha() and name not in _SUBRIP_TAGS:
            pieces.append((speaker, tag[0]))
    return [(speaker, _unescaped(words)) for speaker, words in _merged(pieces)]


def _unescaped(text: str) -> str:
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text)


def _merged(pieces: list[Piece]) -> list[Piece]:
    """Neighbours of one speaker made one."""
    runs: list[tuple[str | None, list[str]]] = []
    for speaker, words in pieces:
        if not runs or (words.strip() and runs[-1][0] != speaker):
            runs.append((speaker, [words]))
        else:
            runs[-1][1].append(words)
    return [(speaker, "".join(words)) for speaker, words in runs]


def _by_names(texts: list[str], cues: Sequence[Cue], notes: Notes) -> list[list[Piece]]:
    """Names before a colon, where that is the file's habit, and dashes.

    Dashes count where a cue has two, or every cue begins with one: elsewhere they are punctuation.
    """
    names = _names(texts)
    said = [text for text in texts if text.strip()]
    always = len(said) > 1 and all(_DASHED.match(text) for text in said)
    pieces = []
    without: list[Cue] = []
    for cue, text in zip(cues, texts, strict=True):
        parts = _parts(text, names)
        dashes = sum(dashed for _, _, dashed in parts)
        if dashes < 2 and not always:
            parts = _parts(text, names, dashes=False)
        elif dashes:
            notes.add("dashes at the beginning of lines were read as changes of speaker", cue.place)
        if names and text.strip() and parts[0][0] is None:
            without.append(cue)
        pieces.append([(speaker, "\n".join(lines)) for speaker, lines, _ in parts])
    if names:
        listed = ", ".join(list(names)[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
        notes.add(f"names before a colon were read as speakers: {listed}")
    for cue in without:
        notes.add("a cue names no speaker, others do: its speaker is unknown", cue.place)
    return pieces


def _named(line: str) -> tuple[str, str] | None:
    match = _NAMED.match(line)
    if match is None:
        return None
    name = " ".join((match[1] or match[2]).split())
    return (name, match[3]) if name and len(name.split()) <= LONGEST_NAME else None


def _names(texts: list[str]) -> dict[str, None]:
    """The names that cues begin with, if it is a habit of the file and no chance.

    A habit: all of two cues or more begin so; or at least half of them, and some name comes back.
    """
    beginnings = [text.lstrip().split("\n", 1)[0] for text in texts if text.strip()]
    counts = Counter(named[0] for named in map(_named, beginnings) if named is not None)
    number = counts.total()
    always = number == len(beginnings) and number >= 2
    mostly = number * 2 >= len(beginnings) and max(counts.values(), default=0) >= 2
    return dict.fromkeys(counts) if always or mostly else {}


def _parts(
    text: str, names: dict[str, None], dashes: bool = True
) -> list[tuple[str | None, list[str], bool]]:
    """Speaker, lines, and whether a dash began them, for each part of a cue."""
    parts: list[tuple[str | None, list[str], bool]] = []
    for line in text.split("\n"):
        named = _named(line)
        if named is not None and named[0] in names:
            parts.append((named[0], [named[1]], _DASHED.match(line) is not None))
        elif dashes and (match := _DASHED.match(line)) is not None:
            parts.append((None, [match[1]], True))
        elif parts:
            parts[-1][1].append(line)
        else:
            parts.append((None, [line], False))
    return parts


def _spread(cue: Cue, parts: list[Piece], notes: Notes) -> list[Found]:
    spoken = [(speaker, " ".join(words.split())) for speaker, words in parts if words.strip()]
    if len(spoken) < 2:
        speaker, words = spoken[0] if spoken else (None, "")
        return [Found(cue.place, cue.start, cue.end, speaker, words, cue.id)]
    notes.add(
        "a cue holds several voices: its time was shared out in proportion to their characters", cue.place
    )
    length = sum(len(words) for _, words in spoken)
    found, said = [], 0
    for number, (speaker, words) in enumerate(spoken, start=1):
        start = cue.start + (cue.end - cue.start) * said / length
        said += len(words)
        # The last ends exactly with its cue.
        end = cue.start + (cue.end - cue.start) * said / length if said < length else cue.end
        name = f"{cue.id}.{number}" if cue.id else None
        found.append(Found(cue.place, start, end, speaker, words, name))
    return found
