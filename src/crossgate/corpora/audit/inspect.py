"""The audit of a corpus: what is wrong with a table or a feature pickle, before anything is trained on it.

All splits are looked at, the test split too: an audit counts and compares, it fits and chooses nothing.
This is the one module besides `table.py` and `evaluation/sealed.py` that may call `read_split`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from crossgate.conversation import MODALITIES
from crossgate.corpora.audit.report import AuditReport, Finding, SplitOverview, sort_findings
from crossgate.corpora.audit.rows import check_rows
from crossgate.corpora.audit.vectors import check_vectors
from crossgate.corpora.community import read_community
from crossgate.corpora.flat import FlatFeature, FlatSplit
from crossgate.corpora.known import KnownCorpus, identify
from crossgate.corpora.manifest import MANIFEST_FILE, Manifest, read_manifest
from crossgate.corpora.rows import REQUIRED, feature_values, is_vector
from crossgate.corpora.table import CorpusTable, open_parquet, open_table, read_split
from crossgate.emotions import KNOWN, LabelSet, label_set_of
from crossgate.errors import InputError

_ORDER = ("train", "validation", "test")


def audit(path: Path) -> AuditReport:
    """Audit a table folder, with or without a manifest, or a community feature pickle.

    Where the table's reader refuses something, the refusal is a finding, and what can be read is audited.

    Raises InputError where there is no such path, the folder holds no Parquet file, or the pickle cannot be
    read as data (see `safe_pickle`) or fits no known layout.
    """
    path = Path(path)
    if path.is_dir():
        return _audit_table(path)
    if not path.is_file():
        raise InputError(
            "no such file or folder", where=str(path), fix="name a table folder or a feature pickle"
        )
    if path.suffix == ".parquet":
        raise InputError("one file of a table", where=str(path), fix=f"audit the folder: {path.parent}")
    community = read_community(path)
    splits = list(community.splits.values())
    return _report(path, splits, community.corpus.labels, community.corpus, [], community.notes)


def _audit_table(folder: Path) -> AuditReport:
    findings: list[Finding] = []
    manifest = _manifest(folder, findings)
    files = {path.stem: path for path in sorted(folder.glob("*.parquet"))}
    if manifest is not None:
        files |= {name: folder / split.file for name, split in manifest.splits.items()}
        unnamed = sorted(files.keys() - manifest.splits.keys())
        if unnamed:
            what = f"the manifest does not name {', '.join(files[name].name for name in unnamed)}"
            findings.append(Finding("unnamed-file", "warning", MANIFEST_FILE, what, len(unnamed)))
    if not files:
        raise InputError(
            "neither manifest.json nor a <split>.parquet in this folder",
            where=str(folder),
            fix="name the folder of a table, or a feature pickle",
        )
    names = sorted(files, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    splits = []
    for name in names:
        split = _strict(folder, manifest, name, findings)
        if split is None and files[name].is_file():
            split = _lenient(files[name], name, findings, told=manifest is not None)
        if split is not None:
            splits.append(split)
    if manifest is not None:
        labels, notes, name = manifest.labels, manifest.notes, manifest.name
    else:
        labels, notes, name = _labels_of(splits), (), folder.resolve().name
    known = identify(name, labels, {split.name: split.rows for split in splits})
    if known is not None and (manifest is None or manifest.derived):
        labels = known.labels
    return _report(folder, splits, labels, known, findings, notes)


def _report(
    path: Path,
    splits: list[FlatSplit],
    labels: LabelSet,
    known: KnownCorpus | None,
    findings: list[Finding],
    notes: tuple[str, ...],
) -> AuditReport:
    found = [*findings, *check_vectors(splits), *check_rows(splits, labels, known)]
    dimensions = {name: f.values.shape[1] for split in splits for name, f in split.features.items()}
    return AuditReport(
        path=str(path),
        corpus=None if known is None else known.name,
        features=dimensions,
        labels=labels.labels,
        splits=tuple(SplitOverview.of(split) for split in splits),
        findings=sort_findings(found),
        notes=notes,
    )


def _manifest(folder: Path, findings: list[Finding]) -> Manifest | None:
    """The manifest, from the file or derived; None where neither is to be had."""
    try:
        return open_table(folder).manifest
    except InputError as error:
        if any(folder.glob("*.parquet")):
            _refuse(error, folder, findings)
    if not (folder / MANIFEST_FILE).exists():
        return None
    try:
        return read_manifest(folder)  # a hash or a file is wrong, but what it says of the columns holds
    except InputError:
        return None


def _strict(folder: Path, manifest: Manifest | None, name: str, findings: list[Finding]) -> FlatSplit | None:
    """A split by the rules of the table's reader; a refusal is noted."""
    if manifest is None or name not in manifest.splits:
        return None
    try:
        return FlatSplit.of(read_split(CorpusTable(folder, manifest), name))
    except InputError as error:
        _refuse(error, folder, findings)
        return None


def _lenient(path: Path, name: str, findings: list[Finding], told: bool) -> FlatSplit | None:
    """A split as far as it can be read, when the reader has refused it, or (not `told`) had no manifest."""
    try:
        content = open_parquet(path)
    except InputError as error:
        _refuse(error, path.parent, findings)
        return None
    missing = [column for column in REQUIRED if column not in content.column_names]
    if missing and not told:
        what = f"column {', '.join(missing)} is missing: this is no table of conversations"
        findings.append(Finding("refused", "error", path.name, what, len(missing)))
    features = {}
    for field in content.schema:
        if not field.name.startswith(tuple(f"{modality}_" for modality in MODALITIES)):
            continue
        if not is_vector(field.type):
            continue
        try:
            values, present = feature_values(content.column(field.name), f"{path}, column {field.name}")
        except InputError as error:
            _refuse(error, path.parent, findings)
            continue
        if values.shape[1]:
            features[field.name] = FlatFeature(values, present)
    rows = range(content.num_rows)
    ids, texts, emotions = (_cells(content, column) for column in ("utterance_id", "text", "emotion"))
    return FlatSplit(
        name=name,
        conversations=["" if cell is None else str(cell) for cell in _cells(content, "conversation_id")],
        utterances=[f"row {row}" if ids[row] is None else str(ids[row]) for row in rows],
        turns=list(rows),
        speakers=["" if cell is None else str(cell) for cell in _cells(content, "speaker")],
        texts=[None if text is None else str(text) for text in texts],
        emotions=[str(emotion) if emotion not in (None, "") else None for emotion in emotions],
        features=features,
    )


def _cells(content: pa.Table, name: str) -> list[Any]:
    if name not in content.column_names:
        return [None] * content.num_rows
    cells: list[Any] = content.column(name).to_pylist()
    return cells


def _labels_of(splits: list[FlatSplit]) -> LabelSet:
    """The label set that the emotions of all splits make up; a known one where they are too few for that."""
    emotions = {emotion for split in splits for emotion in split.emotions if emotion is not None}
    if len(emotions) > 1:
        return label_set_of(emotions)
    return next((known for known in KNOWN if emotions <= set(known.labels)), KNOWN[0])


def _refuse(error: InputError, folder: Path, findings: list[Finding]) -> None:
    """Note what the reader refused, once."""
    place = (error.where or str(folder)).removeprefix(f"{folder}/")
    examples = (f"fix: {error.fix}",) if error.fix else ()
    finding = Finding("refused", "error", place, f"the table's reader refuses it: {error.what}", 1, examples)
    if finding not in findings:
        findings.append(finding)
