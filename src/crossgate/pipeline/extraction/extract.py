"""Extraction of a whole corpus: clips measured by several processes, resumed, then written as one table."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from crossgate.conversation import FeatureSpec
from crossgate.corpora.rows import vector_column
from crossgate.corpora.table import CorpusTable, Release, write_table
from crossgate.errors import InputError
from crossgate.files import refuse_filled
from crossgate.locking import alone
from crossgate.pipeline.extraction.layouts import LAYOUTS, Clip, Find
from crossgate.pipeline.extraction.processes import measure_by_processes
from crossgate.pipeline.extraction.progress import Done
from crossgate.pipeline.extraction.settings import ExtractionSettings
from crossgate.pipeline.extraction.worker import Measured, Worker
from crossgate.pipeline.steps import Step
from crossgate.worker_pool import Engine

REPORT_FILE = "extraction.json"
"""In the table's folder: every clip that could not be read, or in which something is not there, and why."""

PARTIAL = ".partial"
"""Ending of the folder beside the table's that holds what is measured so far."""


def extract(
    corpus: str,
    source: Path,
    out: Path,
    settings: ExtractionSettings,
    *,
    workers: int = 1,
    engine: Engine | None = None,
    step: Step,
) -> CorpusTable:
    """Write a released corpus as a table with features measured on its recordings, and open it.

    What is measured is kept in a folder beside `out` until the table is written, so that an interrupted
    extraction goes on by the same command. A clip that is missing or broken leaves its features empty and is
    listed in extraction.json and, by cause, in the manifest's notes.

    Args:
        corpus: `meld` or `iemocap`.
        source: the folder of the release.
        out: folder of the table; it must not exist, or be empty.
        settings: what is measured.
        workers: processes.
        engine: begins the workers when `partial_folder` is there; processes of this machine where it is None.
        step: told of the progress.

    Raises:
        InputError: where the release is not as it should be, `out` exists, an extractor is not to be had, no
            recording at all is there, another extraction was begun here or is at work, or a machine has other
            extractors or does not see the recordings.
        CrossgateError: where a worker was killed.
    """
    refuse_filled(out)
    if workers < 1:
        raise InputError(f"workers is {workers}, expected 1 or more")
    layout = LAYOUTS[corpus]
    release = layout.read(source)
    clips = [clip for split in release.contents for clip in _clips(release, split, layout.find)]
    if not any(clip.sound or clip.picture for clip in clips):
        raise InputError(
            "none of the corpus' recordings is here, only its annotations",
            where=str(source),
            fix="unpack its archives here, or use `crossgate import`, which needs no recordings",
        )
    trial = Worker(settings)  # says at once what is not to be had
    what = {
        "corpus": corpus,
        "source": release.manifest.source,
        "settings": asdict(settings),
        "specs": [spec.to_json() for spec in trial.specs],
        "notes": list(trial.notes),
    }
    partial = partial_folder(out)
    with alone(partial):
        done = Done(partial / "clips.jsonl", what)
        left = [clip for clip in clips if clip.utterance not in done.measured]
        with done.writing() as keep, closing(_measure(left, settings, trial, workers, engine)) as found:
            for measured in found:
                keep(measured)
                step("measuring the clips", len(done.measured) / len(clips))
        table = _write(release, trial, done.measured, out)
        shutil.rmtree(partial)
    return table


def partial_folder(out: Path) -> Path:
    """Where what is measured is kept until the table `out` is written."""
    return out.with_name(f".{out.name}{PARTIAL}")


def _clips(release: Release, split: str, find: Find) -> Iterator[Clip]:
    rows = release.contents[split].select(["utterance_id", "start", "end"]).to_pylist()
    for row in rows:
        # Other machines have other working folders.
        yield find(release.folder.absolute(), split, row["utterance_id"], row["start"], row["end"])


def _measure(
    clips: list[Clip], settings: ExtractionSettings, trial: Worker, workers: int, engine: Engine | None
) -> Generator[Measured]:
    """Every clip measured, in the order in which they are done."""
    if workers == 1 and engine is None:
        yield from map(trial, clips)
    elif clips:
        yield from measure_by_processes(clips, settings, trial.made, workers=workers, engine=engine)


def _write(release: Release, worker: Worker, measured: dict[str, Measured], out: Path) -> CorpusTable:
    """The table: the release's own columns, then the features."""
    contents = {
        split: _with_features(content, worker.specs, measured) for split, content in release.contents.items()
    }
    broken = {one.utterance: list(one.why) for one in measured.values() if one.why}
    absent = {one.utterance: list(one.absent) for one in measured.values() if one.absent}
    causes = Counter(why for one in measured.values() for why in (*one.why, *one.absent))
    notes = [f"{count} clips: {cause}" for cause, count in causes.most_common(20)]
    if len(causes) > len(notes):
        notes.append(f"... and {len(causes) - len(notes)} more causes, see {REPORT_FILE}")
    manifest = replace(
        release.manifest,
        features=worker.specs,
        notes=(*release.manifest.notes, *worker.notes, *notes),
    )
    report = {
        "clips": len(measured),
        "unreadable": dict(sorted(broken.items())),
        "absent": dict(sorted(absent.items())),
    }
    return write_table(out, manifest, contents, {REPORT_FILE: report})


def _with_features(
    content: pa.Table, specs: Iterable[FeatureSpec], measured: dict[str, Measured]
) -> pa.Table:
    ids = content.column("utterance_id").to_pylist()
    for spec in specs:
        found = [measured[utterance].vectors.get(spec.column) for utterance in ids]
        present = np.array([vector is not None for vector in found])
        values = np.array(
            [vector if vector is not None else [np.nan] * spec.dimension for vector in found],
            dtype=np.float32,
        )
        content = content.append_column(spec.column, vector_column(values, present))
    return content
