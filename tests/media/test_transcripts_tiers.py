"""Transcripts in tiers: ELAN and Praat, as their programs and as other libraries write them."""

from __future__ import annotations

from pathlib import Path

import pympi
import pytest
from praatio import textgrid as praat

from crossgate.errors import InputError
from crossgate.media.transcripts.formats import eaf
from crossgate.media.transcripts.reading import read_transcript
from crossgate.media.transcripts.segments import Segment, Transcript


@pytest.fixture
def read(tmp_path: Path):  # type: ignore[no-untyped-def]
    def reads(name: str, content: str | bytes) -> Transcript:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_transcript(path)

    return reads


# ELAN


def test_elan_as_pympi_writes_it(tmp_path: Path) -> None:
    file = pympi.Eaf()
    file.remove_tier("default")
    file.add_tier("A_utterance", part="Ann")
    file.add_tier("Bob")
    file.add_annotation("A_utterance", 1500, 2000, "hi <b> & Привет")
    file.add_annotation("Bob", 1000, 1700, "yo")
    file.add_annotation("Bob", 3000, 4000, "")
    file.add_linguistic_type("translation", "Symbolic_Association")
    file.add_tier("A_translation", ling="translation", parent="A_utterance")
    file.add_ref_annotation("A_translation", "A_utterance", 1600, "hello")
    file.to_file(tmp_path / "a.eaf")
    (hi,), (yo, empty) = (list(file.tiers[name][0]) for name in ("A_utterance", "Bob"))
    transcript = read_transcript(tmp_path / "a.eaf")
    assert transcript.segments == (
        Segment(1.0, 1.7, "Bob", "yo", yo),
        Segment(1.5, 2.0, "Ann", "hi <b> & Привет", hi),
    )
    assert transcript.notes[0] == "tiers that depend on another were left out (tier 'A_translation')"
    assert transcript.notes[1:] == (
        f"a segment without words was left out (tier 'Bob', annotation '{empty}')",
    )


SLOTS = (
    '<TIME_SLOT TIME_SLOT_ID="s" TIME_VALUE="1500"/><TIME_SLOT TIME_SLOT_ID="e" TIME_VALUE="2000"/>'
    '<TIME_SLOT TIME_SLOT_ID="unknown"/>'
)
HI = (
    '<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a" TIME_SLOT_REF1="s" TIME_SLOT_REF2="e">'
    "<ANNOTATION_VALUE>hi</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>"
)
NO_START = HI.replace('REF1="s"', 'REF1="unknown"')


def document(tiers: str, slots: str = SLOTS, header: str = "") -> str:
    return f"<ANNOTATION_DOCUMENT>{header}<TIME_ORDER>{slots}</TIME_ORDER>{tiers}</ANNOTATION_DOCUMENT>"


def test_elan_that_pympi_cannot_read(read) -> None:  # type: ignore[no-untyped-def]
    # No schema, and ids without digits.
    transcript = read("a.eaf", document(f'<TIER TIER_ID="Ann">{HI}</TIER>'))
    assert transcript.segments == (Segment(1.5, 2.0, "Ann", "hi", "a"),)
    assert transcript.notes == ()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_elan_in_other_encodings(read, encoding: str) -> None:  # type: ignore[no-untyped-def]
    declared = {"utf-8-sig": "utf-8", "cp1252": "windows-1252"}.get(encoding, encoding)
    text = document(f'<TIER TIER_ID="Zoé">{HI}</TIER>')
    transcript = read("a.eaf", f'<?xml version="1.0" encoding="{declared}"?>\n{text}'.encode(encoding))
    assert transcript.segments[0].speaker == "Zoé"


def test_elan_tells_what_it_took_for_words(read) -> None:  # type: ignore[no-untyped-def]
    hands = HI.replace("hi", "waves").replace('ID="a"', 'ID="b"')
    tiers = f'<TIER TIER_ID="speech" PARTICIPANT="Ann">{HI}</TIER>'
    tiers += f'<TIER TIER_ID="hands" PARTICIPANT="Ann">{hands}</TIER>'
    words = f'<TIER TIER_ID="words" PARENT_REF="speech">{HI}</TIER>'
    header = '<HEADER><MEDIA_DESCRIPTOR MEDIA_URL="x" TIME_ORIGIN="250"/></HEADER>'
    transcript = read("a.eaf", document(tiers + words, header=header))
    assert [s.text for s in transcript.segments] == ["hi", "waves"]
    assert transcript.notes[:3] == (
        "tiers that depend on another were left out (tier 'words')",
        "several tiers are read as the words of Ann: speech, hands",
        "a recording is shifted against the annotations (TIME_ORIGIN): not applied to the times",
    )


