"""The community's feature pickles (SDT, MMGCN and followers) as a corpus table.

What is done to them, and written into the manifest's notes: vectors of nothing but zeros, with which the
community fills gaps, become missing; a reordered label set is put right where the class counts prove it;
MELD's validation dialogues, which the files keep in `trainVid`, get a split of their own where sizes prove
where they begin; dialogues in both lists are taken out of training.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from crossgate.conversation import FeatureSpec
from crossgate.corpora.community.layout import Packed, unpack
from crossgate.corpora.community.rows import flat_split, label_numbers
from crossgate.corpora.community.safe_pickle import read_pickle
from crossgate.corpora.flat import FlatFeature, FlatSplit
from crossgate.corpora.known import KnownCorpus, deviations, permutation
from crossgate.corpora.manifest import Manifest, sha256_of
from crossgate.corpora.table import CorpusTable, write_table
from crossgate.errors import InputError


@dataclass(frozen=True)
class Community:
    """A feature pickle as it is: zero vectors are still there, and so are dialogues in two splits.

    Attributes:
        corpus: the corpus it was recognised as.
        specs: its features.
        splits: train, validation where it can be told, test; by name.
        notes: what was detected and decided, in sentences.
    """

    corpus: KnownCorpus
    specs: tuple[FeatureSpec, ...]
    splits: dict[str, FlatSplit]
    notes: tuple[str, ...]


def import_community(source: Path, out: Path, *, corpus: str | None = None) -> CorpusTable:
    """Write a feature pickle as a corpus table into the new folder `out`.

    Args:
        source: the pickle.
        out: folder of the table.
        corpus: `meld` or `iemocap`: any other than this one is refused; None takes both.

    Raises InputError for a pickle that holds more than data (see `safe_pickle`), fits no known layout, or
    whose elements do not agree with each other; for one of another corpus; and where `out` exists.
    """
    source, out = Path(source), Path(out)
    community = read_community(source)
    if corpus not in (None, community.corpus.name):
        raise InputError(
            f"these are the features of {community.corpus.name}, not of {corpus}",
            where=str(source),
            fix=f"name the pickle of {corpus}, or {community.corpus.name} as the corpus",
        )
    notes = list(community.notes)
    splits = dict(community.splits)
    if "test" in splits:
        tested = set(splits["test"].conversations)
        for name in splits.keys() - {"test"}:
            shared = tested & set(splits[name].conversations)
            if shared:
                splits[name] = splits[name].without(shared)
                notes.append(
                    f"{len(shared)} dialogues of {name} stand in test too and were taken out of {name}"
                )
    for name, split in splits.items():
        splits[name], gaps = _zeros_missing(split)
        notes += gaps
        unlabelled = split.emotions.count(None)
        if unlabelled:
            notes.append(f"{name}: {unlabelled} of {split.rows} utterances have no label")
    manifest = Manifest(
        name=f"{community.corpus.name}-community",
        labels=community.corpus.labels,
        features=community.specs,
        splits={},
        licence=f"{community.corpus.licence}; the features' own terms are not stated in the file",
        source=f"feature pickle {source.name}, SHA-256 {sha256_of(source)}",
        notes=tuple(notes),
    )
    filled = {name: split.to_arrow() for name, split in splits.items() if split.rows}
    return write_table(out, manifest, filled)


def read_community(source: Path) -> Community:
    """Read a feature pickle without changing its vectors. Raises InputError as `import_community` does."""
    where = str(source)
    content = read_pickle(source)
    try:
        return _community(unpack(content, where), where)
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise InputError(
            f"an element does not have the form it should have: {error}",
            where=where,
            fix="each dict holds, by dialogue id, one entry for each utterance; the lists hold dialogue ids",
        ) from error


def _community(packed: Packed, where: str) -> Community:
    labels, notes = _label_order(packed, where)
    members = {
        name: _sorted(packed.fields[field]) for name, field in (("train", "trainVid"), ("test", "testVid"))
    }
    begin = _validation_begin(packed, members["train"])
    if begin is not None:
        members["validation"] = members["train"][begin:]
        members["train"] = members["train"][:begin]
        notes.append(
            f"validation: the last {len(members['validation'])} dialogues of trainVid, told by their sizes"
        )
    elif packed.corpus.name == "meld":
        notes.append(
            "no validation split: trainVid does not have the sizes of MELD's training and validation"
        )
    elif packed.corpus.name == "iemocap":
        notes.append("no validation split: select by leave-one-session-out")
    used = {key for keys in members.values() for key in keys}
    unused = [key for key in packed.fields["videoLabels"] if key not in used]
    if unused:
        notes.append(f"{len(unused)} dialogues stand in no list and were left out, e.g. {unused[0]!r}")
    splits = {
        name: flat_split(packed, name, members[name], labels, where)
        for name in ("train", "validation", "test")
        if members.get(name)
    }
    if not splits:
        raise InputError("trainVid and testVid are empty", where=where)
    if any("_row" in split.utterances[0] for split in splits.values()):
        notes.append(
            "utterance ids end in the row within the dialogue (the file names none); MELD's own numbers have "
            "gaps, so join with other tables by place in the conversation"
        )
    return Community(packed.corpus, tuple(packed.features.values()), splits, (packed.describe(), *notes))


def _label_order(packed: Packed, where: str) -> tuple[list[str], list[str]]:
    """Emotion of each label number, and what was found out about it."""
    corpus, labels = packed.corpus, list(packed.corpus.labels.labels)
    numbers: Counter[int] = Counter()
    for key in _sorted(packed.fields["trainVid"]):
        numbers.update(label_numbers(packed, key, len(labels), where))
    found = {label: numbers[place] for place, label in enumerate(labels)}
    for known in (corpus.development_counts(), corpus.counts["train"]):
        if not deviations(found, known):
            return labels, [f"label order verified: trainVid has the known class counts of {corpus.name}"]
        exchanged = permutation(found, known)
        if exchanged is not None:
            order = [exchanged[label] for label in labels]
            return order, [
                f"the labels were reordered: the class counts of trainVid show the order {', '.join(order)}, "
                f"not the usual {', '.join(labels)}; they were put right"
            ]
    absent = [label for label in labels if not found[label]]
    if absent:
        return labels, [f"label order not verified: trainVid has no utterance of {', '.join(absent)}"]
    differing = deviations(found, corpus.development_counts())
    return labels, [f"label order not verified: class counts of trainVid deviate: {'; '.join(differing)}"]


def _validation_begin(packed: Packed, keys: list[Any]) -> int | None:
    """Where in the sorted `trainVid` MELD's validation dialogues begin; None where sizes do not tell."""
    corpus, rows = packed.corpus, packed.corpus.rows
    if "validation" not in rows:
        return None
    lengths = [len(packed.fields["videoLabels"][key]) for key in keys]
    begin = corpus.conversations["train"]
    fits = (
        len(keys) - begin == corpus.conversations["validation"]
        and sum(lengths[:begin]) == rows["train"]
        and sum(lengths[begin:]) == rows["validation"]
    )
    return begin if fits else None


def _zeros_missing(split: FlatSplit) -> tuple[FlatSplit, list[str]]:
    """The split with all-zero vectors taken as missing, and how many there were."""
    features, notes = {}, []
    for name, feature in split.features.items():
        zero = feature.present & ~feature.values.any(axis=1)
        features[name] = FlatFeature(feature.values, feature.present & ~zero)
        if zero.any():
            notes.append(
                f"{split.name}, {name}: {int(zero.sum())} of {split.rows} vectors are all zero: missing"
            )
    return replace(split, features=features), notes


def _sorted(keys: Iterable[Any]) -> list[Any]:
    """Dialogue ids once each, numbers by value: sets have no order, and lists come shuffled."""
    plain = {key.item() if isinstance(key, np.generic) else key for key in keys}
    numbers = {key: int(key) if str(key).isdecimal() else -1 for key in plain}
    return sorted(plain, key=lambda key: (numbers[key], str(key)))
