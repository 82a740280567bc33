"""Checks of the vectors: copies, empty rows, constants, numbers that are none."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crossgate.corpora.audit.report import MAX_EXAMPLES, Finding, Severity
from crossgate.corpora.flat import FlatFeature, FlatSplit

LEAK_SHARE = 0.01
"""Copies across splits are an error from this share of a split's vectors on, below it a warning: single ones
come about by chance in features of few values (a face with one action unit active)."""

_COPIES = {
    "duplicate-vectors": "stand in another conversation of the split too",
    "duplicate-across-splits": "stand in an earlier split too",
    "same-local-id": "are those of the same dialogue and utterance number in an earlier split",
}
_SPLIT_PREFIX = re.compile(r"^(train|training|validation|valid|val|dev|test)[_\-/]", re.IGNORECASE)


class _Row(NamedTuple):
    split: str
    conversation: str
    utterance: str
    words: str | None


def check_vectors(splits: Sequence[FlatSplit]) -> list[Finding]:
    """Everything that can be wrong with the feature columns of the splits, column by column."""
    columns = dict.fromkeys(name for split in splits for name in split.features)
    findings = []
    for column in columns:
        holders = [split for split in splits if column in split.features]
        lacking = [split.name for split in splits if column not in split.features and split.rows]
        if lacking:
            what = f"the column is missing in {', '.join(lacking)}, but {holders[0].name} has it"
            findings.append(Finding("missing-column", "warning", column, what, len(lacking)))
        for split in holders:
            findings += _rows_of(split, column, split.features[column])
        findings += _constant_columns(holders, column)
        findings += _copies(holders, column)
    return findings


def _rows_of(split: FlatSplit, column: str, feature: FlatFeature) -> list[Finding]:
    """Checks of single rows: missing, not finite, all zero, all equal."""
    values, present = feature.values, feature.present
    where = f"{split.name}, {column}"
    zero = present & ~values.any(axis=1)
    constant = present & ~zero & (values == values[:, :1]).all(axis=1) & (values.shape[1] > 1)
    nan = present & np.isnan(values).any(axis=1)
    infinite = present & np.isinf(values).any(axis=1)
    found: list[tuple[str, Severity, npt.NDArray[np.bool_], str]] = [
        ("infinite-values", "error", infinite, "vectors hold an infinite number"),
        (
            "nan-values",
            "warning",
            nan,
            "vectors hold NaN in some dimension, taken as the mean when training here",
        ),
        (
            "zero-rows",
            "warning",
            zero,
            "vectors are all zero: often a failed measurement that is not marked as missing",
        ),
        ("constant-rows", "warning", constant, "vectors have the same number in every dimension"),
        ("missing-rows", "info", ~present, "vectors are missing (null or all NaN)"),
    ]
    findings = []
    for check, severity, rows, what in found:
        count = int(rows.sum())
        if not count:
            continue
        if check == "missing-rows" and count == split.rows:
            severity, what = "warning", "vectors are missing: the column is empty"
        examples = tuple(split.utterances[row] for row in np.flatnonzero(rows)[:MAX_EXAMPLES])
        findings.append(
            Finding(check, severity, where, f"{count:,} of {split.rows:,} {what}", count, examples)
        )
    return findings


def _constant_columns(splits: Sequence[FlatSplit], column: str) -> list[Finding]:
    """Dimensions with the same number in every present row of every split."""
    low, high, rows = None, None, 0
    for split in splits:
        feature = split.features[column]
        values = feature.values[feature.present]
        if len(values):
            rows += len(values)
            bottom, top = values.min(axis=0), values.max(axis=0)
            low = bottom if low is None else np.minimum(low, bottom)
            high = top if high is None else np.maximum(high, top)
    if low is None or high is None or rows < 2:
        return []
    constant = np.flatnonzero(low == high)
    if not len(constant):
        return []
    share = "all" if len(constant) == len(low) else str(len(constant))
    what = f"{share} of {len(low)} dimensions have the same number in all {rows:,} vectors"
    severity: Severity = "warning" if 2 * len(constant) > len(low) else "info"
    examples = tuple(f"dimension {place}: {low[place]:g}" for place in constant[:MAX_EXAMPLES])
    return [Finding("constant-columns", severity, column, what, len(constant), examples)]


def _copies(splits: Sequence[FlatSplit], column: str) -> list[Finding]:
    """The same non-zero vector in two conversations: of a split, of two splits, at the same local id."""
    groups: dict[bytes, list[_Row]] = defaultdict(list)
    sizes: dict[str, int] = {}
    for split in splits:
        feature = split.features[column]
        values = feature.values + np.float32(0)  # one bit pattern for both zeros
        values[np.isnan(values)] = np.nan  # and for every NaN
        rows = np.flatnonzero(feature.present & values.any(axis=1))
        sizes[split.name] = len(rows)
        for row in rows:
            digest = hashlib.blake2b(values[row].tobytes(), digest_size=16).digest()
            words = _words(split.texts[row]) if column.startswith("text_") else None
            groups[digest].append(_Row(split.name, split.conversations[row], split.utterances[row], words))
    counts: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], list[str]] = defaultdict(list)
    for group in groups.values():
        # The same words give the same text vector: that is no copy.
        if len(group) > 1 and (group[0].words is None or len({row.words for row in group}) > 1):
            told = set()
            for check, copy, original in _copies_in(group):
                place = (check, copy.split)
                counts[place] += 1
                if place not in told:  # one example a vector
                    told.add(place)
                    examples[place].append(f"{copy.utterance} = {original.utterance}")
    findings = []
    for check, what in _COPIES.items():
        for name, size in sizes.items():
            count = counts[check, name]
            leak = check != "duplicate-vectors" and count >= LEAK_SHARE * size
            if count:
                what_found = f"{count:,} of {size:,} vectors {what}"
                shown = tuple(examples[check, name][:MAX_EXAMPLES])
                severity: Severity = "error" if leak else "warning"
                findings.append(Finding(check, severity, f"{name}, {column}", what_found, count, shown))
    return findings


def _copies_in(group: list[_Row]) -> Iterator[tuple[str, _Row, _Row]]:
    """For each row of equal vectors, the checks it fails and a row it equals.

    Across splits the later one is told: a leak from train into test is a defect of test.
    """
    first = group[0]
    in_split: dict[str, tuple[_Row, _Row | None]] = {}
    by_local_id: dict[str, _Row] = {}
    for row in group:
        one, another = in_split.get(row.split, (row, None))
        if another is None and row.conversation != one.conversation:
            another = row
        in_split[row.split] = (one, another)
        by_local_id.setdefault(local_id(row.utterance), row)
    for row in group:
        one, another = in_split[row.split]
        beside = one if one.conversation != row.conversation else another
        if beside is not None:
            yield "duplicate-vectors", row, beside
        if first.split != row.split:
            yield "duplicate-across-splits", row, first
        alike = by_local_id[local_id(row.utterance)]
        if alike.split != row.split:
            yield "same-local-id", row, alike


def _words(text: str | None) -> str | None:
    """The letters and digits of a text, as an encoder without case sees them."""
    return None if text is None else "".join(sign for sign in text.casefold() if sign.isalnum())


def local_id(utterance: str) -> str:
    """An utterance id without the name of its split: `test_dia3_utt1` -> `dia3_utt1`."""
    return _SPLIT_PREFIX.sub("", utterance)
