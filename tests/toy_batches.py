"""An analysis that does what its recording says, in a real worker process, and folders of such recordings."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from crossgate.conversation import MODALITIES
from crossgate.errors import InputError
from crossgate.pipeline.batch.crew import Crew, Engine, crew, local_engine
from crossgate.pipeline.batch.run import How, run_batch
from crossgate.pipeline.batch.settings import BatchSettings, Limits
from crossgate.pipeline.batch.station import Attempt, of_answer
from crossgate.pipeline.batch.summary import Summary
from crossgate.pipeline.batch.worker import Analysis, Job, attempt
from crossgate.pipeline.steps import Step
from crossgate.report.result import MediaInfo, ModalityUse, ModelInfo, Result, Turn

Make = Callable[[], Analysis]

LABELS = ("joy", "anger")

LOG = "CROSSGATE_TOY_LOG"
"""Environment variable with a file that every analysis adds its recording to."""


def toy_analysis() -> Analysis:
    """Nothing to load."""
    return analyse


def analyse(source: Path, transcript: Path | None, step: Step) -> Result:
    """The recording's text is a word and perhaps a number; its turns are the words of the transcript."""
    word, _, number = source.read_text(encoding="utf-8").partition(" ")
    if LOG in os.environ:
        with Path(os.environ[LOG]).open("a", encoding="utf-8") as log:
            log.write(f"{source.name}\n")
    step("listening for speech", 1.0)
    if word == "refuse":
        raise InputError("this is no recording that FFmpeg can read", where=source.name)
    if word == "mistake":
        raise ZeroDivisionError("something nobody thought of")
    if word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if word == "once":  # a crash that does not come again
        mark = source.with_suffix(".mark")
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    if word == "hang":
        signal.pause()
    if word == "grow":
        kept = []
        while True:
            kept.append(bytearray(b"1" * 20_000_000))
            time.sleep(0.02)
    if word == "slow":
        time.sleep(float(number))
    words = ["Hello."] if transcript is None else transcript.read_text(encoding="utf-8").split()
    return toy_result(source.name, words)


def toy_result(name: str, words: Sequence[str]) -> Result:
    """A valid result with a turn a word."""
    return Result(
        MediaInfo(name, "audio", 2.5, "0" * 64, sample_rate=16000),
        ModelInfo("toy", "0.1.0", "0" * 64, False, 1.0, 0.5, dict.fromkeys(MODALITIES, "toy")),
        LABELS,
        tuple(
            Turn(
                str(number),
                "Ann",
                float(number),
                number + 0.5,
                word,
                "joy",
                0.75,
                False,
                {"joy": 0.75, "anger": 0.25},
                {m: ModalityUse(m == "text", float(m == "text")) for m in MODALITIES},
                {"t": {"joy": 0.75, "anger": 0.25}},
            )
            for number, word in enumerate(words)
        ),
    )


class Here:
    """A worker without a process of its own, for what no process is needed for."""

    def __init__(self, make: Make) -> None:
        self._analyse = make()

    def do(self, job: Job) -> Attempt:
        job = Job.from_json(json.loads(json.dumps(job.to_json())))
        return of_answer(job, attempt(job, self._analyse, lambda words, share: None), 0.0)

    def stop(self) -> None: ...

    def close(self) -> None: ...


@contextmanager
def here(make: Make, limits: Limits) -> Iterator[Crew]:
    """An engine of one such worker."""
    with crew(lambda: Here(make), 1) as begun:
        yield begun


def recordings(folder: Path, **words: str) -> Path:
    """A folder with a recording of each name, `__` in it for `/`, that says the word."""
    for name, word in words.items():
        path = folder / f"{name.replace('__', '/')}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(word, encoding="utf-8")
    return folder


def batch(
    source: Path | str | Sequence[str],
    out: Path | str,
    *,
    workers: int = 0,
    attempts: int = 2,
    limits: Limits | None = None,
    retry_failed: bool = False,
    transcripts: Path | str | None = None,
    formats: Sequence[str] = (),
    begin: Engine | None = None,
    **more: object,
) -> Summary:
    """A batch of toy analyses, by a worker in this process unless there shall be `workers`."""
    sources = [str(source)] if isinstance(source, (str, Path)) else list(source)
    how = How(
        workers=workers or 1,
        attempts=attempts,
        limits=limits or Limits(silent_minutes=0),
        retry_failed=retry_failed,
        begin=begin or (local_engine(workers) if workers else here),
        make=more.pop("make", toy_analysis),  # type: ignore[arg-type]
    )
    settings = BatchSettings(formats=formats)
    return run_batch(
        sources,
        str(out),
        settings,
        how,
        transcripts=None if transcripts is None else str(transcripts),
        **more,  # type: ignore[arg-type]
    )


def entries(out: Path) -> dict[str, dict]:
    """The manifest, by recording; fails where one stands in it twice."""
    lines = [json.loads(line) for line in (out / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    found = {line["recording"]: line for line in lines}
    assert len(found) == len(lines)
    return found
