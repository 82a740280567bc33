"""The readers of files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checks._fuzz import seeds
from checks._fuzz.targets import Target


def as_json(content: Any) -> bytes:
    """An object as the files have it; `NaN` among it, which Python reads."""
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")


def transcript(name: str) -> Callable[[Path], Target]:
    """The reader of one format; every other case says so, the others leave it to the content."""

    def make(folder: Path) -> Target:
        from crossgate.media.transcripts.fitting import place_in
        from crossgate.media.transcripts.reading import read_transcript

        path = folder / f"case.{name}"

        def read(case: bytes) -> None:
            path.write_bytes(case)
            place_in(read_transcript(path, name if len(case) % 2 else None), 3.0)

        return Target(read, seeds.TRANSCRIPTS[name], seeds.TRANSCRIPT_WORDS)

    return make


def result(folder: Path) -> Target:
    """`result.json`, and where it is read its summary and, now and then, every export."""
    import sys

    sys.path.append(str(Path(__file__).parents[3] / "tests" / "report"))
    from toy_results import toy_result

    from crossgate.report.reading import read_result
    from crossgate.report.summary import summarize
    from crossgate.report.writing import FORMATS, write_result

    path = folder / "result.json"
    written = [0]

    def read(case: bytes) -> None:
        path.write_bytes(case)
        found = read_result(path)
        summarize(found)
        written[0] += 1
        if written[0] % 50 == 0:
            write_result(
                found, folder / f"written-{written[0]}", [f for f in FORMATS if f not in ("png", "html")]
            )

    made = [toy_result(2), toy_result(1, kind="audio"), toy_result(2, kind="text", timed=False)]
    objects = [one.to_json() for one in made]
    return Target(read, [as_json(one) for one in objects], (), objects, as_json)


def manifest(folder: Path) -> Target:
    """`manifest.json` beside a valid split."""
    from crossgate.corpora.table import derive_manifest, open_table

    (folder / "train.parquet").write_bytes(seeds.parquet()[0])
    content = derive_manifest(folder).to_json()
    path = folder / "manifest.json"

    def read(case: bytes) -> None:
        path.write_bytes(case)
        open_table(folder).split("train")

    return Target(read, [as_json(content)], (b"test.parquet", b"../train.parquet"), [content], as_json)


def table(folder: Path) -> Target:
    """The bytes of a Parquet file, without a manifest: its columns are found out."""
    from crossgate.corpora.table import open_table

    path = folder / "train.parquet"

    def read(case: bytes) -> None:
        path.unlink(missing_ok=True)  # the last one may still be mapped
        path.write_bytes(case)
        open_table(folder).split("train")

    return Target(read, seeds.parquet(), (b"PAR1", b"PARE"))


def pickled(folder: Path) -> Target:
    """Pickles of strangers."""
    from crossgate.corpora.community.safe_pickle import read_pickle

    path = folder / "case.pkl"

    def read(case: bytes) -> None:
        path.write_bytes(case)
        read_pickle(path)

    return Target(read, seeds.pickles(), seeds.PICKLE_WORDS)


def experiment(folder: Path) -> Target:
    """Settings of a training."""
    from crossgate.training.configuration import load_experiment

    return _settings(folder, load_experiment, seeds.EXPERIMENT)


def benchmark(folder: Path) -> Target:
    """Settings of a benchmark."""
    from crossgate.experiments.benchmark.settings import load_benchmark

    return _settings(folder, load_benchmark, seeds.BENCHMARK)


def _settings(folder: Path, load: Callable[[Path], Any], seed: bytes) -> Target:
    import yaml

    path = folder / "settings.yaml"

    def read(case: bytes) -> None:
        path.write_bytes(case)
        load(path)

    def render(content: Any) -> bytes:
        return yaml.safe_dump(content, allow_unicode=True).encode("utf-8", "surrogatepass")

    words = (
        b"!!python/name:os.system",
        b"!!binary",
        b"!!set",
        b"!!timestamp 2020-01-01",
        b"? ",
        b"--- ",
        b"|",
        b">-",
    )
    return Target(read, [seed], words, [yaml.safe_load(seed)], render)
