"""Checks of everything but the vectors: labels, sizes, speakers, texts, conversations."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from crossgate.corpora.audit.report import MAX_EXAMPLES, Finding
from crossgate.corpora.flat import FlatSplit
from crossgate.corpora.known import KnownCorpus, deviations, permutation
from crossgate.emotions import LabelSet

_ROLE = re.compile(r"(speaker|spk|person)?[ _-]?\d+|[mf]|unknown", re.IGNORECASE)
"""Speaker names that only number the speakers of one conversation."""


def check_rows(splits: Sequence[FlatSplit], labels: LabelSet, known: KnownCorpus | None) -> list[Finding]:
    """Labels and sizes against what is known, and what the splits have in common."""
    findings = []
    for split in splits:
        findings += _labels(split, labels)
        if known is not None:
            findings += _against_known(split, known)
        findings += _conversations(split)
    if known is not None:
        for name in known.rows.keys() - {split.name for split in splits}:
            what = f"no such split; {known.name} has one of {known.rows[name]:,} utterances"
            findings.append(Finding("split-size", "info", name, what))
    findings += _shared_conversations(splits)
    findings += _speakers(splits)
    findings += _shared_texts(splits)
    return findings


def _labels(split: FlatSplit, labels: LabelSet) -> list[Finding]:
    findings = []
    unknown = [row for row, emotion in enumerate(split.emotions) if emotion not in (None, *labels.labels)]
    if unknown:
        names = Counter(str(split.emotions[row]) for row in unknown)
        listed = ", ".join(f"{name!r} ({count})" for name, count in names.most_common(MAX_EXAMPLES))
        what = f"{len(unknown):,} labels are not in {labels.name}: {listed}"
        findings.append(_finding("unknown-labels", "error", split, what, unknown))
    without = [row for row, emotion in enumerate(split.emotions) if emotion is None]
    if without:
        what = f"{len(without):,} of {split.rows:,} utterances have no label"
        findings.append(_finding("unlabelled", "info", split, what, without))
    absent = [label for label in labels.labels if not split.counts()[label]]
    if absent and len(without) < split.rows:
        what = f"no utterance is labelled {', '.join(absent)}"
        findings.append(Finding("absent-labels", "warning", split.name, what, len(absent)))
    return findings


def _against_known(split: FlatSplit, known: KnownCorpus) -> list[Finding]:
    findings = []
    expected = known.rows.get(split.name)
    conversations = len(set(split.conversations) - {""})
    if expected is not None and (split.rows, conversations) != (expected, known.conversations[split.name]):
        what = (
            f"{split.rows:,} utterances in {conversations:,} conversations; "
            f"known: {expected:,} in {known.conversations[split.name]:,}"
        )
        findings.append(Finding("split-size", "warning", split.name, what, abs(split.rows - expected)))
    counts = known.counts.get(split.name)
    found = {label: split.counts()[label] for label in known.labels.labels}
    if counts is None or not any(found.values()):
        return findings
    exchanged = permutation(found, counts)
    if exchanged is not None:
        wrong = [f"{label} has the count of {other}" for label, other in exchanged.items() if label != other]
        what = f"labels are exchanged: {'; '.join(wrong)}"
        findings.append(Finding("label-order", "error", split.name, what, len(wrong)))
        return findings
    differing = deviations(found, counts)
    if differing:
        what = f"class counts are not the known ones: {'; '.join(differing)}"
        findings.append(Finding("label-counts", "warning", split.name, what, len(differing)))
    return findings


def _conversations(split: FlatSplit) -> list[Finding]:
    lengths = Counter(name for name in split.conversations if name)
    findings = []
    single = [name for name, length in lengths.items() if length == 1]
    if single:
        what = f"{len(single):,} of {len(lengths):,} conversations have one utterance: no context"
        examples = tuple(single[:MAX_EXAMPLES])
        findings.append(Finding("one-utterance", "info", split.name, what, len(single), examples))
    if lengths:
        name, length = lengths.most_common(1)[0]
        what = f"the longest conversation, {name}, has {length} utterance{'' if length == 1 else 's'}"
        findings.append(Finding("longest-conversation", "info", split.name, what, length))
    return findings


def _shared_conversations(splits: Sequence[FlatSplit]) -> list[Finding]:
    """Conversations that stand in two splits: same id, and the same speakers and words turn by turn.

    The id alone proves nothing: some tables number the conversations of each split from 0.
    """
    seen: dict[tuple[str, tuple[tuple[str, str | None], ...]], str] = {}
    shared: dict[str, list[str]] = defaultdict(list)
    for split in splits:
        turns: dict[str, list[tuple[str, str | None]]] = defaultdict(list)
        for name, speaker, text in zip(split.conversations, split.speakers, split.texts, strict=True):
            if name:
                turns[name].append((speaker, text))
        for name, content in turns.items():
            earlier = seen.setdefault((name, tuple(content)), split.name)
            if earlier != split.name:
                shared[f"{earlier} and {split.name}"].append(name)
    return [
        Finding(
            "shared-conversations",
            "error",
            where,
            f"{len(names):,} conversations stand in both splits",
            len(names),
            tuple(names[:MAX_EXAMPLES]),
        )
        for where, names in shared.items()
    ]


def _speakers(splits: Sequence[FlatSplit]) -> list[Finding]:
    names = {split.name: set(split.speakers) - {""} for split in splits}
    everybody = set().union(*names.values())
    if everybody and all(_ROLE.fullmatch(name) for name in everybody):
        what = "speakers are numbered within their conversation: whether splits share people cannot be told"
        return [Finding("shared-speakers", "info", ", ".join(names), what, len(everybody))]
    findings = []
    earlier: set[str] = set()
    for name, own in names.items():
        shared = sorted(own & earlier)
        if shared:
            what = f"{len(shared)} of {len(own)} speakers also speak in an earlier split"
            examples = tuple(shared[:MAX_EXAMPLES])
            findings.append(Finding("shared-speakers", "info", name, what, len(shared), examples))
        earlier |= own
    return findings


def _shared_texts(splits: Sequence[FlatSplit]) -> list[Finding]:
    """Utterances of four words and more that stand word for word in an earlier split."""
    findings = []
    earlier: set[str] = set()
    for split in splits:
        texts = [" ".join((text or "").casefold().split()) for text in split.texts]
        rows = [row for row, text in enumerate(texts) if text in earlier and text.count(" ") >= 3]
        if rows:
            what = f"{len(rows):,} utterances of four words or more stand word for word in an earlier split"
            shown = [f"{split.utterances[row]}: {split.texts[row]!r:.60}" for row in rows[:MAX_EXAMPLES]]
            findings.append(Finding("shared-texts", "info", split.name, what, len(rows), tuple(shown)))
        earlier.update(texts)
    return findings


def _finding(check: str, severity: str, split: FlatSplit, what: str, rows: list[int]) -> Finding:
    examples = tuple(split.utterances[row] for row in rows[:MAX_EXAMPLES])
    return Finding(check, severity, split.name, what, len(rows), examples)  # type: ignore[arg-type]
