"""Importing IEMOCAP: a release in small, with the oddities of the real one."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from crossgate.corpora.iemocap import import_iemocap
from crossgate.corpora.table import CorpusTable
from crossgate.errors import InputError

HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n"


def evaluation(*lines: tuple[str, float, float, str]) -> str:
    """An evaluation file: per utterance the summary line and what single annotators said."""
    return HEADER + "".join(
        f"[{start:.4f} - {end:.4f}]\t{utterance}\t{code}\t[2.5000, 3.0000, 3.5000]\n"
        f"C-E2:\tNeutral;\t()\nA-E3:\tval 3; act 2; dom  2;\t()\n\n"
        for utterance, start, end, code in lines
    )


def write(release: Path, session: int, dialogue: str, evaluated: str, transcript: str) -> None:
    for folder, content in (("EmoEvaluation", evaluated), ("transcriptions", transcript)):
        path = release / f"Session{session}" / "dialog" / folder / f"{dialogue}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Two sessions of the five, one dialogue each, with what the real files hold besides."""
    folder = tmp_path / "IEMOCAP_full_release"
    write(
        folder,
        1,
        "Ses01F_impro09",
        evaluation(
            ("Ses01F_impro09_M000", 4.5, 6.0, "fru"),
            ("Ses01F_impro09_F000", 1.25, 4.0, "neu"),
            ("Ses01F_impro09_F001", 6.5, 7.0, "xxx"),
            ("Ses01F_impro09_M001", 8.0, 9.0, "exc"),
            ("Ses01F_impro09_F002", 8.0, 8.5, "hap"),
        ),
        "Ses01F_impro09_F000 [001.2500-004.0000]: Did you feed the geese?\n"
        "Ses01F_impro09_M000 [004.5000-006.0000]: Twice: at noon, and at six.\n"
        "M: [LAUGHTER]\n"
        "Ses01F_impro09_MXX0 [006.1000-006.4000]: Mm.\n"
        "Ses01F_impro09_F001 [006.5000-007.0000]: Fine.\n"
        "Ses01F_impro09_M001 [008.0000-009.0000]: They won!\n",
    )
    write(
        folder,
        5,
        "Ses05M_script01_1b",
        evaluation(
            ("Ses05M_script01_1b_F003", 3.0, 4.0, "ang"),
            ("Ses05M_script01_1b_M003", 5.0, 6.0, "sad"),
        ),
        "Ses05M_script01_1b_F003 [003.0000-004.0000]: Out.\n"
        "Ses05M_script01_1b_M003 [005.0000-006.0000]: All right.\n",
    )
    evaluations = folder / "Session1" / "dialog" / "EmoEvaluation"
    (evaluations / "._Ses01F_impro09.txt").write_bytes(b"\x00\x05\x16\x07\x00Mac OS X")
    (evaluations / "Categorical").mkdir()
    (evaluations / "Categorical" / "Ses01F_impro09_e2_cat.txt").write_text("Ses01F_impro09_F000 :Neutral; ()")
    return folder


def records(table: CorpusTable, split: str) -> list[dict]:
    return pq.read_table(table.folder / f"{split}.parquet").to_pylist()


def test_utterances_come_in_the_order_of_speaking(release: Path, tmp_path: Path) -> None:
    rows = records(import_iemocap(release, tmp_path / "out"), "train")
    assert [row["utterance_id"].removeprefix("Ses01F_impro09_") for row in rows] == [
        "F000",
        "M000",
        "M001",  # starts with F002: the release's own order decides
        "F002",
    ]
    assert [row["turn"] for row in rows] == [0, 1, 2, 3]
    assert rows[1] == {
        "conversation_id": "Ses01F_impro09",
        "utterance_id": "Ses01F_impro09_M000",
        "turn": 1,
        "speaker": "Ses01_M",
        "text": "Twice: at noon, and at six.",
        "start": 4.5,
        "end": 6.0,
        "emotion": "frustrated",
        "valence": 2.5,
        "arousal": 3.0,
        "dominance": 3.5,
    }
    assert [row["emotion"] for row in rows] == ["neutral", "frustrated", "excited", "happy"]
    assert rows[3]["text"] is None


