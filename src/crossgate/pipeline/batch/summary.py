"""A batch in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from crossgate.pipeline.batch.manifest import Entry

SUMMARY_FILE = "summary.json"


@dataclass(frozen=True)
class Run:
    """What one command did.

    Attributes:
        done: recordings analysed by it.
        failed: recordings it gave up.
        seconds: it took, the loading of the models with it.
        hours: of recordings it analysed.
        engine: `local` or `ray`.
        workers: side by side.
    """

    done: int
    failed: int
    seconds: float
    hours: float
    engine: str
    workers: int

    @property
    def times_real_time(self) -> float:
        """Hours of recording in one hour."""
        return 3600 * self.hours / self.seconds if self.seconds else 0.0

    @property
    def recordings_per_hour(self) -> float:
        """How many recordings, whatever came of them."""
        return 3600 * (self.done + self.failed) / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Summary:
    """What the batch's folder holds, and what the last command added to it.

    Attributes:
        recordings: in the manifest.
        done: of them.
        hours: of recording that are done.
        utterances: in them.
        emotions: expressed emotion -> utterances.
        causes: cause of failure -> recordings.
        failures: of every recording that failed: its name, attempts, cause and message.
        run: of the last command.
    """

    recordings: int
    done: int
    hours: float
    utterances: int
    emotions: dict[str, int]
    causes: dict[str, int]
    failures: tuple[dict[str, Any], ...]
    run: Run

    def to_json(self) -> dict[str, Any]:
        """As `summary.json` has it."""
        run = {
            "times_real_time": round(self.run.times_real_time, 2),
            "recordings_per_hour": round(self.run.recordings_per_hour, 1),
        }
        return {**asdict(self), "failed": len(self.failures), "run": asdict(self.run) | run}


def summarize(entries: Iterable[Entry], run: Run) -> Summary:
    """The figures of a manifest."""
    entries = sorted(entries, key=lambda one: one.recording)
    done = [one for one in entries if one.status == "done"]
    emotions: Counter[str] = Counter()
    for one in done:
        emotions.update(one.emotions or {})
    failures = [
        {
            "recording": one.recording,
            "attempts": one.attempts,
            "cause": one.cause,
            "message": one.message,
        }
        for one in entries
        if one.status != "done"
    ]
    return Summary(
        len(entries),
        len(done),
        round(hours_of(done), 6),
        sum(one.utterances for one in done),
        dict(emotions),
        dict(Counter(str(one["cause"]) for one in failures).most_common()),
        tuple(failures),
        run,
    )


def hours_of(entries: Iterable[Entry]) -> float:
    """Of recording; a text lasts no time."""
    return sum(one.duration or 0.0 for one in entries) / 3600
