"""The figures of one recording: what they are on results made up so that the answer is known."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_results import toy_result

from crossgate.conversation import Modality
from crossgate.emotions import MELD
from crossgate.errors import InputError
from crossgate.report.result import ModalityUse, Result, Turn
from crossgate.report.summary import VIEWS, Summary, summarize
from crossgate.report.summary.changes import change_points, gains, shifts
from crossgate.report.summary.moments import divergence
from crossgate.report.summary.parts import counted

LABELS = ("neutral", "joy", "anger")
PRESENT: dict[Modality, ModalityUse] = {
    "text": ModalityUse(True, 1.0),
    "audio": ModalityUse(False, 0.0),
    "visual": ModalityUse(False, 0.0),
}


def turn(
    place: int, speaker: str, emotion: str, sure: float = 0.9, *, abstained: bool = False, **changes: object
) -> Turn:
    """A turn of three seconds; what is not the emotion's is shared by the others."""
    rest = (1 - sure) / (len(LABELS) - 1)
    probabilities = {label: sure if label == emotion else rest for label in LABELS}
    made = Turn(
        f"u{place}",
        speaker,
        4.0 * place,
        4.0 * place + 3,
        f"words {place}",
        emotion,
        sure,
        abstained,
        probabilities,
        PRESENT,
        {"t": probabilities},
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def result(*turns: Turn) -> Result:
    return replace(toy_result(1), labels=LABELS, utterances=turns)


def dialogue(emotions: str, speakers: str = "AB") -> Result:
    """A letter a turn: n, j or a; the speakers alternate."""
    names = {label[0]: label for label in LABELS}
    return result(*(turn(k, speakers[k % len(speakers)], names[letter]) for k, letter in enumerate(emotions)))


made_results = st.builds(
    toy_result,
    turns=st.integers(0, 40),
    speakers=st.sampled_from([("Ann",), ("Ann", "Ben"), ("Ann", "Ben", "Cy", "Di")]),
    timed=st.booleans(),
    abstained=st.sampled_from([0.0, 0.3, 1.0]),
    gaps=st.sampled_from([0.0, 0.5, 1.0]),
    odd=st.booleans(),
    texts=st.booleans(),
    seed=st.integers(0, 50),
)


@settings(max_examples=25, deadline=None)
@given(made_results)
def test_what_holds_of_every_summary(made: Result) -> None:
    summary = summarize(made)
    assert summary.overview.left_out == sum(not one.measured for one in made.utterances)
    made = counted(made)  # what was not measured is in no figure
    assert json.loads(json.dumps(summary.to_json(), allow_nan=False)) == summary.to_json()
    for one in summary.speakers or ():
        assert math.isclose(sum(share.estimate for share in one.shares), 1)
        assert one.too_few == (one.turns < 5)
        for share in one.shares:
            assert 0 <= share.interval.low <= share.estimate <= share.interval.high <= 1
            assert 0 <= share.in_these_turns.low <= share.in_these_turns.high <= 1
    assert sum(one.turns for one in summary.speakers or ()) == len(made.utterances)
    followed = zip(made.utterances, made.utterances[1:], strict=False)
    assert sum(one.pairs for one in summary.reactions or ()) == sum(
        a.speaker != b.speaker for a, b in followed
    )
    for reaction in summary.reactions or ():
        assert math.isclose(sum(sum(row.counts.values()) for row in reaction.rows), reaction.pairs)
        for row in reaction.rows:
            assert row.probabilities is None or math.isclose(sum(row.probabilities.values()), 1)
    assert len(summary.moments or ()) <= 10
    by_thirds = [one.turns for third in summary.thirds or () for one in third.speakers]
    assert sum(by_thirds) == len(made.utterances)


@settings(max_examples=15, deadline=None)
@given(made_results)
def test_names_of_speakers_do_not_matter(made: Result) -> None:
    names = list(dict.fromkeys(one.speaker for one in made.utterances))
    new = {name: f"zzz{len(names) - place}" for place, name in enumerate(names)}
    renamed = replace(
        made, utterances=tuple(replace(one, speaker=new[one.speaker]) for one in made.utterances)
    )

    def named(value: object) -> object:
        if isinstance(value, dict):
            return {key: named(one) for key, one in value.items()}
        if isinstance(value, list):
            return [named(one) for one in value]
        return new.get(value, value) if isinstance(value, str) else value

    assert named(summarize(made).to_json()) == summarize(renamed).to_json()


def test_a_summary_is_the_same_every_time_and_says_its_seed() -> None:
    made = toy_result(120)
    assert summarize(made) == summarize(made)
    assert summarize(made, seed=7).to_json()["seed"] == 7


def test_a_share_is_the_mean_of_the_probabilities() -> None:
    made = result(turn(0, "A", "joy", 0.8), turn(1, "A", "anger", 0.6, end=13.0), turn(2, "A", "joy", 1.0))
    (one,) = summarize(made).speakers or ()
    joy = one.shares[LABELS.index("joy")]
    assert joy.estimate == pytest.approx((0.8 + 0.2 + 1.0) / 3)
    assert joy.by_time == pytest.approx((0.8 * 3 + 0.2 * 9 + 1.0 * 3) / 15)
    assert one.too_few
    assert one.seconds == 15


def test_without_times_nothing_is_weighted_by_them() -> None:
    summary = summarize(toy_result(9, timed=False, kind="text"))
    assert summary.overview.seconds is None
    assert all(share.by_time is None for one in summary.speakers or () for share in one.shares)
    assert [third.start for third in summary.thirds or ()] == [None] * 3
    assert [sum(one.turns for one in third.speakers) for third in summary.thirds or ()] == [3, 3, 3]


def test_abstained_turns_stand_beside_the_shares() -> None:
    summary = summarize(toy_result(10, ("Ann",), abstained=1.0))
    assert [one.abstained for one in summary.speakers or ()] == [10]
    assert summary.overview.abstained == 1
    assert summary.shifts is not None
    assert (summary.shifts.pairs, summary.shifts.compared) == (9, 0)
    assert {reason.kind for one in summary.moments or () for reason in one.reasons} >= {"abstained"}


def test_a_recording_in_which_nobody_speaks() -> None:
    summary = summarize(toy_result(0))
    assert summary.overview.turns == 0
    assert summary.overview.abstained is None
    assert summary.speakers == ()


def test_shifts_are_between_turns_of_one_speaker_that_commit_themselves() -> None:
    made = result(
        turn(0, "A", "joy"),
        turn(1, "B", "anger"),
        turn(2, "A", "anger"),
        turn(3, "A", "neutral", abstained=True),
        turn(4, "A", "joy"),
        turn(5, "A", "neutral"),
    )
    found = shifts(made.utterances)
    assert [(one.was, one.becomes, one.after.id, one.follows) for one in found.found] == [
        ("joy", "anger", "u2", "B"),
        ("joy", "neutral", "u5", None),
    ]
    assert (found.pairs, found.compared) == (4, 2)
    assert [one.after.id for one in shifts(made.utterances, after_others=True).found] == ["u2"]
    assert shifts(made.utterances, speaker="B").found == ()


def test_a_turning_point_is_found_where_it_is() -> None:
    letters = "njnnnjnnnnnnjnn" + "aaanaajaaanaaaa"
    (point,) = summarize(dialogue(letters, "A")).turning_points or ()
    assert point.turn.id == "u15"
    assert (point.turns_before, point.turns_after) == (15, 15)
    assert point.in_words.startswith(("anger +", "neutral -"))
    assert point.after["anger"] > 0.6 > 0.1 > point.before["anger"]
    assert point.p_value <= 0.01


def test_chance_gives_hardly_any_turning_points() -> None:
    random = np.random.default_rng(1)
    found = [
        bool(change_points(random.dirichlet(np.ones(5) * 0.3, size=40), np.random.default_rng(0)))
        for _ in range(60)
    ]
    assert sum(found) <= 4


def test_no_turning_point_without_five_turns_on_either_side() -> None:
    assert summarize(dialogue("nnnnaaaaa", "A")).turning_points == ()
    points = summarize(dialogue("n" * 20 + "aaa", "A")).turning_points or ()
    assert all(min(point.turns_before, point.turns_after) >= 5 for point in points)
    (point,) = summarize(dialogue("n" * 20 + "aaaaa", "A")).turning_points or ()
    assert (point.turns_before, point.turns_after) == (20, 5)


def test_the_gain_of_a_cut_is_the_fall_of_the_squared_distances() -> None:
    values = np.random.default_rng(0).dirichlet(np.ones(4), size=13)

    def distances(part: np.ndarray) -> float:
        return float(((part - part.mean(axis=0)) ** 2).sum())

    expected = [distances(values) - distances(values[:k]) - distances(values[k:]) for k in range(5, 9)]
    assert np.allclose(gains(values), expected)


def test_moments_say_why() -> None:
    many = [turn(k, "A", "neutral") for k in range(20)]
    angry = turn(20, "B", "anger", 0.95)
    torn = turn(
        21,
        "A",
        "neutral",
        views={
            "t": {"neutral": 0.05, "joy": 0.9, "anger": 0.05},
            "a": {"neutral": 0.05, "joy": 0.05, "anger": 0.9},
            "ta": {"neutral": 0.9, "joy": 0.05, "anger": 0.05},
        },
    )
    unsure = turn(22, "A", "joy", 0.4, abstained=True)
    moments = summarize(result(*many, angry, torn, unsure)).moments or ()
    assert [(one.rank, one.turn.id, one.reasons[0].kind) for one in moments] == [
        (1, "u20", "rare"),
        (2, "u21", "at odds"),
        (3, "u22", "abstained"),
    ]
    assert "text says joy (90%), audio says anger (90%)" in moments[1].reasons[0].in_words
    assert moments[0].reasons[0].score == pytest.approx(0.95 * -math.log((0.95 + 21 * 0.05 + 0.3) / 23))


@given(
    st.lists(
        st.lists(st.floats(0.001, 1), min_size=3, max_size=3).map(
            lambda row: dict(zip(LABELS, (value / sum(row) for value in row), strict=True))
        ),
        min_size=2,
        max_size=3,
    )
)
def test_divergence_lies_between_0_and_1(views: list[dict[str, float]]) -> None:
    assert 0 <= divergence(views) <= 1
    assert divergence([views[0]] * len(views)) == pytest.approx(0, abs=1e-9)
    assert divergence(views) == pytest.approx(divergence(views[::-1]))


def test_views_with_nothing_in_common_diverge_by_1() -> None:
    apart = [{label: float(label == one) for label in LABELS} for one in LABELS]
    assert divergence(apart) == pytest.approx(1)
    assert divergence(apart[:2]) == pytest.approx(1)


def test_reactions_follow_the_turns() -> None:
    summary = summarize(dialogue("ja" * 20))
    after_a, after_b = summary.reactions or ()
    assert (after_a.first, after_a.then, after_a.pairs) == ("A", "B", 20)
    assert (after_b.first, after_b.then, after_b.pairs) == ("B", "A", 19)
    joy = after_a.rows[LABELS.index("joy")]
    assert joy.pairs == pytest.approx(18)
    assert not joy.too_few
    assert joy.probabilities is not None
    assert joy.probabilities["anger"] == pytest.approx(0.9)
    assert after_a.rows[LABELS.index("anger")].too_few
    assert set(joy.lift.values()) == {None}  # fewer than 30 pairs


def test_lift_is_given_where_there_is_enough() -> None:
    (reaction, _) = summarize(dialogue("jannaj" * 20)).reactions or ()
    lift = reaction.rows[LABELS.index("joy")].lift
    assert lift["anger"] is not None
    assert lift["anger"] > 1.5
    (reaction, _) = summarize(dialogue("jjnn" * 20)).reactions or ()
    assert all(row.lift["anger"] is None for row in reaction.rows)


def test_negative_emotions_are_counted_where_they_are_known() -> None:
    negative = summarize(toy_result(12), "health").negative
    assert negative is not None
    assert negative.emotions == ("fear", "sadness", "disgust", "anger")
    made = toy_result(12)
    own = [one for one in made.utterances if one.speaker == "Ann"]
    expected = sum(sum(one.probabilities[label] for label in negative.emotions) for one in own) / len(own)
    assert negative.speakers[0].shares[0].estimate == pytest.approx(expected)
    summary = summarize(toy_result(12, labels=("calm", "wild")), "health")
    assert summary.negative is None
    assert "negative" not in summary.headings
    assert any("negative is not known" in note for note in summary.notes)


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_selects_and_changes_no_figure(view: str) -> None:
    made = toy_result(60)
    part, everything = summarize(made, view), summarize(made)
    names = set(VIEWS[view].figures)  # type: ignore[index]
    assert set(part.headings) == names
    assert part.overview == everything.overview
    for name in set(Summary.__dataclass_fields__) & set(VIEWS["all"].figures):
        assert (getattr(part, name) is not None) == (name in names or name == "overview")
        same = name not in {"moments", "shifts"}  # those a view may narrow down
        assert name not in names or not same or getattr(part, name) == getattr(everything, name)
    assert any("not of what a person feels" in note for note in part.notes)


@pytest.mark.parametrize("view", ["interview", "call", "tutoring"])
def test_views_of_work_and_school_speak_of_the_law(view: str) -> None:
    def notes(made: Result) -> str:
        return " ".join(summarize(made, view).notes)

    assert "Article 5(1)(f)" in notes(toy_result(8))
    assert "read with voice or face" in notes(toy_result(8))
    assert "read with voice or face" not in notes(toy_result(8, kind="text"))


def test_one_speaker_alone() -> None:
    made = toy_result(40, ("Ann", "Ben", "Cy"))
    summary = summarize(made, speaker="Ben")
    assert [one.speaker for one in summary.speakers or ()] == ["Ben"]
    assert {one.speaker for third in summary.thirds or () for one in third.speakers} == {"Ben"}
    assert {one.turn.speaker for one in summary.moments or ()} == {"Ben"}
    assert all("Ben" in (one.first, one.then) for one in summary.reactions or ())
    assert summary.overview.turns == 40
    with pytest.raises(InputError, match=r"'Eve'.*Ann, Ben, Cy"):
        summarize(made, speaker="Eve")


def test_what_cannot_be_summed_up_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown view 'court'.*interview"):
        summarize(toy_result(3), "court")
    odd = replace(toy_result(3), labels=MELD.labels[:6])
    with pytest.raises(InputError, match="turn u001"):
        summarize(odd)


def test_quotes_are_short() -> None:
    long = turn(0, "A", "joy", text="word\n " * 100)
    (last,) = summarize(result(long), "assistant").last_states or ()
    assert last.turn.text is not None
    assert len(last.turn.text) <= 120
    assert last.turn.text.endswith("…")
    assert "\n" not in last.turn.text
    assert last.probabilities == long.probabilities


def test_thousands_of_turns() -> None:
    summary = summarize(toy_result(3000))
    assert [one.turns for one in summary.speakers or ()] == [1500, 1500]


def test_what_nobody_said_or_nothing_was_measured_of_is_in_no_figure() -> None:
    plain = [turn(k, "A", "joy", 0.8) for k in range(6)]
    absent = {m: ModalityUse(False, 0.0) for m in ("text", "audio", "visual")}
    empty = replace(turn(6, "A", "anger", 0.9), modalities=absent, views={})
    nobody = turn(7, "Nobody", "anger", 0.9)
    without, whole = summarize(result(*plain)), summarize(result(*plain, empty, nobody))
    assert whole.speakers == without.speakers
    assert whole.overview.turns == 6
    assert whole.overview.left_out == 2
    assert whole.overview.emotions == without.overview.emotions
    assert whole.overview.seconds == without.overview.seconds
    assert any("in no figure" in note for note in whole.notes)
