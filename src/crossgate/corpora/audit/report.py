"""What an audit found, as data, as JSON and as tables on the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from crossgate.corpora.flat import FlatSplit

Severity = Literal["error", "warning", "info"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
"""An error makes results wrong, a warning may, an info is good to know; in this order in every report."""

_COLOURS = {"error": "bold red", "warning": "yellow", "info": "cyan"}
MAX_EXAMPLES = 5
"""Examples a finding keeps."""

SHOWN_EXAMPLES = 3
"""Examples printed; the JSON has all that were kept."""


@dataclass(frozen=True)
class Finding:
    """One defect or remark.

    Attributes:
        check: id of the check, for example `duplicate-across-splits`.
        severity: error, warning or info.
        where: split, column or both.
        what: a sentence.
        count: how many rows, columns or conversations it concerns.
        examples: some of them, five at most.
    """

    check: str
    severity: Severity
    where: str
    what: str
    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class SplitOverview:
    """A split in numbers: `emotions` counts labelled rows, `present` the vectors of each feature column."""

    name: str
    conversations: int
    rows: int
    speakers: int
    emotions: dict[str, int]
    present: dict[str, int]

    @classmethod
    def of(cls, split: FlatSplit) -> SplitOverview:
        """Count a split."""
        return cls(
            name=split.name,
            conversations=len(set(split.conversations) - {""}),
            rows=split.rows,
            speakers=len(set(split.speakers) - {""}),
            emotions=dict(split.counts()),
            present={name: int(feature.present.sum()) for name, feature in split.features.items()},
        )


@dataclass(frozen=True)
class AuditReport:
    """The result of an audit.

    Attributes:
        path: what was audited.
        corpus: the known corpus it was taken for, or None.
        features: dimension of each feature column.
        labels: label names in the order of the table.
        splits: overview of each split that could be read.
        findings: errors first.
        notes: of the manifest, or what was detected in a pickle.
    """

    path: str
    corpus: str | None
    features: dict[str, int]
    labels: tuple[str, ...]
    splits: tuple[SplitOverview, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = field(default=())

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of a severity."""
        return tuple(finding for finding in self.findings if finding.severity == severity)

    def summary(self) -> str:
        """The number of findings by severity, in words: `2 errors, 1 warning, 3 infos`."""
        numbers = Counter(finding.severity for finding in self.findings)
        return ", ".join(f"{numbers[s]} {s}{'' if numbers[s] == 1 else 's'}" for s in SEVERITIES)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {**asdict(self), "summary": {s: len(self.of(s)) for s in SEVERITIES}}

    def print(self, console: Console) -> None:
        """Write the report: what is there, then what was found, errors first."""
        known = "" if self.corpus is None else f", compared with what is known of {self.corpus}"
        console.print(f"[bold]{escape(self.path)}[/bold]{known}\n", highlight=False)
        for there, table in (
            (self.splits, self._splits),
            (any(split.emotions for split in self.splits), self._emotions),
            (self.features, self._features),
        ):
            if there:
                console.print(table())
                console.print()
        for note in self.notes:
            console.print(f"[dim]note: {escape(note)}[/dim]", highlight=False)
        last = None
        for finding in self.findings:
            if (finding.severity, finding.check) != last:
                last = (finding.severity, finding.check)
                colour = _COLOURS[finding.severity]
                console.print(
                    f"\n[{colour}]{finding.severity}[/] [bold]{finding.check}[/bold]", highlight=False
                )
            console.print(
                Padding(escape(f"{finding.where}: {finding.what}"), (0, 0, 0, 2), expand=False),
                highlight=False,
            )
            if finding.examples:
                shown = "; ".join(finding.examples[:SHOWN_EXAMPLES])
                console.print(
                    Padding(f"[dim]{escape(shown)}[/dim]", (0, 0, 0, 4), expand=False), highlight=False
                )
        console.print(f"\n[bold]{self.summary()}[/bold]", highlight=False)

    def _splits(self) -> Table:
        table = _table("split", "conversations", "utterances", "speakers", "labelled")
        for split in self.splits:
            numbers = (split.conversations, split.rows, split.speakers, sum(split.emotions.values()))
            table.add_row(escape(split.name), *(f"{number:,}" for number in numbers))
        return table

    def _emotions(self) -> Table:
        names = dict.fromkeys([*self.labels, *(name for split in self.splits for name in split.emotions)])
        table = _table("emotion", *(split.name for split in self.splits))
        for name in names:
            cells = (
                _share(split.emotions.get(name, 0), sum(split.emotions.values())) for split in self.splits
            )
            table.add_row(escape(name), *cells)
        return table

    def _features(self) -> Table:
        table = _table("feature", "dimensions", *(f"in {split.name}" for split in self.splits))
        for name, dimension in self.features.items():
            cells = (_share(split.present.get(name, 0), split.rows) for split in self.splits)
            table.add_row(escape(name), f"{dimension:,}", *cells)
        return table


def sort_findings(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then infos; findings of one check together, otherwise as they came."""
    checks = list(dict.fromkeys(finding.check for finding in findings))
    return tuple(sorted(findings, key=lambda one: (SEVERITIES.index(one.severity), checks.index(one.check))))


def _table(first: str, *others: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column(first, no_wrap=True, overflow="fold")
    for heading in others:
        table.add_column(heading, justify="right")
    return table


def _share(value: int, whole: int) -> str:
    """A count with its share of the whole; a share is 100 % only where nothing is missing."""
    if not whole:
        return "-"
    share = value / whole
    return f"{value:,} ({'>99.9%' if 0.9995 <= share < 1 else f'{share:.1%}'})"