def test_session_five_is_the_test_split(release: Path, tmp_path: Path) -> None:
    table = import_iemocap(release, tmp_path / "out")
    assert list(table.manifest.splits) == ["train", "test"]
    assert [row["speaker"] for row in records(table, "test")] == ["Ses05_F", "Ses05_M"]
    assert [row["emotion"] for row in records(table, "test")] == ["angry", "sad"]
    assert table.manifest.labels.name == "iemocap6"
    assert "not to be passed on" in table.manifest.licence


def test_what_is_left_out_is_counted(release: Path, tmp_path: Path) -> None:
    notes = import_iemocap(release, tmp_path / "out").manifest.notes
    assert "1 utterances left out with the label xxx, no agreement" in notes
    assert "1 transcript lines have no utterance id and time" in notes
    assert "1 transcript lines belong to no evaluated utterance" in notes
    assert "1 utterances have no text" in notes
    assert "1 session is missing: Session3" in notes


def test_the_release_is_found_below_the_folder(release: Path, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    release.rename(tmp_path / "data" / release.name)
    assert import_iemocap(tmp_path, tmp_path / "out").manifest.splits["train"].rows == 4


@pytest.mark.parametrize("source", ["nothing", "gone"])
def test_no_release_there(tmp_path: Path, source: str) -> None:
    (tmp_path / "nothing").mkdir()
    with pytest.raises(InputError, match=r"EmoEvaluation|no such folder"):
        import_iemocap(tmp_path / source, tmp_path / "out")


def test_session_five_alone_is_not_enough(tmp_path: Path) -> None:
    write(tmp_path / "r", 5, "Ses05F_impro01", evaluation(("Ses05F_impro01_F000", 1, 2, "neu")), "")
    with pytest.raises(InputError, match="sessions 1 to 4"):
        import_iemocap(tmp_path / "r", tmp_path / "out")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("[1.0 - 2.0]\tSes01F_impro01_F000\tzzz\t[2.5, 2.5, 2.5]", "unknown label 'zzz'"),
        ("[1.0 - 2.0]\tSes01F_impro01_F000\tneu", "is not"),
        ("[one - 2.0]\tSes01F_impro01_F000\tneu\t[2.5, 2.5, 2.5]", "is not"),
        ("[1.0 - 2.0]\tF000\tneu\t[2.5, 2.5, 2.5]", "does not name its speaker"),
    ],
)
def test_a_wrong_line_is_named_with_its_file(tmp_path: Path, line: str, words: str) -> None:
    write(tmp_path / "r", 2, "Ses02F_impro01", HEADER + line + "\n", "")
    with pytest.raises(InputError, match=words) as caught:
        import_iemocap(tmp_path / "r", tmp_path / "out")
    assert "Ses02F_impro01.txt" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an_utterance_that_stands_twice(tmp_path: Path) -> None:
    twice = ("Ses01F_impro01_F000", 1.0, 2.0, "neu")
    write(tmp_path / "r", 1, "Ses01F_impro01", evaluation(twice, twice), "")
    with pytest.raises(InputError, match=r"line 7: the utterance .* stands twice"):
        import_iemocap(tmp_path / "r", tmp_path / "out")


def test_a_missing_transcript(release: Path, tmp_path: Path) -> None:
    (release / "Session1" / "dialog" / "transcriptions" / "Ses01F_impro09.txt").unlink()
    with pytest.raises(InputError, match="the transcript is missing"):
        import_iemocap(release, tmp_path / "out")


def test_other_line_ends_and_encodings(release: Path, tmp_path: Path) -> None:
    path = release / "Session5" / "dialog" / "transcriptions" / "Ses05M_script01_1b.txt"
    path.write_bytes(
        b"Ses05M_script01_1b_F003 [003.0000-004.0000]: I\x92m out.\r\n"
        b"Ses05M_script01_1b_M003 [005.0000-006.0000]: All right.\r\n"
        b"Ses05M_script01_1b_M003 [005.0000-006.0000]: Once more.\r\n"
    )
    table = import_iemocap(release, tmp_path / "out")
    assert [row["text"] for row in records(table, "test")] == ["I’m out.", "All right."]
    assert "1 transcript lines repeat an utterance id (the first counts)" in table.manifest.notes
