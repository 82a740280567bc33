"""The surrogate corpus: its mechanism, its exact posteriors and the ceilings it reports."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from crossgate.corpora.surrogate import (
    CEILINGS_FILE,
    SurrogateSettings,
    generate_surrogate,
    read_ceilings,
)
from crossgate.corpora.surrogate.bayes import draw_sample, posteriors
from crossgate.corpora.surrogate.chain import Course
from crossgate.corpora.surrogate.evidence import Shown, log_density
from crossgate.corpora.surrogate.features import mixed
from crossgate.corpora.surrogate.generate import ceilings_report
from crossgate.corpora.surrogate.settings import PROFILES, VIEWS, Bursts, Evidence, Profile
from crossgate.corpora.table import CorpusTable, Split, open_table
from crossgate.emotions import LabelSet
from crossgate.errors import InputError

SMALL = SurrogateSettings(train=60, validation=20, test=5, ceiling_conversations=30)
TINY = Profile(
    labels=LabelSet("tiny3", ("one", "two", "three")),
    prior=(0.5, 0.3, 0.2),
    inertia=0.4,
    contagion=0.2,
    evidence=Evidence(core=1.3, view=(0.3, 0.9, 2.0), own=(0.7, 0.4, 0.3)),
    bursts=Bursts(
        share=(0.1, 0.2, 0.15), cue=((0.5, 0.2, 1.0), (1.0, 0.5, 2.0), (2.0, 1.5, 0.3)), length=3.0, gain=1.5
    ),
    targets={},
)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> CorpusTable:
    return generate_surrogate(SMALL, tmp_path_factory.mktemp("surrogate") / "corpus")


def tiny_sample(**changes: object) -> list[tuple[Course, Shown]]:
    settings = replace(SurrogateSettings(shortest=3, longest=3, three_speakers=0.5, missing=0.2), **changes)
    return list(draw_sample(4, TINY, settings, 6, stream=0).parts)


# The table


def test_same_settings_give_the_same_bytes(corpus: CorpusTable, tmp_path: Path) -> None:
    again = generate_surrogate(SMALL, tmp_path / "again")
    for file in sorted(corpus.folder.iterdir()):
        assert file.read_bytes() == (again.folder / file.name).read_bytes(), file.name
    other = generate_surrogate(replace(SMALL, seed=1), tmp_path / "other")
    assert other.manifest.splits["train"].sha256 != corpus.manifest.splits["train"].sha256


def test_the_table_reads_back_and_says_what_it_is(corpus: CorpusTable) -> None:
    table = open_table(corpus.folder)
    assert table.manifest.notes[0].startswith("GENERATED, not data")
    train = table.split("train")
    assert len(train.conversations) == SMALL.train
    assert all(SMALL.shortest <= len(c) <= SMALL.longest for c in train.conversations)
    assert {u.text for c in train.conversations for u in c.utterances} == {None}
    assert {len({u.speaker for u in c.utterances}) for c in train.conversations} == {2, 3}
    for conversation in train.conversations:
        times = [second for u in conversation.utterances for second in (u.start, u.end)]
        assert times == sorted(times)  # type: ignore[type-var]
    assert [c.spec.dimension for c in train.columns.values()] == [64, 32, 24]
    for column in train.columns.values():
        assert np.isfinite(column.values[column.present]).all()


def test_audio_and_visual_may_be_missing_but_text_never(corpus: CorpusTable) -> None:
    shares = {c.spec.modality: 1 - c.present.mean() for c in corpus.split("train").columns.values()}
    assert shares["text"] == 0
    assert 0.005 < shares["audio"] < 0.04
    assert 0.005 < shares["visual"] < 0.04


def test_a_folder_that_exists_is_refused(corpus: CorpusTable) -> None:
    with pytest.raises(InputError, match="exists already"):
        generate_surrogate(SMALL, corpus.folder)


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"train": 0}, "--train"),
        ({"shortest": 9, "longest": 8}, "--shortest"),
        ({"missing": 1.0}, "--missing"),
        ({"profile": "other"}, "--profile"),
        ({"seed": -1}, "--seed"),
    ],
)
def test_senseless_settings_are_refused_by_name(change: dict[str, object], flag: str) -> None:
    with pytest.raises(InputError, match=flag):
        SurrogateSettings(**change)  # type: ignore[arg-type]


def test_ceilings_of_another_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=CEILINGS_FILE):
        read_ceilings(tmp_path)


# The mechanism


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_emotions_have_the_prior_inertia_and_contagion_of_the_profile(name: str) -> None:
    profile = PROFILES[name]
    fresh = 1 - profile.inertia - profile.contagion
    emotions, kept, caught = [], [], []
    for course, _ in draw_sample(3, profile, SurrogateSettings(), 1500, stream=0).parts:
        for row, turns in enumerate(course.real.sum(axis=1)):
            last: dict[int, int] = {}
            before: list[int] = []  # those who have spoken, the most recent last
            for turn in range(turns):
                who, now = int(course.speaker[row, turn]), int(course.emotion[row, turn])
                others = [speaker for speaker in before if speaker != who]
                if who in last and others and last[who] != last[others[-1]]:
                    kept.append((now == last[who]) - fresh * profile.prior[last[who]])
                    caught.append((now == last[others[-1]]) - fresh * profile.prior[last[others[-1]]])
                last[who] = now
                before = [*(speaker for speaker in before if speaker != who), who]
                emotions.append(now)
    assert np.mean(kept) == pytest.approx(profile.inertia, abs=0.015)
    assert np.mean(caught) == pytest.approx(profile.contagion, abs=0.015)
    shares = np.bincount(emotions, minlength=len(profile.labels)) / len(emotions)
    assert shares == pytest.approx(profile.prior, abs=0.02)


def test_a_burst_spoils_one_modality_and_leaves_the_others() -> None:
    profile = PROFILES["iemocap"]
    ((course, shown),) = draw_sample(
        0, profile, replace(SurrogateSettings(), three_speakers=0.0), 1500, stream=0
    ).parts
    true = np.eye(len(profile.labels))[course.emotion]
    for burst, modality in itertools.product(range(1, 4), range(3)):
        hit = course.real & (course.burst == burst)
        margin = shown.view[modality] - np.roll(shown.view[modality], 1, axis=-1)
        told = (margin * true).sum(axis=-1)[hit].mean()
        expected = 0.0 if modality == burst - 1 else profile.evidence.core
        assert told == pytest.approx(expected, abs=0.35), (burst, modality)
        assert shown.cue[modality, ..., burst - 1][hit].mean() == pytest.approx(
            profile.bursts.cue[modality][burst - 1], abs=0.1
        )
    shares = [(course.burst == burst)[course.real].mean() for burst in range(1, 4)]
    assert shares == pytest.approx(profile.bursts.share, abs=0.02)


def test_vectors_hold_the_evidence_whole() -> None:
    """What a linear map of the undone compression finds in the vectors is what was shown."""
    profile = PROFILES["iemocap"]
    ((course, shown),) = draw_sample(
        0, profile, replace(SurrogateSettings(), three_speakers=0.0), 20, stream=0
    ).parts
    vectors = np.sinh(mixed(np.random.default_rng(0), profile, course, shown, 2)).reshape(-1, 24)
    told = np.concatenate([shown.view[2], shown.own[2], shown.cue[2]], axis=-1).reshape(len(vectors), -1)
    found = vectors @ np.linalg.lstsq(vectors, told, rcond=None)[0]
    assert np.abs(found - told).max() < 0.02


# The posteriors


def test_log_density_agrees_with_the_normal_distributions_written_out() -> None:
    evidence, size = TINY.evidence, 3
    for course, shown in tiny_sample():
        for subset in VIEWS.values():
            found = log_density(shown, TINY, subset)
            for row, turn in np.ndindex(course.emotion.shape):
                here = [m for m in subset if shown.present[m, row, turn]]
                expected = np.zeros((size, 4))
                for emotion, burst in itertools.product(range(size), range(4)):
                    expected[emotion, burst] = written_out(shown, here, row, turn, emotion, burst, evidence)
                difference = found[row, turn] - expected
                assert difference == pytest.approx(difference[0, 0], abs=1e-8)


def written_out(
    shown: Shown, here: list[int], row: int, turn: int, emotion: int, burst: int, evidence: Evidence
) -> float:
    total, unit = 0.0, np.eye(3)
    clean = [m for m in here if burst != m + 1]
    if clean:
        covariance = np.ones((len(clean), len(clean))) + np.diag(np.square([evidence.view[m] for m in clean]))
        for d in range(3):
            mean = np.full(len(clean), evidence.core * unit[emotion, d])
            total += multivariate_normal.logpdf(shown.view[clean, row, turn, d], mean, covariance)
    for m in here:
        flags = np.eye(4)[burst, 1:] * TINY.bursts.cue[m]
        total += norm.logpdf(shown.cue[m, row, turn], flags).sum()
        own, view = shown.own[m, row, turn], shown.view[m, row, turn]
        if m in clean:
            total += norm.logpdf(own, evidence.own[m] * unit[emotion]).sum()
        else:
            total += np.log(
                sum(
                    share
                    * norm.pdf(own, TINY.bursts.gain * evidence.own[m] * unit[false]).prod()
                    * norm.pdf(
                        view,
                        TINY.bursts.gain * evidence.core * unit[false],
                        np.sqrt(1 + evidence.view[m] ** 2),
                    ).prod()
                    for false, share in enumerate(TINY.prior)
                )
            )
    return total


def test_forward_backward_agrees_with_enumeration() -> None:
    for course, shown in tiny_sample():
        evidence = log_density(shown, TINY, (0, 1, 2))
        found = posteriors(evidence, course, TINY)
        for row in range(len(course.real)):
            for context, turns in (("conversation", 3), ("past", 2), ("past", 1)):
                expected = enumerated(np.exp(evidence[row]), course.speaker[row], course.speakers, turns)
                got = getattr(found, context)[row]
                compared = slice(None) if context == "conversation" else turns - 1
                assert got[compared] == pytest.approx(expected[compared], abs=1e-9)


def enumerated(evidence: np.ndarray, speaker: np.ndarray, speakers: int, turns: int) -> np.ndarray:
    """Posterior of every turn from the first `turns`, by going through all that can have happened."""
    step, bursts = TINY.transition(), TINY.bursts
    burst_paths = np.array(list(itertools.product(range(4), repeat=turns + 1)))
    burst_weight = bursts.stationary()[burst_paths[:, 0]]
    for turn in range(turns):
        burst_weight = burst_weight * bursts.transition()[burst_paths[:, turn], burst_paths[:, turn + 1]]
    posterior = np.zeros((turns, 3))
    for moods in itertools.product(range(3), repeat=speakers):
        for path in itertools.product(range(3), repeat=turns):
            last, order = list(moods), list(range(speakers))
            weight = np.prod([TINY.prior[mood] for mood in moods])
            shown = burst_weight.copy()
            for turn, emotion in enumerate(path):
                who = int(speaker[turn])
                other = next(one for one in order if one != who)
                weight *= step[last[who], last[other], emotion]
                shown *= evidence[turn, emotion, burst_paths[:, turn + 1]]
                last[who] = emotion
                order = [who, *(one for one in order if one != who)]
            for turn, emotion in enumerate(path):
                posterior[turn, emotion] += weight * shown.sum()
    return posterior / posterior.sum(axis=1, keepdims=True)


# The ceilings


@pytest.fixture(scope="module", params=["iemocap", pytest.param("meld", marks=pytest.mark.slow)])
def report(request: pytest.FixtureRequest) -> dict[str, dict[str, dict[str, float]]]:
    content = ceilings_report(SurrogateSettings(profile=request.param))
    return content["views"]  # type: ignore[no-any-return]


def ceiling(report: dict, view: str, context: str = "conversation") -> float:
    return float(report[view][context]["accuracy"])


def test_ceilings_come_to_the_published_figures(report: dict) -> None:
    for view, found in report.items():
        assert ceiling(report, view) == pytest.approx(found["target"], abs=1.5), view
        assert found["conversation"]["standard_error"] < 0.4


def test_more_modalities_and_more_context_have_higher_ceilings(report: dict) -> None:
    for single, pair in itertools.product("tav", ("ta", "tv", "av")):
        if single in pair:
            assert ceiling(report, single) < ceiling(report, pair) < ceiling(report, "tav")
    for view in VIEWS:
        assert ceiling(report, view, "utterance") < ceiling(report, view, "past") < ceiling(report, view)


def test_expected_accuracy_is_the_share_of_right_decisions() -> None:
    profile, hits, turns, promised = PROFILES["iemocap"], 0, 0, 0.0
    for course, shown in draw_sample(7, profile, SurrogateSettings(), 400, stream=0).parts:
        posterior = posteriors(log_density(shown, profile, VIEWS["tav"]), course, profile).conversation
        hits += int(((posterior.argmax(axis=-1) == course.emotion) & course.real).sum())
        promised += float((posterior.max(axis=-1) * course.real).sum())
        turns += int(course.real.sum())
    assert hits / turns == pytest.approx(promised / turns, abs=0.012)


def test_cues_on_the_bursts_are_worth_having() -> None:
    """With cues on the bursts the best decision is right more often: a gate has something to win."""
    profile = PROFILES["iemocap"]
    sample = draw_sample(0, profile, SurrogateSettings(), 300, stream=9)
    blind = replace(profile, bursts=replace(profile.bursts, cue=((0.0,) * 3,) * 3))
    found = {"steered": 0.0, "blind": 0.0}
    for course, shown in sample.parts:
        cueless = replace(shown, cue=np.zeros_like(shown.cue))
        for name, world, seen in (("steered", profile, shown), ("blind", blind, cueless)):
            result = posteriors(log_density(seen, world, VIEWS["tav"]), course, world)
            found[name] += float((result.utterance.max(axis=-1) * course.real).sum() / sample_turns(sample))
    assert found["steered"] > found["blind"] + 0.01


def sample_turns(sample: object) -> int:
    return sum(int(course.real.sum()) for course, _ in sample.parts)  # type: ignore[attr-defined]


def test_a_classifier_learns_but_stays_below_the_ceiling(corpus: CorpusTable) -> None:
    train, validation = corpus.split("train"), corpus.split("validation")
    report = ceilings_report(replace(SMALL, ceiling_conversations=300))["views"]
    for modality, view in (("text", "t"), ("audio", "a")):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
        model.fit(*vectors_and_labels(train, modality))
        vectors, labels = vectors_and_labels(validation, modality)
        accuracy = 100 * float((model.predict(vectors) == labels).mean())
        error = 100 * 0.5 / np.sqrt(len(labels))
        assert accuracy < ceiling(report, view, "utterance") + 2.5 * error
        assert accuracy > 24 + 3 * error  # the most frequent emotion


def vectors_and_labels(split: Split, modality: str) -> tuple[np.ndarray, np.ndarray]:
    column = next(c for c in split.columns.values() if c.spec.modality == modality)
    labels = np.array([u.emotion for c in split.conversations for u in c.utterances])
    return column.values[column.present], labels[column.present]
