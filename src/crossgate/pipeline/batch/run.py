"""A whole batch: find, analyse what is left, write down what came of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from crossgate.errors import InputError
from crossgate.files import refuse_unwritable
from crossgate.locking import alone
from crossgate.pipeline.batch import output
from crossgate.pipeline.batch.crew import Engine, local_engine
from crossgate.pipeline.batch.manifest import Entry, Manifest
from crossgate.pipeline.batch.output import Written
from crossgate.pipeline.batch.places import Folder, plain
from crossgate.pipeline.batch.recordings import Recording, find_recordings
from crossgate.pipeline.batch.settings import BatchSettings, Limits, hash_of
from crossgate.pipeline.batch.station import failed
from crossgate.pipeline.batch.summary import SUMMARY_FILE, Run, Summary, hours_of, summarize
from crossgate.pipeline.batch.worker import REFUSED, Job, Maker, recognizer_analysis

ALWAYS = 1_000_000
"""Bytes that a recording costs beside its own, in the estimate of the time left: it has a report as well."""


@dataclass(frozen=True)
class Standing:
    """How far a batch has come.

    Attributes:
        ended: recordings that this command brought to an end.
        failed: of them.
        total: that it set out to do.
        before: that were done, or given up, by earlier ones.
        share: of the work, 0 to 1, by bytes.
        last: what has just ended; None at the beginning.
    """

    ended: int
    failed: int
    total: int
    before: int
    share: float
    last: Entry | None = None


@dataclass(frozen=True)
class How:
    """How the work is done; what comes out does not depend on it.

    Attributes:
        workers: side by side.
        attempts: at a recording whose worker died, hung or could not reach its store.
        limits: of one attempt.
        retry_failed: begin those again that failed before.
        engine: its name.
        begin: begins the workers; local processes where it is None.
        make: loads what analyses; the batch's checkpoint where it is None.
    """

    workers: int = 1
    attempts: int = 2
    limits: Limits = field(default_factory=Limits)
    retry_failed: bool = False
    engine: str = "local"
    begin: Engine | None = None
    make: Maker | None = None

    def __post_init__(self) -> None:
        for name in ("workers", "attempts"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}, expected 1 or more")


def run_batch(
    sources: Sequence[str],
    out: str,
    settings: BatchSettings,
    how: How,
    *,
    transcripts: str | None = None,
    told: Callable[[Standing], None] = lambda standing: None,
) -> Summary:
    """Analyse many recordings into one folder.

    What is done already is left alone, what is missing or whose file has changed is done, what failed is left
    unless `how.retry_failed`. A recording that cannot be analysed stops nothing.

    Args:
        sources: paths or URLs of files, folders, or patterns.
        out: folder, by path or URL; new, or that of the same batch.
        settings: of every analysis.
        how: the work is done.
        transcripts: folder or pattern; beside the recordings by default.
        told: of the progress.

    Raises InputError, and writes nothing, where no recording is there, the folder is another's, or another
    process works in it; CrossgateError where no worker can begin.
    """
    folder = Folder(plain(out))
    if folder.local is not None:
        refuse_unwritable(folder.local)
    output.refuse_strange(folder)
    written = settings.to_json()
    recordings = find_recordings(sources, transcripts, folder.root)
    with _alone(folder):
        output.begin(folder, written)
        manifest = Manifest(folder)
        batch = _Batch(folder, manifest, recordings, settings, hash_of(written), how, told)
        run = batch.run()
        manifest.write()
        summary = summarize(manifest.entries.values(), run)
        content = json.dumps(summary.to_json(), indent=2, ensure_ascii=False) + "\n"
        folder.write(SUMMARY_FILE, content.encode("utf-8", "replace"))
    return summary


class _Batch:
    """What is left to do, and the doing of it."""

    def __init__(
        self,
        folder: Folder,
        manifest: Manifest,
        recordings: list[Recording],
        settings: BatchSettings,
        hash: str,
        how: How,
        told: Callable[[Standing], None],
    ) -> None:
        self._folder, self._manifest, self._how, self._told = folder, manifest, how, told
        self._make = how.make or partial(recognizer_analysis, settings.model, settings.analysis)
        self._written = Written(folder.root, hash, tuple(settings.formats), settings.embed)
        self._there = output.written_names(folder)
        self._left = [recording for recording in recordings if not self._is_ended(recording)]
        self._before = len(recordings) - len(self._left)
        self._ended: list[Entry] = []
        self._weight = sum(map(_weight, self._left))
        self._worked = 0

    def run(self) -> Run:
        """Do what is left."""
        began = time.monotonic()
        self._tell(None)
        jobs = [Job(one, self._written) for one in self._left]
        for job in jobs:
            if job.recording.trouble:
                self._end(failed(job, REFUSED, job.recording.trouble).entry, job)
        jobs = [job for job in jobs if not job.recording.trouble]
        if jobs:
            self._work(jobs)
        self._prune()
        done = [one for one in self._ended if one.status == "done"]
        seconds = round(time.monotonic() - began, 3)
        return Run(
            len(done),
            len(self._ended) - len(done),
            seconds,
            round(hours_of(done), 6),
            self._how.engine,
            self._how.workers,
        )

    def _work(self, jobs: list[Job]) -> None:
        workers = min(self._how.workers, len(jobs))
        begin = self._how.begin or local_engine(workers)
        with begin(self._make, self._how.limits) as crew:
            for job in jobs:
                crew.give(job)
            left = len(jobs)
            while left:
                attempt = crew.take()
                if attempt.again and attempt.job.attempt < self._how.attempts:
                    crew.give(replace(attempt.job, attempt=attempt.job.attempt + 1))
                    continue
                left -= 1
                self._end(attempt.entry, attempt.job)

    def _is_ended(self, recording: Recording) -> bool:
        entry = self._manifest.entries.get(recording.name)
        if entry is None or not entry.is_of(recording, self._written.settings):
            return False
        if entry.status != "done":
            return not self._how.retry_failed
        name = recording.name
        return {f"{output.folder_of(name)}/{output.ENTRY_FILE}", output.shard_of(name)} <= self._there

    def _end(self, entry: Entry, job: Job) -> None:
        self._manifest.add(entry)
        self._ended.append(entry)
        self._worked += _weight(job.recording)
        self._tell(entry)

    def _tell(self, last: Entry | None) -> None:
        bad = sum(one.status != "done" for one in self._ended)
        share = self._worked / self._weight if self._weight else 1.0
        self._told(Standing(len(self._ended), bad, len(self._left), self._before, share, last))

    def _prune(self) -> None:
        """Remove what is written of recordings that failed since: it tells of an older file."""
        done = {one.recording for one in self._manifest.entries.values() if one.status == "done"}
        wanted = set(map(output.shard_of, done))
        for name in sorted(self._folder.files(output.UTTERANCES)):
            if name not in wanted:
                self._folder.remove(name)
        for one in self._ended:
            if one.status != "done":
                output.remove(self._folder, one.recording)


def _weight(recording: Recording) -> int:
    return recording.size + ALWAYS


@contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Hold the folder's lock; that of a store's is kept on this machine, where alone it is noticed."""
    if folder.local is not None:
        with alone(folder.local):
            yield
        return
    from crossgate.features.cache import cache_folder

    locks: Path = cache_folder() / "batches" / sha256(folder.root.encode()).hexdigest()[:16]
    with alone(locks):
        yield
