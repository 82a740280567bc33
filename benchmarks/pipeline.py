"""Time and memory from a recording to its result, by what they are spent on, against decoding it and no more.

    python benchmarks/pipeline.py                          # five minutes of a looped recording
    python benchmarks/pipeline.py --minutes 120            # memory must not grow with the length
    python benchmarks/pipeline.py --recording talk.mp4 --transcript talk.vtt --minutes 10 --json speed.json

The recording is repeated, without decoding it anew, until it is as long as asked for, and its transcript with
it. The rival is the least that any analysis of faces and voices has to do: PyAV decoding every picture and
every sample of the same file. Seconds are those of a wall clock, with the model loaded and one short analysis
done before, as in a service. The real-time factor is seconds of work by seconds of recording.

Targets are printed beside what was measured and never asserted: a timing is no test.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import av
from rich.console import Console
from rich.table import Table

import crossgate
from crossgate.cli.command import parser_of
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.features.visual.face_features import FaceReader
from crossgate.media.recording import Recording
from crossgate.media.transcripts.reading import read_transcript
from crossgate.pipeline import analysis
from crossgate.pipeline.extractors import VoiceExtractor
from crossgate.pipeline.memory import give_back_what_is_freed
from crossgate.sample import RECORDING, TRANSCRIPT

MEETING = Path(__file__).resolve().parents[2] / "shared" / "media" / "grid_meeting.mp4"
TARGETS = {"real-time factor": 0.08, "peak memory, MB": 1200.0}


@dataclass(frozen=True)
class PipelineBenchmark:
    """Measure time and memory from a recording to its result."""

    positional: ClassVar[tuple[str, ...]] = ()

    recording: Path | None = None
    """Recording to repeat; by default the meeting of the project's development data, else the sample."""
    transcript: Path | None = None
    """Its transcript, with times; that beside the recording by default."""
    minutes: float = 5.0
    """Length to repeat it to."""
    model: Path = Path("crossgate-meld")
    """Packaged name, hub id or folder of a checkpoint."""
    json: Path | None = None
    """File for the figures."""

    def run(self) -> int:
        """Measure and print."""
        give_back_what_is_freed()  # as the command does
        recording = self.recording or (MEETING if MEETING.is_file() else RECORDING)
        transcript = self.transcript or (
            TRANSCRIPT if recording == RECORDING else recording.with_suffix(".vtt")
        )
        with tempfile.TemporaryDirectory() as work:
            long = Path(work) / "long.mkv"
            words = Path(work) / "long.json"
            seconds = repeat(recording, long, 60 * self.minutes)
            repeat_transcript(transcript, words, seconds, 60 * self.minutes)
            model = crossgate.load(self.model)
            model.analyze(recording, transcript)
            figures = measure(lambda: model.analyze(long, words))
            plain = decode(long)
            figures |= {"plain decoding, s": plain, "analysis / plain decoding": figures["seconds"] / plain}
        show(recording, figures)
        if self.json is not None:
            self.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
        return 0


