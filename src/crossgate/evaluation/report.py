"""Everything measured about one set of predictions, for the terminal, for a file, and in pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from crossgate.emotions import LabelSet
from crossgate.evaluation.bootstrap import LEVEL, RESAMPLES, Interval, Intervals, intervals_of
from crossgate.evaluation.calibration import Reliability, reliability_of
from crossgate.evaluation.figures import confusion_figure, reliability_figure, save_figure
from crossgate.evaluation.labelled import groups_of, labelled_of
from crossgate.evaluation.metrics import Metrics, measure_labelled
from crossgate.evaluation.summary import honest_title
from crossgate.files import write_json

REPORT_FILE = "evaluation.json"
CONFUSION_FILE = "confusion.png"
RELIABILITY_FILE = "reliability.png"

BAR = 20
"""Width of the longest bar of a terminal table, in characters."""


@dataclass(frozen=True)
class Report:
    """The evaluation of one run on one split.

    Attributes:
        title: what was measured; says so where it rests on fewer than five seeds.
        label_set: the emotions.
        metrics: scores, classes and confusion matrix.
        intervals: bootstrap intervals over conversations; None where there is but one conversation.
        calibration: the reliability curve and its error.
        details: what the caller wants kept with it (corpus, split, checkpoint, command), plain JSON values.
    """

    title: str
    label_set: LabelSet
    metrics: Metrics
    intervals: Intervals | None
    calibration: Reliability
    details: dict[str, Any]

    def scores(self) -> dict[str, float]:
        """The scores by name, from best known to least: what a caller records as an outcome."""
        return {
            "accuracy": self.metrics.accuracy,
            "weighted_f1": self.metrics.weighted_f1,
            "macro_f1": self.metrics.macro_f1,
            "negative_log_likelihood": self.metrics.negative_log_likelihood,
            "expected_calibration_error": self.calibration.expected_calibration_error,
        }

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; scores are shares of 1, not percentages."""
        return {
            "title": self.title,
            **self.details,
            "labels": {"name": self.label_set.name, "labels": list(self.label_set.labels)},
            "metrics": self.metrics.to_json(),
            "intervals": None if self.intervals is None else self.intervals.to_json(),
            "calibration": self.calibration.to_json(),
        }

    def write(self, folder: Path) -> list[Path]:
        """Write `evaluation.json`, `confusion.png` and `reliability.png`; returns their paths."""
        folder = Path(folder)
        paths = [folder / name for name in (REPORT_FILE, CONFUSION_FILE, RELIABILITY_FILE)]
        confusion = np.asarray(self.metrics.confusion)
        write_json(paths[0], self.to_json())
        save_figure(confusion_figure(confusion, self.label_set.labels, title=self.title), paths[1])
        save_figure(reliability_figure(self.calibration, title=self.title), paths[2])
        return paths

    def render(self) -> RenderableType:
        """For a rich console: the scores with their intervals, and a table of the emotions."""
        return Group(
            Text(self.title, style="bold"), self._score_table(), self._class_table(), self._remarks()
        )

    def _score_table(self) -> Table:
        table = Table(box=None, pad_edge=False, show_header=False)
        table.add_column()
        table.add_column(justify="right")
        table.add_column(style="dim")
        names = {
            "accuracy": "accuracy, %",
            "weighted_f1": "weighted F1, %",
            "macro_f1": "macro F1, %",
            "negative_log_likelihood": "negative log-likelihood, nats",
            "expected_calibration_error": "expected calibration error, %",
        }
        for name, value in self.scores().items():
            percent = name != "negative_log_likelihood"
            interval = self.intervals.scores.get(name) if self.intervals else None
            table.add_row(
                names[name],
                f"{100 * value:.2f}" if percent else f"{value:.4f}",
                _interval_words(interval, percent) if interval else "",
            )
        return table

    def _class_table(self) -> Table:
        table = Table(title_justify="left", pad_edge=False)
        for heading in ("emotion", "support", "precision", "recall", "F1"):
            table.add_column(heading, justify="left" if heading == "emotion" else "right")
        table.add_column("F1, 0 to 100", width=BAR)
        for one in self.metrics.classes:
            table.add_row(
                one.emotion,
                str(one.support),
                *(f"{100 * value:.1f}" for value in (one.precision, one.recall, one.f1)),
                _bar(one.f1),
            )
        return table

    def _remarks(self) -> Text:
        metrics = self.metrics
        lines = [f"{metrics.utterances} labelled utterances; {metrics.unlabelled} without a label left out."]
        if self.intervals is None:
            lines.append("No intervals: they are drawn over conversations, and there is only one.")
        else:
            lines.append(
                f"Intervals: {self.intervals.resamples} resamples of {self.intervals.conversations} "
                "conversations; they do not show the spread over training seeds."
            )
        return Text("\n".join(lines), style="dim")


def evaluate_predictions(
    label_set: LabelSet,
    labels: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    conversation: Sequence[Any] | npt.NDArray[Any],
    *,
    title: str,
    seeds: int = 1,
    details: dict[str, Any] | None = None,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    seed: int = 0,
) -> Report:
    """Measure predictions in every way this room knows.

    Args:
        label_set: names the emotions.
        labels: (utterance,) class indices; `UNLABELLED` utterances are left out.
        probabilities: (utterance, emotion), rows sum to 1.
        conversation: (utterance,) the conversation's id of every utterance, for the bootstrap.
        title: what was measured; `honest_title` adds a remark where `seeds` are fewer than five.
        seeds: number of training seeds behind the predictions; more than one for an ensemble over seeds.
        details: anything to keep with the report, plain JSON values.
        resamples: bootstrap samples of conversations.
        level: of the intervals.
        seed: of the bootstrap.

    Raises InputError where shapes or values do not fit, and where no utterance is labelled.
    """
    labelled = labelled_of(labels, probabilities)
    several = int(groups_of(conversation, labelled).max()) > 0
    return Report(
        title=honest_title(title, seeds),
        label_set=label_set,
        metrics=measure_labelled(labelled, label_set),
        intervals=(
            intervals_of(labelled, conversation, resamples=resamples, level=level, seed=seed)
            if several
            else None
        ),
        calibration=reliability_of(labelled),
        details=dict(details or {}),
    )


def _interval_words(interval: Interval, percent: bool) -> str:
    """For example `[63.1, 66.9] 95 %`."""
    scale, digits = (100, 1) if percent else (1, 3)
    return (
        f"[{scale * interval.low:.{digits}f}, {scale * interval.high:.{digits}f}]  {100 * interval.level:g} %"
    )


def _bar(share: float) -> Text:
    """A bar of eighths of a character."""
    eighths = round(share * BAR * 8)
    partial = " ▏▎▍▌▋▊▉"[eighths % 8] if eighths % 8 else ""
    return Text("█" * (eighths // 8) + partial, style="cyan")
