"""The analysis itself: the model, kept in memory, at work on one recording after another."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from crossgate.errors import InputError
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.pipeline.steps import Step
from crossgate.report.result import NOBODY, Result
from crossgate.serving.work.worker.messages import Analyse, Analysis
from crossgate.serving.work.worker.naming import named_result


def recognizer_analysis(model: Path) -> Analysis:
    """Load a checkpoint. Raises InputError where there is none of that name."""
    from crossgate.pipeline.recognizer import Recognizer  # torch takes seconds that nobody else need wait for

    recognizer = Recognizer.from_pretrained(model)

    def analyse(job: Analyse, step: Step) -> dict[str, Any]:
        source = Path(job.source)
        transcript = None if job.transcript is None else Path(job.transcript)
        refuse_long(source, job.longest, alone=transcript is None)
        settings = AnalysisSettings(**job.settings)
        result = recognizer.analyze(source, transcript, settings, step=step)
        result = named_result(result, job.name, job.transcript_name, job.names)
        result.write(Path(job.folder) / "result", ("json",))
        return outcome_of(result)

    return analyse


def refuse_long(source: Path, longest: float, *, alone: bool) -> None:
    """Raise InputError where a recording lasts longer than it may, before any of it is analysed.

    Args:
        source: the recording; a transcript, if it is `alone`, lasts no time.
        longest: seconds.
        alone: there is no transcript beside it.
    """
    from crossgate.media.decoding.probe import probe
    from crossgate.media.transcripts.reading import is_transcript

    if (
        alone and is_transcript(source)
    ) or not source.stat().st_size:  # an empty one is refused by who opens it
        return
    lasts = probe(source, source.name, "").duration
    if lasts > longest:
        raise InputError(
            f"the recording lasts {lasts / 60:.1f} minutes, at most {longest / 60:g} are taken here",
            where=source.name,
            fix="cut it into parts",
        )


def outcome_of(result: Result) -> dict[str, Any]:
    """What a recording is found by: the fields of `claims.Outcome`.

    A turn of which nothing was measured counts as a turn and expresses nothing: its emotion is but a guess.
    """
    expressed = Counter(turn.emotion for turn in result.utterances if turn.measured)
    return {
        "kind": result.media.kind,
        "duration": result.media.duration,
        "turns": len(result.utterances),
        "emotions": {label: expressed[label] for label in result.labels},
        "speakers": [_keepable(each.name) for each in result.speakers if each.name != NOBODY],
    }


def _keepable(name: str) -> str:
    """A text that every database can keep."""
    return name.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