class Clock:
    """Seconds by what they are spent on; of what is begun inside something else, only the inner counts.

    Every thread has a clock of its own: voices and faces are measured side by side, so that the parts add up
    to more than the whole took.
    """

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._own = threading.local()

    def _turn(self) -> list[str]:
        """Count what has run since the last turn; what runs, the innermost last."""
        now = time.perf_counter()
        running: list[str] = self._own.__dict__.setdefault("running", [])
        if running:
            self.spent[running[-1]] += now - self._own.since
        self._own.since = now
        return running

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Count the block under a name."""
        self._turn().append(name)
        try:
            yield
        finally:
            self._turn().pop()

    def counted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function whose time counts under a name."""

        def timed(*arguments: Any, **named: Any) -> Any:
            with self.of(name):
                return function(*arguments, **named)

        return timed

    def stepwise(self, name: str, generator: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
        """A generator whose steps count under a name, and what is done between them does not."""

        def timed(*arguments: Any, **named: Any) -> Iterator[Any]:
            steps = generator(*arguments, **named)
            while True:
                with self.of(name):
                    try:
                        found = next(steps)
                    except StopIteration:
                        return
                yield found

        return timed


@contextmanager
def clocked() -> Iterator[Clock]:
    """Put clocks on the parts of the pipeline for as long as the block lasts."""
    clock = Clock()
    parts: list[tuple[Any, str, str, Callable[..., Any]]] = [
        (Recording, "frames", "decode", clock.stepwise),
        (Recording, "sounds", "decode", clock.stepwise),
        (Recording, "blocks", "decode", clock.stepwise),
        (FaceReader, "read", "faces", clock.counted),
        (VoiceExtractor, "__call__", "voice", clock.counted),
        (TurnEmbedder, "embed", "text", clock.counted),
        (analysis, "predictions_of", "fusion", clock.counted),
    ]
    before = [(owner, name, getattr(owner, name)) for owner, name, _, _ in parts]
    for owner, name, share, wrap in parts:
        setattr(owner, name, wrap(share, getattr(owner, name)))
    try:
        yield clock
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def measure(analyze: Callable[[], Any]) -> dict[str, Any]:
    """Seconds, shares and the peak of memory of one analysis."""
    with clocked() as clock:
        cpu, start = time.process_time(), time.perf_counter()
        result = analyze()
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    parts = sum(clock.spent.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 2**20)
    return {
        "recording, s": result.media.duration,
        "utterances": len(result.utterances),
        "seconds": seconds,
        "real-time factor": seconds / result.media.duration,
        "CPU seconds / seconds of recording": cpu / result.media.duration,
        "shares": {name: clock.spent[name] / parts for name in SHARES},
        "peak memory, MB": peak,
    }


SHARES = ("decode", "faces", "voice", "text", "fusion")


def decode(path: Path) -> float:
    """Seconds that PyAV takes to decode everything."""
    start = time.perf_counter()
    with av.open(str(path)) as container:
        for stream in container.streams:
            stream.thread_type = "AUTO"
        for _ in container.decode():
            pass
    return time.perf_counter() - start


def repeat(recording: Path, long: Path, seconds: float) -> float:
    """Write a recording several times over into one file; seconds of a single time."""
    with av.open(str(recording)) as first:
        length = first.duration / av.time_base + JOINT
    with av.open(str(long), "w") as target:
        streams: dict[int, Any] = {}
        at = 0.0
        while at < seconds:
            with av.open(str(recording)) as source:
                for stream in source.streams:
                    if stream.type in KINDS and stream.index not in streams:
                        streams[stream.index] = target.add_stream_from_template(stream)
                for packet in source.demux():
                    if packet.dts is None or packet.stream.index not in streams:
                        continue
                    shift = round(at / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = streams[packet.stream.index]
                    target.mux(packet)
            at += length
    return length


KINDS = ("video", "audio")

JOINT = 0.2
"""Seconds between one time and the next: the tracks of a recording do not all end at once."""


def repeat_transcript(transcript: Path, words: Path, length: float, seconds: float) -> None:
    """The transcript of the repeated recording."""
    segments = read_transcript(transcript).segments
    turns, at = [], 0.0
    while at < seconds:
        for segment in segments:
            assert segment.start is not None
            assert segment.end is not None
            times = {"start": at + segment.start, "end": min(at + segment.end, at + length)}
            turns.append({"speaker": segment.speaker, "text": segment.text, **times})
        at += length
    words.write_text(json.dumps(turns), encoding="utf-8")


def show(recording: Path, figures: dict[str, Any]) -> None:
    """Print the figures."""
    console = Console(highlight=False)
    console.print(
        f"{recording.name} repeated to {figures['recording, s'] / 60:.1f} minutes, "
        f"{figures['utterances']} utterances; {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )
    table = Table("what", "measured", "target", box=None)
    for name in ("seconds", "real-time factor", "CPU seconds / seconds of recording", "peak memory, MB"):
        target = TARGETS.get(name)
        table.add_row(name, f"{figures[name]:.3f}", "" if target is None else f"{target:g}")
    for name, share in figures["shares"].items():
        table.add_row(f"  share of {name}", f"{100 * share:.0f} %", "")
    for name in ("plain decoding, s", "analysis / plain decoding"):
        table.add_row(name, f"{figures[name]:.2f}", "")
    console.print(table)


if __name__ == "__main__":
    parser = parser_of(PipelineBenchmark)
    sys.exit(PipelineBenchmark(**vars(parser.instantiate(parser.parse_args()))).run())
