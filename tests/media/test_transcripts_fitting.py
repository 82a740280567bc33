"""A transcript fitted to a recording, and to a file of speakers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.errors import InputError
from crossgate.media.transcripts.fitting import assign_speakers, place_in
from crossgate.media.transcripts.segments import Segment, Transcript


def transcript(*segments: Segment, notes: tuple[str, ...] = ()) -> Transcript:
    return Transcript(segments, "vtt", "talk.vtt", notes)


def said(start: float | None, end: float | None, speaker: str | None = None) -> Segment:
    return Segment(start, end, speaker, "words")


def test_what_fits_stays_as_it_is() -> None:
    talk = transcript(said(0, 1), said(1, 2), notes=("a",))
    assert place_in(talk, 2.0) == talk
    untimed = transcript(said(None, None))
    assert place_in(untimed, 2.0) is untimed


def test_what_runs_over_is_cut_or_left_out_with_notes() -> None:
    talk = transcript(said(0, 1), said(1, 2.4), said(1.5, 2.6), said(2, 3), said(3, 4), notes=("a",))
    fitted = place_in(talk, 2.0)
    assert fitted.segments == (said(0, 1), said(1, 2.0), said(1.5, 2.0))
    assert fitted.notes == (
        "a",
        "a segment that runs past the end of the recording was cut there (0:02)",
        "a segment that starts after the end of the recording was left out (2 times, first at 0:02)",
    )
    assert place_in(talk, 2.0).notes == fitted.notes


def test_another_recordings_transcript_is_refused() -> None:
    talk = transcript(said(0, 10), said(200, 210), said(700, 754))
    with pytest.raises(InputError) as error:
        place_in(talk, 200.0)
    assert "the transcript runs to 12:34, the recording ends at 3:20: is it another recording's?" in str(
        error.value
    )
    assert len(place_in(transcript(said(0, 1), said(5, 6)), 2.0).segments) == 1  # half is not more than half


@pytest.mark.parametrize("duration", [0.0, -1.0, float("nan"), float("inf")])
def test_a_recording_has_a_length(duration: float) -> None:
    with pytest.raises(InputError, match=r"talk\.vtt: the recording lasts"):
        place_in(transcript(said(0, 1)), duration)


SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 20)).map(
        lambda pair: (pair[0] / 4, (pair[0] + pair[1]) / 4)
    ),
    min_size=1,
    max_size=12,
)


@given(SPANS, st.integers(1, 80))
def test_a_fitted_transcript_lies_in_the_recording(spans: list[tuple[float, float]], quarters: int) -> None:
    duration = quarters / 4
    talk = transcript(*(said(*span) for span in sorted(spans)))
    beyond = sum(start >= duration for start, _ in spans)
    if beyond * 2 > len(spans):
        with pytest.raises(InputError, match="another recording"):
            place_in(talk, duration)
        return
    fitted = place_in(talk, duration)
    assert [s.start for s in fitted.segments] == [start for start, _ in sorted(spans) if start < duration]
    assert all(s.end is not None and s.end <= duration for s in fitted.segments)
    assert place_in(fitted, duration).segments == fitted.segments


# Speakers from a second file


def turns(*of: tuple[float, float, str]) -> Transcript:
    return Transcript(
        tuple(Segment(start, end, name) for start, end, name in of), "rttm", "talk.rttm", ("r",)
    )


def test_the_longest_overlap_gives_the_speaker() -> None:
    talk = transcript(said(0, 2), said(2, 4), said(8, 9), said(9, 9.5, "Zoe"), notes=("t",))
    known = assign_speakers(
        talk, turns((0, 0.5, "A"), (0.5, 1.4, "B"), (1.4, 2.5, "A"), (2.5, 4, "B"), (9, 10, "A"))
    )
    assert [s.speaker for s in known.segments] == ["A", "B", None, "Zoe"]
    assert [s.text for s in known.segments] == ["words"] * 4
    assert known.notes == (
        "t",
        "r",
        "no turn overlaps a segment: its speaker is unknown (0:08)",
        "a segment keeps the speaker that the transcript names (0:09)",
    )


def test_equally_long_is_the_first_to_speak() -> None:
    talk = transcript(said(0, 2))
    assert assign_speakers(talk, turns((1, 2, "A"), (0, 1, "B"))).segments[0].speaker == "B"


def test_touching_is_no_overlap() -> None:
    assert (
        assign_speakers(transcript(said(1, 2)), turns((0, 1, "A"), (2, 3, "B"))).segments[0].speaker is None
    )


@given(SPANS, SPANS, st.data())
def test_speakers_equal_those_by_trying_every_turn(
    spans: list[tuple[float, float]], others: list[tuple[float, float]], data: st.DataObject
) -> None:
    names = [data.draw(st.sampled_from("ABC")) for _ in others]
    named = sorted((start, end, name) for (start, end), name in zip(others, names, strict=True))
    known = assign_speakers(transcript(*(said(*span) for span in spans)), turns(*named))
    for segment, (start, end) in zip(known.segments, spans, strict=True):
        seconds = dict.fromkeys("ABC", 0.0)
        for other_start, other_end, name in named:
            seconds[name] += max(0.0, min(end, other_end) - max(start, other_start))
        most = max(seconds.values())
        assert (segment.speaker is None) == (most == 0)
        assert segment.speaker is None or seconds[segment.speaker] == most


def test_files_without_times_or_speakers_are_refused() -> None:
    with pytest.raises(InputError, match=r"talk\.vtt: speakers can be assigned by times alone"):
        assign_speakers(transcript(said(None, None)), turns((0, 1, "A")))
    with pytest.raises(InputError, match=r"talk\.vtt: the file names no speakers"):
        assign_speakers(transcript(said(0, 1)), transcript(said(0, 1)))
