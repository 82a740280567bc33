"""Everything that is measured of one network, or of the out-of-fold predictions of one seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from crossgate.conversation import INITIALS, Modality
from crossgate.corpora.table import CorpusTable, Split
from crossgate.emotions import UNLABELLED, LabelSet
from crossgate.evaluation.calibration import Reliability, reliability
from crossgate.evaluation.contributions import (
    NOTHING,
    Contributions,
    GateAgreement,
    agreement_of,
    contributions_of,
    prior_of,
    with_prior,
)
from crossgate.evaluation.members import examples_of
from crossgate.evaluation.metrics import measure
from crossgate.evaluation.redundancy import PairRedundancy, redundancy_of
from crossgate.evaluation.robustness import robustness_of
from crossgate.evaluation.shifts import Kinds, KindScores, kinds_of_turns, shift_scores
from crossgate.evaluation.subsets import predict_subsets
from crossgate.experiments.examination.subjects import Answers
from crossgate.models.checkpoint import Checkpoint
from crossgate.models.views import view_names

SCORES = ("weighted_f1", "macro_f1", "accuracy", "negative_log_likelihood")


@dataclass(frozen=True)
class Truth:
    """What a split says of its utterances.

    Attributes:
        split: the conversations.
        label_set: names the emotions.
        labels: (utterance,) class indices.
        kinds: (utterance,) whether the speaker's emotion changes; see `evaluation.shifts`.
        prior: (emotion,) what is said where nothing is given.
        prior_of: where the prior comes from, in words.
    """

    split: Split
    label_set: LabelSet
    labels: npt.NDArray[np.int64]
    kinds: Kinds
    prior: npt.NDArray[np.float64]
    prior_of: str


@dataclass(frozen=True)
class Measures:
    """What was measured of one seed.

    Attributes:
        seed: of the network.
        scores: of all modalities together, by name.
        redundancy: by pair of modalities; empty where the network has no single views.
        contributions: Shapley values; None where not every subset of modalities was answered.
        gates: shares beside them; None where the network does not mix.
        robustness: weighted F1 by failure, modality, and share of turns; empty where no network is at hand.
        shifts: scores by kind of turn.
        calibration: of the likeliest emotion's probability.
        probabilities: (utterance, emotion), given all modalities.
        alone: the same by the initial of the one modality that was given; empty where not every subset was
            answered.
        shares: (utterance, modality) of the gates; None where the network does not mix.
    """

    seed: int
    scores: dict[str, float]
    redundancy: dict[str, PairRedundancy]
    contributions: Contributions | None
    gates: GateAgreement | None
    robustness: dict[str, dict[str, list[float]]]
    shifts: dict[str, KindScores]
    calibration: Reliability
    probabilities: npt.NDArray[np.floating]
    alone: dict[str, npt.NDArray[np.floating]]
    shares: npt.NDArray[np.floating] | None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; counts and single utterances are left out."""
        return {
            "scores": self.scores,
            "redundancy": {
                pair: {name: value for name, value in asdict(one).items() if name != "utterances"}
                for pair, one in self.redundancy.items()
            },
            "contributions": None if self.contributions is None else self.contributions.to_json(),
            "gates": None if self.gates is None else self.gates.to_json(),
            "robustness": self.robustness,
            "shifts": {kind: one.to_json() for kind, one in self.shifts.items()},
            "calibration": {
                name: value for name, value in self.calibration.to_json().items() if name != "bins"
            },
        }

    def counts(self) -> dict[str, Any]:
        """The numbers of utterances behind the measures that do not count every labelled one."""
        return {
            "redundancy": {pair: one.utterances for pair, one in self.redundancy.items()},
            "rank_correlation_within_utterances": None if self.gates is None else self.gates.utterances,
        }


def truth_of(split: Split, table: CorpusTable, labels: LabelSet) -> Truth:
    """The labels of a split, and the prior of the table's train split."""
    prior, words = _prior(table, labels)
    return Truth(split, labels, _indices(split, labels), kinds_of_turns(split.conversations), prior, words)


