"""ELAN (`.eaf`) -> segments: each independent tier with times is a speaker.

Max Planck Institute for Psycholinguistics, "ELAN Annotation Format (EAF) Schema". Read here with the standard
library's XML, and not by `pympi`, since that refuses files without an XML schema's name or with ids without
digits, and keeps only the last of two tiers or annotations with one name; the tests read what it writes.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from crossgate.errors import InputError
from crossgate.media.transcripts.found import Found, Notes, shown

DEEPEST = 30
"""Nesting; ELAN's own is 5."""

MOST_ELEMENTS = 2_000_000
"""Of a file; a tree of them takes about 1 GB."""


def read(text: str, where: str, notes: Notes) -> list[Found]:
    """The annotations of the tiers that stand on the time line themselves.

    A tier's speaker is its PARTICIPANT, else its name. Tiers that depend on another (translations, words,
    glosses) repeat or describe it; they are left out with a note.

    Raises:
        InputError: where the file is no EAF, an annotation names a time slot that is not there, or a document
            type is declared, which ELAN never does and which can make a small file fill the memory.
    """
    root = _tree(text, where)
    slots = _slots(root, where)
    found: list[Found] = []
    read_as: dict[str, list[str]] = {}
    for tier in root.iter("TIER"):
        name = tier.get("TIER_ID") or "without a name"
        place = f"tier {shown(name)}"
        if tier.get("PARENT_REF") or tier.find("ANNOTATION/REF_ANNOTATION") is not None:
            notes.add("tiers that depend on another were left out", place)
            continue
        speaker = (tier.get("PARTICIPANT") or "").strip() or name
        annotations = [
            _annotation(one, slots, speaker, place, where) for one in tier.iter("ALIGNABLE_ANNOTATION")
        ]
        if annotations:
            read_as.setdefault(speaker, []).append(name)
        found += annotations
    for speaker, names in read_as.items():
        if len(names) > 1:
            notes.add(f"several tiers are read as the words of {speaker}: {', '.join(names[:8])}")
    for media in root.iter("MEDIA_DESCRIPTOR"):
        if (media.get("TIME_ORIGIN") or "0") != "0":
            notes.add(
                "a recording is shifted against the annotations (TIME_ORIGIN): not applied to the times"
            )
    return found


def _tree(text: str, where: str) -> Element:
    parser = XMLParser(target=_Guarded(where))
    try:
        parser.feed(text)
        root = parser.close()
    except ParseError as error:
        raise InputError(
            f"not XML: {error.msg}", where=f"{where}, line {error.position[0]}", fix="save it again from ELAN"
        ) from error
    except (ValueError, LookupError) as error:  # an encoding that the parser does not know; half characters
        raise InputError(f"not XML: {error}", where=where, fix="save it again from ELAN") from error
    if not isinstance(root, Element) or root.tag != "ANNOTATION_DOCUMENT":
        raise InputError("the XML is not ELAN's: expected an ANNOTATION_DOCUMENT", where=where)
    return root


class _Guarded(TreeBuilder):
    """Builds the tree, and refuses what is no ELAN file and could harm."""

    def __init__(self, where: str) -> None:
        super().__init__()
        self._where = where
        self._depth = self._number = 0

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise InputError(
            "declares a document type, which no ELAN file does",
            where=self._where,
            fix="save it again from ELAN",
        )

    def start(self, tag: str, attrs: dict[str, str]) -> Element:
        self._depth += 1
        self._number += 1
        if self._depth > DEEPEST or self._number > MOST_ELEMENTS:
            raise InputError("nested deeper, or longer, than any ELAN file", where=self._where)
        return super().start(tag, attrs)

    def end(self, tag: str) -> Element:
        self._depth -= 1
        return super().end(tag)


def _slots(root: Element, where: str) -> dict[str, float | None]:
    """Name of each time slot -> seconds, None where it has no time."""
    slots: dict[str, float | None] = {}
    for slot in root.iter("TIME_SLOT"):
        name, value = slot.get("TIME_SLOT_ID") or "", slot.get("TIME_VALUE")
        if value is None:
            slots[name] = None
        elif value.strip().removeprefix("-").isdecimal() and len(value) <= 15:
            slots[name] = int(value) / 1000
        else:
            raise InputError(
                f"the time is {shown(value)}, expected milliseconds",
                where=f"{where}, time slot {shown(name)}",
            )
    return slots


def _annotation(one: Element, slots: dict[str, float | None], speaker: str, tier: str, where: str) -> Found:
    name = one.get("ANNOTATION_ID")
    place = f"{tier}, annotation {shown(name or 'without an id')}"
    ends = [one.get("TIME_SLOT_REF1"), one.get("TIME_SLOT_REF2")]
    for slot in ends:
        if slot not in slots:
            raise InputError(
                f"names the time slot {shown(slot)}, which is not there",
                where=f"{where}, {place}",
                fix="save it again from ELAN",
            )
    start, end = (slots[slot] for slot in ends if slot is not None)
    return Found(place, start, end, speaker, one.findtext("ANNOTATION_VALUE"), name)
