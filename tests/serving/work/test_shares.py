"""The share of an analysis that is done, and the names people see."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.errors import InputError
from crossgate.serving.work.progress import FETCHING, STEPS, WRITING_DOWN, Progress
from crossgate.serving.work.worker.naming import named, named_error, names_of

steps = st.lists(
    st.tuples(
        st.sampled_from([*STEPS, "something new"]),
        st.one_of(st.none(), st.floats(-1, 2, allow_nan=False)),
    )
)


@given(steps, st.sets(st.sampled_from(list(STEPS)), max_size=3))
def test_it_never_falls_and_never_is_whole_before_the_end(told, left_out) -> None:
    progress, last = Progress(left_out), 0.0
    for words, share in told:
        progress.tell(words, share)
        assert progress.step == words
        assert last <= progress.share < 1
        last = progress.share


def test_it_rises_to_almost_all_in_the_order_of_the_pipeline() -> None:
    progress, seen = Progress([FETCHING, WRITING_DOWN]), []
    for words in STEPS:
        for share in (0.25, 1.0):
            progress.tell(words, share)
            seen.append(progress.share)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(0.99)


def test_what_is_skipped_counts_as_done() -> None:
    straight, skipping = Progress(), Progress()
    for words in STEPS:
        straight.tell(words, 1.0)
    skipping.tell("listening to the voices", 1.0)
    assert skipping.share < straight.share  # the faces are looked at meanwhile
    skipping.tell("looking at the faces", 1.0)
    assert skipping.share == straight.share


def test_names_take_the_place_of_paths() -> None:
    media, transcript = (
        Path("/data/scratch/tmp1") / ("a" * 32),
        Path("/data/scratch/tmp1") / ("b" * 32 + ".vtt"),
    )
    names = names_of({media: "Ada's talk.mp4", transcript: "words.vtt"})
    assert named(f"{transcript}, line 3", names) == "words.vtt, line 3"
    assert named(transcript.name, names) == "words.vtt"
    assert named(f"conversation {transcript.stem}", names) == "conversation words"
    assert named(f"{media} {media.name}", names) == "Ada's talk.mp4 Ada's talk.mp4"
    error = named_error(InputError(f"{media.name} is empty", where=str(media), fix=None), names)
    assert (error.what, error.where, error.fix) == ("Ada's talk.mp4 is empty", "Ada's talk.mp4", None)
