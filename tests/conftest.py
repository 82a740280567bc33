"""Fixtures for every test: the real corpora where they are, and a small table where they are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings

from crossgate.conversation import FeatureSpec
from crossgate.corpora.manifest import Manifest
from crossgate.corpora.table import CorpusTable, write_table
from crossgate.emotions import MELD, LabelSet

# The same examples every time, and no test fails because the machine is slow.
settings.register_profile(
    "crossgate", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("crossgate")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

SPECS = (
    FeatureSpec("text", "toy", "1", 6, "drawn around one centre an emotion"),
    FeatureSpec("audio", "toy", "1", 5, "drawn around one centre an emotion"),
    FeatureSpec("visual", "toy", "1", 4, "drawn around one centre an emotion"),
)

MEDIA = SHARED.parent / "media"

MakeTable = Callable[..., CorpusTable]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's cache of features."""
    monkeypatch.setenv("CROSSGATE_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def shared_data() -> Path:
    """The folder of the real corpora, beside the checkout; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip(f"the real corpora are not at {SHARED}")
    return SHARED


@pytest.fixture
def shared_media() -> Path:
    """The folder of real recordings, beside the checkout; the test is skipped where it is absent."""
    if not MEDIA.is_dir():
        pytest.skip(f"the real recordings are not at {MEDIA}")
    return MEDIA


def list_column(values: np.ndarray, present: np.ndarray) -> pa.Array:
    """Vectors (utterance, feature) as fixed-size float32 lists, null where not present."""
    flat = pa.array(np.where(present[:, None], values, 0).astype(np.float32).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1], mask=pa.array(~present))


def split_content(
    name: str, conversations: int, seed: int, labels: LabelSet, missing: float, labelled: bool
) -> pa.Table:
    """Two speakers, 2 to 7 turns, features that tell the emotion (a little noise, some vectors missing)."""
    # One centre an emotion for all splits; what is drawn around it differs by split.
    rules = np.random.default_rng(seed)
    centres = {spec.column: rules.normal(size=(len(labels), spec.dimension)) for spec in SPECS}
    random = np.random.default_rng([seed, *name.encode()])
    rows, emotions = [], []
    for c in range(conversations):
        for turn in range(int(random.integers(2, 8))):
            emotion = (len(rows) + int(random.integers(2))) % len(labels)
            emotions.append(emotion)
            rows.append(
                {
                    "conversation_id": f"{name}_c{c}",
                    "utterance_id": f"{name}_c{c}_u{turn}",
                    "turn": turn,
                    "speaker": "AB"[turn % 2],
                    "text": f"This is turn {turn}, and it feels like {labels.labels[emotion]}.",
                    "start": 3.0 * turn,
                    "end": 3.0 * turn + 2.5,
                    "emotion": labels.labels[emotion] if labelled else None,
                }
            )
    table = pa.Table.from_pylist(rows)
    if not labelled:
        table = table.set_column(
            table.column_names.index("emotion"), "emotion", pa.nulls(len(rows), pa.string())
        )
    for spec in SPECS:
        values = centres[spec.column][emotions] + 0.3 * random.normal(size=(len(rows), spec.dimension))
        present = random.random(len(rows)) >= missing
        table = table.append_column(spec.column, list_column(values, present))
    return table


@pytest.fixture
def make_table() -> MakeTable:
    """`make_table(folder, conversations=6, seed=0, ...)` writes a small valid corpus table.

    Keyword arguments: `conversations` of the train split (the other splits have half as many, at least 2),
    `seed`, `labels` (MELD's seven), `missing` (share of vectors that are null), `test_labelled`, `splits`.
    Features: text_toy (6), audio_toy (5), visual_toy (4). The folder is `folder/table`.
    """

    def make(
        folder: Path,
        conversations: int = 6,
        seed: int = 0,
        labels: LabelSet = MELD,
        missing: float = 0.1,
        test_labelled: bool = True,
        splits: tuple[str, ...] = ("train", "validation", "test"),
    ) -> CorpusTable:
        contents = {
            name: split_content(
                name,
                conversations if name == "train" else max(2, conversations // 2),
                seed,
                labels,
                missing,
                labelled=test_labelled or name != "test",
            )
            for name in splits
        }
        manifest = Manifest("toy", labels, SPECS, {}, licence="CC0-1.0", source="generated for a test")
        return write_table(folder / "table", manifest, contents)

    return make
