"""Importing MELD: the official CSV files with their oddities."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crossgate.corpora.meld import FILES, import_meld
from crossgate.corpora.table import CorpusTable, open_table
from crossgate.errors import InputError

HEADER = (
    "Sr No.",
    "Utterance",
    "Speaker",
    "Emotion",
    "Sentiment",
    "Dialogue_ID",
    "Utterance_ID",
    "Season",
    "Episode",
    "StartTime",
    "EndTime",
)


def row(dialogue: int | str = 0, utterance: int | str = 0, **cells: str) -> dict[str, str]:
    """One sound row, with cells replaced."""
    return {
        "Sr No.": "1",
        "Utterance": "Who moved the sofa?",
        "Speaker": "Ines",
        "Emotion": "surprise",
        "Sentiment": "negative",
        "Dialogue_ID": str(dialogue),
        "Utterance_ID": str(utterance),
        "Season": "3",
        "Episode": "12",
        "StartTime": "00:16:16,059",
        "EndTime": "00:16:21,731",
        **cells,
    }


def write(path: Path, rows: list[dict[str, str]], header: tuple[str, ...] = HEADER) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, header, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def imported(tmp_path: Path, rows: list[dict[str, str]]) -> CorpusTable:
    write(tmp_path / "raw" / FILES["train"], rows)
    return import_meld(tmp_path / "raw", tmp_path / "out")


def records(table: CorpusTable, split: str = "train") -> list[dict]:
    return pq.read_table(table.folder / f"{split}.parquet").to_pylist()


def notes(table: CorpusTable) -> str:
    return "\n".join(table.manifest.notes)


def test_a_row_becomes_an_utterance(tmp_path: Path) -> None:
    (record,) = records(imported(tmp_path, [row(5, 0)]))
    assert record == {
        "conversation_id": "train_dia5",
        "utterance_id": "train_dia5_utt0",
        "turn": 0,
        "speaker": "Ines",
        "text": "Who moved the sofa?",
        "text_original": "Who moved the sofa?",
        "season": 3,
        "episode": 12,
        "start": 976.059,
        "end": 981.731,
        "emotion": "surprise",
        "sentiment": "negative",
    }


def test_all_three_files_are_found_wherever_they_lie_below(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "MELD.Raw" / "train" / FILES["train"], [row()])
    write(tmp_path / "raw" / "MELD.Raw" / FILES["validation"], [row()])
    write(tmp_path / "raw" / "MELD.Raw" / FILES["test"], [row(Emotion="", Sentiment="")])
    table = import_meld(tmp_path / "raw", tmp_path / "out")
    assert list(table.manifest.splits) == ["train", "validation", "test"]
    assert records(table, "validation")[0]["utterance_id"] == "validation_dia0_utt0"
    assert records(table, "test")[0]["emotion"] is None
    assert "test: 1 utterances have no emotion" in table.manifest.notes
    assert table.manifest.labels.name == "meld7"
    assert "GPL-3.0" in table.manifest.licence
    assert open_table(tmp_path / "out").manifest == table.manifest


def test_two_copies_are_one_file_and_two_versions_are_an_error(tmp_path: Path) -> None:
    write(tmp_path / "raw" / "a" / FILES["train"], [row()])
    write(tmp_path / "raw" / "b" / FILES["train"], [row()])
    import_meld(tmp_path / "raw", tmp_path / "out")
    write(tmp_path / "raw" / "c" / FILES["train"], [row(7)])
    with pytest.raises(InputError, match=f"different files named {FILES['train']}"):
        import_meld(tmp_path / "raw", tmp_path / "other")


def test_splits_that_are_absent_are_noted(tmp_path: Path) -> None:
    table = imported(tmp_path, [row()])
    assert list(table.manifest.splits) == ["train"]
    assert "no validation split" in notes(table)
    assert "no test split" in notes(table)


@pytest.mark.parametrize("source", ["empty", "gone"])
def test_without_the_training_file_nothing_is_written(tmp_path: Path, source: str) -> None:
    write(tmp_path / "empty" / FILES["test"], [row()])
    with pytest.raises(InputError, match=r"train_sent_emo|no such folder"):
        import_meld(tmp_path / source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("I don\x92t care \x96 go\x85", "I don’t care – go…"),
        ("I donâ€™t care", "I don’t care"),
        ("\x93Never,\x94 he said", "“Never,” he said"),
    ],
)
def test_broken_characters_are_repaired_and_kept(tmp_path: Path, broken: str, whole: str) -> None:
    table = imported(tmp_path, [row(Utterance=broken, Speaker="RenÃ©")])
    (record,) = records(table)
    assert (record["text"], record["text_original"], record["speaker"]) == (whole, broken, "René")
    assert "train: 1 texts had broken characters" in notes(table)


@pytest.mark.parametrize("sound", ["He’s “fine”…", "A naïve café – déjà vu", "&amp; 'so' ﬁt ＡＢ", "ñandú?"])
def test_sound_characters_are_left_alone(tmp_path: Path, sound: str) -> None:
    table = imported(tmp_path, [row(Utterance=sound)])
    assert records(table)[0]["text"] == sound
    assert "repaired" not in notes(table)


def test_rows_are_sorted_within_their_dialogue_and_dialogues_stay_together(tmp_path: Path) -> None:
    places = [(4, 2), (4, 0), (1, 0), (4, 7), (1, 1)]
    table = imported(tmp_path, [row(d, u) for d, u in places])
    assert [(r["conversation_id"], r["turn"]) for r in records(table)] == [
        ("train_dia4", 0),
        ("train_dia4", 2),
        ("train_dia4", 7),
        ("train_dia1", 0),
        ("train_dia1", 1),
    ]
    assert "3 rows stood out of order" in notes(table)
    assert "5 utterances are missing between others" in notes(table)


def test_rows_in_order_raise_no_note(tmp_path: Path) -> None:
    table = imported(tmp_path, [row(0, 0), row(0, 1), row(9, 0), row(3, 0), row(3, 1)])
    assert [note for note in table.manifest.notes if note.startswith("train:")] == []


def test_odd_times_are_counted_and_kept(tmp_path: Path) -> None:
    table = imported(
        tmp_path,
        [
            row(0, 0, StartTime="0:12:43,012", EndTime="0:12:43,012"),
            row(0, 1, StartTime="00:12:45,5", EndTime="00:12:44,074"),
            row(0, 2, StartTime="01:00:00", EndTime=""),
        ],
    )
    times = [(r["start"], r["end"]) for r in records(table)]
    assert times == [(763.012, 763.012), (765.5, 764.074), (3600.0, None)]
    assert "train: 1 utterances end before they start" in notes(table)
    assert "train: 1 utterances end when they start" in notes(table)


def test_an_empty_text_is_no_text(tmp_path: Path) -> None:
    table = imported(tmp_path, [row(Utterance="  ")])
    assert records(table)[0]["text"] is None
    assert "1 utterances have no text" in notes(table)


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"Emotion": "hunger"}, "unknown emotion 'hunger'"),
        ({"Sentiment": "mixed"}, "unknown sentiment 'mixed'"),
        ({"StartTime": "16:16"}, "'16:16' is not a time"),
        ({"EndTime": "00:75:00,000"}, "not a time"),
        ({"EndTime": "soon"}, "not a time"),
        ({"Dialogue_ID": "x"}, "'x' is not a whole number"),
        ({"Utterance_ID": "1.5"}, "not a whole number"),
        ({"Season": ""}, "not a whole number"),
        ({"Speaker": " "}, "the speaker is empty"),
    ],
)
def test_a_wrong_cell_is_named_with_file_and_line(tmp_path: Path, cells: dict[str, str], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        imported(tmp_path, [row(0, 0), row(0, 1) | cells])
    assert f"{FILES['train']}, line 3" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_a_line_break_inside_a_text_does_not_shift_the_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 4"):
        imported(tmp_path, [row(0, 0, Utterance="One\ntwo"), row(0, 1, Emotion="hunger")])


def test_an_utterance_that_stands_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"line 3: utterance 4 of dialogue 2 stands twice"):
        imported(tmp_path, [row(2, 4), row(2, 4)])


def test_a_missing_column(tmp_path: Path) -> None:
    write(tmp_path / FILES["train"], [row()], tuple(name for name in HEADER if name != "StartTime"))
    with pytest.raises(InputError, match="column StartTime is missing"):
        import_meld(tmp_path, tmp_path / "out")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is missing; the file has none"),
        (",".join(HEADER).encode(), "no rows"),
        (",".join(HEADER).encode() + b"\n1,Hi\n", r"line 2: the row has not the 11 cells"),
        (",".join(HEADER).encode() + b"\n1,\x92\n", "not UTF-8"),
        (",".join(HEADER).encode() + b'\n1,"Hi" there",A\n', "not a CSV file"),
    ],
)
def test_a_file_that_is_none(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / FILES["train"]).write_bytes(content)
    with pytest.raises(InputError, match=words):
        import_meld(tmp_path, tmp_path / "out")


def test_a_byte_order_mark_and_spaces_in_the_header(tmp_path: Path) -> None:
    write(tmp_path / "plain.csv", [row()])
    header, rest = (tmp_path / "plain.csv").read_text(encoding="utf-8").split("\n", 1)
    spaced = header.strip().replace(",", " , ") + "\n" + rest
    (tmp_path / FILES["train"]).write_text(spaced, encoding="utf-8-sig")
    assert len(records(import_meld(tmp_path, tmp_path / "out"))) == 1


def test_an_existing_folder_is_not_overwritten(tmp_path: Path) -> None:
    imported(tmp_path, [row()])
    with pytest.raises(InputError, match="exists already"):
        imported(tmp_path, [row()])


@pytest.mark.real
@pytest.mark.parametrize("split", ["train", "validation"])
def test_the_real_corpus_survives_its_official_layout(tmp_path: Path, shared_data: Path, split: str) -> None:
    """The real rows, in the official layout and with characters broken, come out as they were."""

    def clock(seconds: float) -> str:
        milliseconds = round(seconds * 1000)
        whole = milliseconds // 1000
        return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{milliseconds % 1000:03}"

    def broken(text: str) -> str:
        return text.encode("cp1252").decode("latin-1")

    expected = pq.read_table(shared_data / "meld" / f"{split}.parquet").to_pylist()
    rows = [
        row(
            r["conversation_id"].split("dia")[1],
            r["turn"],
            Utterance=broken(r["text"]),
            Speaker=r["speaker"],
            Emotion=r["emotion"],
            Sentiment=r["sentiment"],
            Season=str(r["season"]),
            Episode=str(r["episode"]),
            StartTime=clock(r["start"]),
            EndTime=clock(r["end"]),
        )
        for r in expected
    ]
    write(tmp_path / "raw" / FILES[split], rows)
    write(tmp_path / "raw" / FILES["train"], rows)
    found = records(import_meld(tmp_path / "raw", tmp_path / "out"), split)
    assert len(found) == len(expected)
    for is_now, was in zip(found, expected, strict=True):
        same = {key: is_now[key] for key in is_now if key != "text_original"}
        assert same == pytest.approx({key: was[key] for key in same}, abs=1e-3)