def test_an_xml_bomb_is_refused_before_it_grows(read) -> None:  # type: ignore[no-untyped-def]
    entities = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">{entities}]>'
    for text in (
        bomb + document("&l11;"),
        '<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd">' + document(""),
    ):
        with pytest.raises(InputError, match="declares a document type"):
            read("a.eaf", text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<?xml version='1.0'?><a>", "line 1: not XML"),
        ("<?xml version='1.0'?><TT/>", "the XML is not ELAN's"),
        (document("&foo;"), "not XML: undefined entity"),
        (document("<a>" * 40 + "</a>" * 40), "nested deeper"),
        (document(f"<TIER TIER_ID='A'>{HI}</TIER>", slots=""), "names the time slot 's', which is not there"),
        (document(f"<TIER TIER_ID='A'>{HI}</TIER>", SLOTS.replace("1500", "x")), "the time is 'x'"),
        (
            document(f"<TIER TIER_ID='A'>{HI}</TIER>", SLOTS.replace("1500", "2500")),
            "ends at 2 s, before its start",
        ),
        (
            document(f"<TIER TIER_ID='A'>{HI}</TIER>", SLOTS.replace("1500", "-1")),
            "starts before the recording",
        ),
        (
            document(f"<TIER TIER_ID='A'>{HI}{NO_START}</TIER>", SLOTS),
            "annotation 'a': this segment has no start, others have",
        ),
        (document("<TIER TIER_ID='A'/>"), "the transcript is empty"),
    ],
)
def test_elan_that_is_refused(read, content: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as error:
        read("talk.eaf", content)
    assert message in str(error.value)
    assert "talk.eaf" in str(error.value)


def test_more_elements_than_elan_ever_writes(read, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    text = document(f'<TIER TIER_ID="Ann">{HI}</TIER>')
    monkeypatch.setattr(eaf, "MOST_ELEMENTS", 9)
    assert read("a.eaf", text).segments
    monkeypatch.setattr(eaf, "MOST_ELEMENTS", 8)
    with pytest.raises(InputError, match="or longer, than any ELAN file"):
        read("a.eaf", text)


# Praat


@pytest.mark.parametrize("layout", ["long_textgrid", "short_textgrid"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_textgrids_as_praatio_writes_them(tmp_path: Path, layout: str, encoding: str) -> None:
    grid = praat.Textgrid()
    grid.addTier(
        praat.IntervalTier('Ann "A"', [(1.5, 2.0, 'say "hi" = 5'), (2.0, 2.5, "xmin = 7 ! no")], 0, 5)
    )
    grid.addTier(praat.PointTier("tones", [(1.0, "H*")], 0, 5))
    grid.addTier(praat.IntervalTier("Bob", [(1, 2.25, "intervals [1]: Привет")], 0, 5))
    path = tmp_path / "a.TextGrid"
    grid.save(str(path), layout, includeBlankSpaces=True)
    path.write_bytes(path.read_text("utf-8").encode(encoding))
    transcript = read_transcript(path)
    assert transcript.format == "textgrid"
    assert transcript.segments == (
        Segment(1.0, 2.25, "Bob", "intervals [1]: Привет"),
        Segment(1.5, 2.0, 'Ann "A"', 'say "hi" = 5'),
        Segment(2.0, 2.5, 'Ann "A"', "xmin = 7 ! no"),
    )
    assert transcript.notes == ("point tiers were left out (tier 'tones')",)


SHORT = (
    'File type = "ooTextFile"\nObject class = "TextGrid"\n\n0\n3\n<exists>\n1\n'
    '"IntervalTier"\n"Ann"\n0\n3\n2\n0\n1.5\n"hi ""there""\nyou"\n1.5\n3\n""\n'
)


def test_textgrid_short_by_hand(read) -> None:  # type: ignore[no-untyped-def]
    expected = (Segment(0.0, 1.5, "Ann", 'hi "there" you'),)
    assert read("a.textgrid", SHORT).segments == expected
    assert read("a.textgrid", SHORT.replace("\n0\n3\n<", "\n0 ! begins\n3\n! a note\n<")).segments == expected
    old = SHORT.replace('File type = "ooTextFile"\nObject class = ', '"ooTextFile short"\n')
    assert read("a.textgrid", old).segments == expected
    windows = SHORT.replace("there", "thère").encode("cp1252")
    assert read("a.textgrid", windows).segments[0].text == 'hi "thère" you'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (SHORT[:-3], "the file ends where tier 'Ann', interval 2 was expected"),
        (SHORT[:-2], "a text begins here and does not end"),
        (SHORT.replace('"TextGrid"', '"Sound"'), "not a Praat TextGrid"),
        (SHORT.replace("\n0\n1.5", "\n-0.5\n1.5"), "tier 'Ann', interval 1: the segment starts before"),
        (SHORT.replace("\n0\n1.5", "\n2\n1.5"), "tier 'Ann', interval 1: the segment ends at 1.5 s"),
        (SHORT.replace("\n0\n1.5", '\n"x"\n1.5'), "line 13: expected tier 'Ann', interval 1, a number"),
        (SHORT.replace("<exists>\n1", "<exists>\n-1"), "the number of tiers is -1"),
        (SHORT.replace("<exists>\n1", "<exists>\n1.5"), "the number of tiers is 1.5"),
        (SHORT.replace("<exists>", "<absent>"), "the transcript is empty"),
        (SHORT.replace("IntervalTier", "PitchTier"), "tier 'Ann' is a 'PitchTier'"),
        (SHORT.replace("\n0\n1.5", "\n0\n1e999"), "not finite"),
        ("Hello", "the file ends where the file type was expected"),
    ],
)
def test_textgrids_that_are_refused(read, content: str, message: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as error:
        read("talk.TextGrid", content)
    assert message in str(error.value)
    assert "talk.TextGrid" in str(error.value)
