"""`crossgate summarize RESULT [RESULT ...] [--view VIEW] [--speaker NAME] [--out FILE.json]`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from crossgate.errors import InputError


@dataclass(frozen=True)
class Summarize:
    """Figures of one result or several: shares, shifts, turning points, moments for a second look, reactions.

    Several results are taken for recordings of one person in the order of time: their trend comes first. The
    figures speak of expressed emotion; what each rests on stands in docs/summaries.md.
    """

    positional: ClassVar[tuple[str, ...]] = ("results",)

    results: list[Path] = field(
        metadata={"help": "result.json files, or folders that hold one", "several": True}
    )
    view: Literal["all", "interview", "call", "health", "tutoring", "assistant"] = "all"
    """The selection of figures for a use."""
    speaker: str | None = None
    """Figures of this speaker alone: the candidate, customer, student or user."""
    out: Path | None = None
    """A JSON file to write the figures to."""
    overwrite: bool = False
    """Replace the file where it exists."""

    def run(self) -> int:
        """Read, sum up, print, write."""
        from crossgate.cli.printing_summary import print_summary, print_trend
        from crossgate.files import write_json
        from crossgate.report.reading import read_result
        from crossgate.report.summary import summarize, trend

        if self.out is not None and self.out.exists() and not self.overwrite:
            raise InputError("exists already", where=str(self.out), fix="pass --overwrite to replace it")
        results = [read_result(path) for path in self.results]
        over_all = trend(results, self.speaker) if len(results) > 1 else None
        summaries = [summarize(result, self.view, self.speaker) for result in results]
        if self.out is not None:
            content: dict[str, Any] = {
                "view": self.view,
                "speaker": self.speaker,
                "trend": None if over_all is None else over_all.to_json(),
                "recordings": [summary.to_json() for summary in summaries],
            }
            write_json(self.out, content)
        if over_all is not None:
            print_trend(over_all)
        for summary in summaries:
            print_summary(summary)
        if self.out is not None:
            print(f"figures: {self.out}", file=sys.stderr)
        return 0
