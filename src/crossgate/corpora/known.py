"""What the two released corpora are known to hold: sizes, class counts, dialogue ids; with their sources.

Class counts of the test splits are left out on purpose: the order of the labels shows on the training split.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossgate.emotions import IEMOCAP, MELD, LabelSet


@dataclass(frozen=True)
class KnownCorpus:
    """A released corpus as its authors describe it.

    Attributes:
        name: lower case; a table's name begins with it.
        labels: in the order of the community's feature files.
        rows: utterances by split.
        conversations: conversations by split.
        counts: utterances by split and emotion, where published.
        licence: terms of the data, in words.
        source: where the numbers stand.
    """

    name: str
    labels: LabelSet
    rows: dict[str, int]
    conversations: dict[str, int]
    counts: dict[str, dict[str, int]]
    licence: str
    source: str

    def development_counts(self) -> dict[str, int]:
        """Class counts of everything but the test split: what the community's `trainVid` holds."""
        return {
            label: sum(split.get(label, 0) for split in self.counts.values()) for label in self.labels.labels
        }

    def dialogue_numbers(self, split: str) -> list[int]:
        """MELD's own dialogue numbers of a split, rising; empty for IEMOCAP, whose ids are names."""
        if self.name != "meld":
            return []
        gaps = {60} if split == "train" else set()  # train_sent_emo.csv skips dialogue 60
        numbers = range(self.conversations[split] + len(gaps))
        return [number for number in numbers if number not in gaps]


KNOWN_MELD = KnownCorpus(
    name="meld",
    labels=MELD,
    rows={"train": 9989, "validation": 1109, "test": 2610},
    conversations={"train": 1038, "validation": 114, "test": 280},
    counts={
        "train": {
            "neutral": 4710,
            "surprise": 1205,
            "fear": 268,
            "sadness": 683,
            "joy": 1743,
            "disgust": 271,
            "anger": 1109,
        },
        "validation": {
            "neutral": 470,
            "surprise": 150,
            "fear": 40,
            "sadness": 111,
            "joy": 163,
            "disgust": 22,
            "anger": 153,
        },
    },
    licence="MELD's annotations: GPL-3.0 (declare-lab/MELD)",
    source="README of github.com/declare-lab/MELD (Poria et al., ACL 2019); dialogues as in its CSV files",
)

KNOWN_IEMOCAP = KnownCorpus(
    name="iemocap",
    labels=IEMOCAP,
    rows={"train": 5810, "test": 1623},
    conversations={"train": 120, "test": 31},
    counts={
        "train": {
            "happy": 504,
            "sad": 839,
            "neutral": 1324,
            "angry": 933,
            "excited": 742,
            "frustrated": 1468,
        }
    },
    licence="IEMOCAP: licensed by USC for research, not to be passed on (sail.usc.edu/iemocap)",
    source="the usual six-way subset: train is sessions 1-4, test session 5 (Majumder et al., AAAI 2019)",
)

KNOWN_CORPORA = (KNOWN_MELD, KNOWN_IEMOCAP)


def identify(name: str, labels: LabelSet, rows: Mapping[str, int]) -> KnownCorpus | None:
    """The known corpus a table is, by its name, else by its label set and the size of a split."""
    for known in KNOWN_CORPORA:
        own, theirs = set(labels.labels), set(known.labels.labels)
        fits = own <= theirs or theirs <= own  # a stray label does not make another corpus
        same_size = any(rows.get(split) == size for split, size in known.rows.items())
        if name.lower().startswith(known.name) or (fits and same_size):
            return known
    return None


def permutation(found: Mapping[str, int], known: Mapping[str, int]) -> dict[str, str] | None:
    """How labels were exchanged: found label -> the label whose known count it bears.

    None where the counts are as known, are no mere exchange of the known ones, or do not tell labels apart.
    """
    if len(set(known.values())) != len(known) or sorted(found.values()) != sorted(known.values()):
        return None
    owner = {count: label for label, count in known.items()}
    exchanged = {label: owner[count] for label, count in found.items()}
    return None if all(label == other for label, other in exchanged.items()) else exchanged


def deviations(found: Mapping[str, int], known: Mapping[str, int]) -> list[str]:
    """The labels whose counts differ, in words: `joy 1700 (known: 1743)`."""
    return [
        f"{label} {found.get(label, 0)} (known: {count})"
        for label, count in known.items()
        if found.get(label, 0) != count
    ]
