"""`turns.eaf`: the turns as annotations for ELAN, a tier a speaker and beneath it one with the emotions."""

from __future__ import annotations

import mimetypes
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

from crossgate.report.exports.timing import is_written, label, plain, tiers
from crossgate.report.result import MediaInfo, Result

INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
LAYOUT = "http://www.mpi.nl/tools/elan/EAFv3.0.xsd"

WORDS_TYPE, EMOTION_TYPE = "utterance", "emotion"

CONSTRAINTS = {
    "Time_Subdivision": "Time subdivision of parent annotation's time interval, no time gaps allowed",
    "Symbolic_Subdivision": "Symbolic subdivision of a parent annotation; refers to its order",
    "Symbolic_Association": "1-1 association with a parent annotation",
    "Included_In": "Time alignable annotations within the parent annotation's time interval, gaps allowed",
}
"""The four ways a tier can depend on another; ELAN wants all of them named in every file."""


def write_eaf(result: Result, path: Path) -> None:
    """Write EAF 3.0: a tier a speaker with the texts, and `<speaker> emotion`, one for each text, below it.

    Annotations of one tier cannot overlap: a speaker whose turns do has a second tier, `Ann (2)`. A `?`
    after an emotion: the model does not commit itself. ELAN looks for the recording beside the file.
    Raises InputError where a turn has no times.
    """
    root = ET.Element(
        "ANNOTATION_DOCUMENT",
        {
            "AUTHOR": "crossgate",
            "DATE": datetime.now(UTC).isoformat(timespec="seconds"),
            "FORMAT": "3.0",
            "VERSION": "3.0",
            "xmlns:xsi": INSTANCE,
            "xsi:noNamespaceSchemaLocation": LAYOUT,
        },
    )
    header = ET.SubElement(root, "HEADER", MEDIA_FILE="", TIME_UNITS="milliseconds")
    order = ET.SubElement(root, "TIME_ORDER")
    slots: list[tuple[int, ET.Element]] = []
    annotations = 0
    for tier in tiers(result):
        words = _tier(root, tier.name, tier.speaker, WORDS_TYPE)
        emotions = _tier(root, tier.emotions, tier.speaker, EMOTION_TYPE)
        emotions.set("PARENT_REF", tier.name)
        for start, end, turn in tier.turns:
            identifier = f"a{annotations + 1}"
            one = ET.SubElement(
                ET.SubElement(words, "ANNOTATION"), "ALIGNABLE_ANNOTATION", ANNOTATION_ID=identifier
            )
            slots += [(start, one), (end, one)]
            _value(one, turn.text or "")
            below = ET.SubElement(emotions, "ANNOTATION")
            two = ET.SubElement(
                below, "REF_ANNOTATION", ANNOTATION_ID=f"a{annotations + 2}", ANNOTATION_REF=identifier
            )
            _value(two, label(turn))
            annotations += 2
    _place(slots, order)
    _describe(header, result, annotations)
    _types(root)
    ET.indent(root)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _tier(root: ET.Element, name: str, speaker: str, kind: str) -> ET.Element:
    return ET.SubElement(root, "TIER", LINGUISTIC_TYPE_REF=kind, PARTICIPANT=plain(speaker), TIER_ID=name)


def _value(annotation: ET.Element, words: str) -> None:
    ET.SubElement(annotation, "ANNOTATION_VALUE").text = "".join(filter(is_written, words))


def _place(slots: list[tuple[int, ET.Element]], order: ET.Element) -> None:
    """A time slot for the start and one for the end of every annotation, in the order of time."""
    for number, (time, annotation) in enumerate(sorted(slots, key=lambda slot: slot[0]), start=1):
        identifier = f"ts{number}"
        ET.SubElement(order, "TIME_SLOT", TIME_SLOT_ID=identifier, TIME_VALUE=str(time))
        # An annotation is at least a millisecond long, so its start comes first.
        side = "TIME_SLOT_REF2" if "TIME_SLOT_REF1" in annotation.attrib else "TIME_SLOT_REF1"
        annotation.set(side, identifier)


def _describe(header: ET.Element, result: Result, annotations: int) -> None:
    if result.media.kind != "text":
        address = quote(result.media.name.encode("utf-8", "replace"))
        ET.SubElement(
            header,
            "MEDIA_DESCRIPTOR",
            MEDIA_URL=address,
            MIME_TYPE=_mime(result.media),
            RELATIVE_MEDIA_URL=f"./{address}",
        )
    known = {
        "crossgate.model": f"{result.model.name}, crossgate {result.model.version}",
        "crossgate.policy": result.policy,
        "lastUsedAnnotationId": str(annotations),
    }
    for name, value in known.items():
        if value is not None:
            ET.SubElement(header, "PROPERTY", NAME=name).text = plain(value)


def _mime(media: MediaInfo) -> str:
    return mimetypes.guess_type(media.name)[0] or f"{media.kind}/*"


def _types(root: ET.Element) -> None:
    """The kinds of tiers there are."""
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID=WORDS_TYPE,
        TIME_ALIGNABLE="true",
    )
    ET.SubElement(
        root,
        "LINGUISTIC_TYPE",
        CONSTRAINTS="Symbolic_Association",
        GRAPHIC_REFERENCES="false",
        LINGUISTIC_TYPE_ID=EMOTION_TYPE,
        TIME_ALIGNABLE="false",
    )
    for stereotype, description in CONSTRAINTS.items():
        ET.SubElement(root, "CONSTRAINT", DESCRIPTION=description, STEREOTYPE=stereotype)
