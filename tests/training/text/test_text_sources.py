from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossgate.errors import InputError
from crossgate.features.text.turn_embedder import TurnEmbedder
from crossgate.features.text.turn_settings import TurnEncoderSettings
from crossgate.training.text.settings import SourceSettings
from crossgate.training.text.sources import parts_of, read_source
from tiny_base import tiny_base


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    base = tiny_base(tmp_path_factory.mktemp("base"))
    return TurnEmbedder.fresh(TurnEncoderSettings(base=base, rank=2, alpha=4), {}).tokenizer


def texts(path, rows):
    names = ("conversation_id", "turn", "speaker", "text", "labels")
    content = {name: [row[n] for row in rows] for n, name in enumerate(names)}
    types = (pa.string(), pa.int32(), pa.string(), pa.string(), pa.list_(pa.string()))
    schema = pa.schema(list(zip(names, types, strict=True)))
    pq.write_table(pa.table(content, schema=schema), path)


ROWS = [
    (None, None, None, "i am happy", ["joy", "pride"]),
    ("c1", 1, "ben", "so am i", []),
    ("c1", 0, "ann", "you are so very good", ["joy"]),
    ("c2", 0, "ann", "not so fine", ["sadness"]),
    ("c2", 1, "ben", "well well", ["joy"]),
    ("c3", 0, "ann", "no", []),
]


def test_turns_are_put_in_order_and_labels_shared_out(tmp_path, tokenizer):
    texts(tmp_path / "t.parquet", ROWS)
    source = read_source(tmp_path, "t", SourceSettings("t.parquet"), tokenizer)
    assert source.labels == ("joy", "pride", "sadness")
    assert [dialogue.id for dialogue in source.dialogues] == ["row 0", "c1", "c2"]  # c3 has no label
    alone, first, _ = source.dialogues
    assert alone.targets.tolist() == [[0.5, 0.5, 0.0]]
    assert first.speakers == ("ann", "ben")
    assert first.targets.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


def test_conversations_of_one_label_can_be_left_out(tmp_path, tokenizer):
    texts(tmp_path / "t.parquet", ROWS)
    source = read_source(tmp_path, "t", SourceSettings("t.parquet", varied_only=True), tokenizer)
    assert [dialogue.id for dialogue in source.dialogues] == ["row 0", "c2"]


def test_conversations_that_share_a_text_with_another_corpus_are_left_out(tmp_path, tokenizer, make_table):
    make_table(tmp_path / "other")
    shared = "THIS is turn 0 -- and it feels like joy"
    texts(
        tmp_path / "t.parquet",
        [
            *ROWS,
            ("c4", 0, "ann", "yes", ["joy"]),
            ("c4", 1, "ann", shared, []),
            ("c5", 0, "a", "no", ["joy"]),
        ],
    )
    source = read_source(tmp_path, "t", SourceSettings("t.parquet", unlike=("other/table",)), tokenizer)
    assert {dialogue.id for dialogue in source.dialogues} == {"row 0", "c1", "c2", "c5"}


def test_rare_labels_weigh_more_and_the_mean_stays(tmp_path, tokenizer):
    texts(tmp_path / "t.parquet", ROWS)
    source = read_source(tmp_path, "t", SourceSettings("t.parquet", class_weighting=0.5), tokenizer)
    counts = np.array([2.5, 0.5, 1.0])  # two and a half turns of joy, and so on
    assert source.class_weights @ counts == pytest.approx(counts.sum())
    assert source.class_weights[1] / source.class_weights[0] == pytest.approx(5**0.5)


def test_a_table_is_read_by_its_train_split(tmp_path, tokenizer, make_table):
    table = make_table(tmp_path)
    source = read_source(tmp_path, "t", SourceSettings("table", folds="3"), tokenizer)
    assert source.labels == table.manifest.labels.labels
    assert source.parts == ["1", "2", "3"]
    assert len(source.dialogues) == len(table.split("train").conversations)


def test_parts_by_expression():
    assert parts_of(["Ses01_a", "Ses02_b"], r"^(Ses\d\d)") == ["Ses01", "Ses02"]
    with pytest.raises(InputError, match="give conversation 'x' no part"):
        parts_of(["x"], r"^(Ses\d\d)")


@pytest.mark.parametrize("path", ["none.parquet", "text.parquet"])
def test_what_is_no_corpus_is_refused_with_its_name(tmp_path, tokenizer, path):
    (tmp_path / "text.parquet").write_text("no parquet")
    with pytest.raises(InputError, match=r"no such file|not a Parquet file") as caught:
        read_source(tmp_path, "t", SourceSettings(path), tokenizer)
    assert path in str(caught.value)