def measure_network(
    checkpoint: Checkpoint, seed: int, truth: Truth, done: Callable[[float], None] = lambda share: None
) -> Measures:
    """Everything, of one network. `done` is told the share of the work that is done.

    Raises InputError where the features are not those it was trained on.
    """
    network, temperature = checkpoint.network, checkpoint.temperature
    examples = examples_of(checkpoint, truth.split)
    subsets = view_names(network.modalities)
    found = predict_subsets(network, examples, subsets, temperature=temperature)
    whole = found[subsets[-1]]
    answers = {name: with_prior(one.probabilities, one.valid[-1], truth.prior) for name, one in found.items()}
    contributions = _contributions(answers, network.modalities, truth)
    gates = None
    if whole.shares.any() and contributions is not None:
        rows = [list(examples[0].values).index(m) for m in network.modalities]
        present = np.concatenate([example.present.numpy()[rows].T for example in examples])
        gates = agreement_of(contributions, whole.shares, present, truth.labels, truth.label_set)
    done(0.15)
    return Measures(
        redundancy=redundancy_of(network, examples),
        contributions=contributions,
        gates=gates,
        robustness=robustness_of(
            network,
            examples,
            seed=seed,
            temperature=temperature,
            done=lambda share: done(0.15 + 0.85 * share),
        ),
        shares=whole.shares if gates is not None else None,
        alone=_alone(answers, contributions),
        **_of_answers(seed, whole.probabilities, truth),
    )


def measure_folds(answers: Answers, seed: int, modalities: tuple[Modality, ...], truth: Truth) -> Measures:
    """What out-of-fold predictions allow: contributions, shifts and calibration."""
    contributions = _contributions(answers, modalities, truth)
    return Measures(
        redundancy={},
        contributions=contributions,
        gates=None,
        robustness={},
        shares=None,
        alone=_alone(answers, contributions),
        **_of_answers(seed, answers["".join(INITIALS[m] for m in modalities)], truth),
    )


def _of_answers(seed: int, probabilities: npt.NDArray[np.floating], truth: Truth) -> dict[str, Any]:
    """The measures that need no more than probabilities (utterance, emotion)."""
    metrics = measure(truth.labels, probabilities, truth.label_set)
    return {
        "seed": seed,
        "scores": {name: getattr(metrics, name) for name in SCORES},
        "shifts": shift_scores(
            truth.kinds, truth.labels, probabilities.argmax(axis=1).astype(np.int64), len(truth.label_set)
        ),
        "calibration": reliability(truth.labels, probabilities),
        "probabilities": probabilities,
    }


def _contributions(
    answers: dict[str, npt.NDArray[Any]], modalities: tuple[Modality, ...], truth: Truth
) -> Contributions | None:
    """None where a subset was not answered."""
    if set(view_names(modalities)) - answers.keys():
        return None
    nothing = np.tile(truth.prior, (len(truth.labels), 1))
    return contributions_of(truth.labels, {NOTHING: nothing} | answers, modalities, truth.label_set)


def _alone(
    answers: dict[str, npt.NDArray[Any]], contributions: Contributions | None
) -> dict[str, npt.NDArray[Any]]:
    """The answers given one modality, where there is more than one to be given."""
    if contributions is None or len(contributions.modalities) < 2:
        return {}
    return {name: one for name, one in answers.items() if len(name) == 1}


def _prior(table: CorpusTable, labels: LabelSet) -> tuple[npt.NDArray[np.float64], str]:
    """The prior (emotion,) and where it comes from."""
    if "train" in table.manifest.splits:
        found = _indices(table.split("train"), labels)
        if (found != UNLABELLED).any():
            return prior_of(found, len(labels)), "frequencies of the emotions in the train split"
    return np.full(len(labels), 1 / len(labels)), "all emotions alike: the table has no labelled train split"


def _indices(split: Split, labels: LabelSet) -> npt.NDArray[np.int64]:
    """(utterance,) class indices; `UNLABELLED` for an emotion that is not of the label set."""
    emotions = (u.emotion for c in split.conversations for u in c.utterances)
    return np.array([labels.index(e) if e in labels.labels else UNLABELLED for e in emotions])
