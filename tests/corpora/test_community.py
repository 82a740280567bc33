"""Feature pickles become tables: both layouts, both corpora, and everything that does not fit is refused."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from community_pickles import community, whole_meld, write
from crossgate.cli.main import main
from crossgate.corpora.community import import_community, read_community
from crossgate.corpora.known import KNOWN_CORPORA, KNOWN_MELD
from crossgate.corpora.table import CorpusTable, read_split
from crossgate.errors import InputError

LABELS = 2
AUDIO, VISUAL, SENTENCES, TRAIN, TEST = -5, -4, -3, -2, -1  # places in IEMOCAP's tuple


def imported(folder: Path, elements: list[Any], protocol: int = 2) -> CorpusTable:
    return import_community(write(folder / "features.pkl", elements, protocol), folder / "table")


def refusal(folder: Path, elements: Any) -> str:
    with pytest.raises(InputError) as caught:
        imported(folder, elements)
    assert not (folder / "table").exists()
    return str(caught.value)


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("layout", ["roberta", "one"])
@pytest.mark.parametrize("corpus", ["meld", "iemocap"])
def test_a_pickle_becomes_a_table(tmp_path: Path, corpus: str, layout: str, protocol: int) -> None:
    elements = community(corpus, layout)
    table = imported(tmp_path, elements, protocol)
    texts = {
        ("meld", "roberta"): [f"text_roberta{number}" for number in range(1, 5)],
        ("iemocap", "roberta"): [f"text_roberta{number}" for number in range(1, 5)],
        ("meld", "one"): ["text_textcnn600"],
        ("iemocap", "one"): ["text_textcnn100"],
    }[corpus, layout]
    audio = {"meld": "audio_community300", "iemocap": "audio_is10"}[corpus]
    columns = [*texts, audio, "visual_denseface342"]
    assert [spec.column for spec in table.manifest.features] == columns
    assert table.manifest.labels.name == {"meld": "meld7", "iemocap": "iemocap6"}[corpus]
    assert table.manifest.notes[0].startswith("detected")
    train = table.split("train")
    dialogues = sorted(elements[LABELS].keys() - set(read_split(table, "test").conversations))
    places = {"meld": elements[2 + len(texts) + 3 + 1], "iemocap": elements[TRAIN]}[corpus]
    assert {c.id.removeprefix("dia") for c in train.conversations} == {str(key) for key in places}
    first = dialogues[0]
    assert [u.emotion for u in train.conversations[0].utterances] == [
        table.manifest.labels.labels[number] for number in elements[LABELS][first]
    ]
    size = len(elements[LABELS][first])
    for place, column in enumerate(columns):
        np.testing.assert_array_equal(train.columns[column].values[:size], elements[3 + place][first])
    assert train.conversations[0].utterances[1].text == f"word {first} 1"


def test_speakers_and_ids_are_those_of_the_corpus(tmp_path: Path) -> None:
    (tmp_path / "meld").mkdir()
    iemocap = imported(tmp_path, community("iemocap", "one")).split("train").conversations[0]
    assert [u.speaker for u in iemocap.utterances[:2]] == ["Ses01_M", "Ses01_F"]
    assert iemocap.utterances[0].id == "Ses01F_impro01_F000"
    meld = imported(tmp_path / "meld", community("meld", "one")).split("train").conversations[0]
    assert [u.speaker for u in meld.utterances[:3]] == ["speaker0", "speaker1", "speaker2"]
    assert meld.utterances[0].id == "dia0_row0"


def test_lists_of_numbers_are_read_like_arrays(tmp_path: Path) -> None:
    elements = community("iemocap", "one", sizes=(3, 4, 5))
    for place in (3, 4, 5):
        elements[place] = {key: rows.tolist() for key, rows in elements[place].items()}
    table = imported(tmp_path, elements)
    assert [spec.column for spec in table.manifest.features] == [
        "text_community3",
        "audio_community4",
        "visual_community5",
    ]


def test_zero_vectors_become_missing_and_are_counted(tmp_path: Path) -> None:
    elements = community("iemocap", "one")
    elements[AUDIO]["Ses01F_impro01"][2:4] = 0
    elements[VISUAL]["Ses05F_impro01"][:] = 0
    table = imported(tmp_path, elements)
    assert table.split("train").columns["audio_is10"].present.sum() == 13
    assert table.split("train").columns["visual_denseface342"].present.all()
    assert read_split(table, "test").columns["visual_denseface342"].present.sum() == 3
    notes = " ".join(table.manifest.notes)
    assert "train, audio_is10: 2 of 15 vectors are all zero" in notes
    assert "test, visual_denseface342: 3 of 6 vectors are all zero" in notes


def test_sentences_are_kept_where_they_decode(tmp_path: Path) -> None:
    elements = community("iemocap", "one")
    sentences = elements[SENTENCES]
    sentences["Ses01F_impro01"] = ["plain", "café".encode().decode("latin1"), "café", b"caf\xc3\xa9", 7]
    sentences["Ses01M_script01_1"] = ["too few"]
    del sentences["Ses02F_impro02"]
    train = imported(tmp_path, elements).split("train")
    found = {c.id: [u.text for u in c.utterances] for c in train.conversations}
    assert found["Ses01F_impro01"] == ["plain", "café", "café", "café", None]
    assert found["Ses01M_script01_1"] == found["Ses02F_impro02"] == [None] * 5


def test_meld_in_full_gets_its_validation_split_and_its_own_ids(tmp_path: Path) -> None:
    table = imported(tmp_path, whole_meld(), protocol=4)
    assert {name: split.rows for name, split in table.manifest.splits.items()} == KNOWN_MELD.rows
    ids = {name: [c.id for c in read_split(table, name).conversations] for name in KNOWN_MELD.rows}
    assert ids["train"][59:61] == ["train_dia59", "train_dia61"]
    assert ids["train"][-1] == "train_dia1038"
    assert (ids["validation"][0], ids["validation"][-1]) == ("validation_dia0", "validation_dia113")
    assert (ids["test"][0], ids["test"][-1]) == ("test_dia0", "test_dia279")
    assert any("label order verified" in note for note in table.manifest.notes)
    counts = dict.fromkeys(table.manifest.labels.labels, 0)
    for conversation in table.split("validation").conversations:
        for utterance in conversation.utterances:
            counts[str(utterance.emotion)] += 1
    assert counts == KNOWN_MELD.counts["validation"]


def test_numbering_without_the_gap_gives_the_same_ids(tmp_path: Path) -> None:
    gap, none = (read_community(write(tmp_path / "f.pkl", whole_meld(gap=gap), 4)) for gap in (True, False))
    for name in KNOWN_MELD.rows:
        assert gap.splits[name].conversations == none.splits[name].conversations


def test_a_reordered_label_set_is_put_right(tmp_path: Path) -> None:
    usual = read_community(write(tmp_path / "usual.pkl", whole_meld(), 4))
    other = read_community(write(tmp_path / "other.pkl", whole_meld(order=[4, 6, 3, 2, 5, 1, 0]), 4))
    assert other.splits["train"].emotions == usual.splits["train"].emotions
    assert any("put right" in note for note in other.notes)


def test_without_meld_sizes_there_is_no_validation_split(tmp_path: Path) -> None:
    elements = whole_meld()
    for field in elements:
        if isinstance(field, dict):
            field.pop(3, None)
    elements[-3].remove(3)
    community = read_community(write(tmp_path / "f.pkl", elements, 4))
    assert list(community.splits) == ["train", "test"]
    assert any("no validation split" in note for note in community.notes)
    assert any("deviate" in note for note in community.notes)


@pytest.mark.parametrize("missing", [-1, -100, None, float("nan"), np.float32("nan"), np.int64(-1)])
def test_an_utterance_without_a_label_is_kept_without_one(tmp_path: Path, missing: Any) -> None:
    table = imported(tmp_path, community("iemocap", "one", test={"Ses05F_impro01": [missing, 1, missing]}))
    (conversation,) = read_split(table, "test").conversations
    assert [u.emotion for u in conversation.utterances] == [None, "sad", None]
    assert "test: 2 of 3 utterances have no label" in table.manifest.notes


def test_a_pickle_of_another_corpus_than_named_is_refused(tmp_path: Path) -> None:
    source = write(tmp_path / "f.pkl", community("meld", "one"))
    with pytest.raises(InputError, match="features of meld, not of iemocap"):
        import_community(source, tmp_path / "table", corpus="iemocap")
    assert not (tmp_path / "table").exists()
    assert import_community(source, tmp_path / "table", corpus="meld").manifest.name == "meld-community"


def test_a_dialogue_in_both_lists_is_taken_out_of_training(tmp_path: Path) -> None:
    elements = community("iemocap", "one")
    elements[TRAIN].add("Ses05F_impro01")
    table = imported(tmp_path, elements)
    assert "Ses05F_impro01" not in {c.id for c in table.split("train").conversations}
    assert any("taken out of train" in note for note in table.manifest.notes)


def test_dialogues_in_no_list_are_told(tmp_path: Path) -> None:
    elements = community("iemocap", "one")
    elements[TRAIN].remove("Ses02F_impro02")
    assert any("stand in no list" in note for note in imported(tmp_path, elements).manifest.notes)


@pytest.mark.parametrize("content", [(), (1, 2, 3), ({},) * 14, ({},) * 9])
def test_other_tuples_are_refused_with_what_was_expected(tmp_path: Path, content: tuple[Any, ...]) -> None:
    message = refusal(tmp_path, list(content))
    assert "12 (IEMOCAP) or 13 (MELD)" in message
    assert "9 (IEMOCAP) or 10 (MELD)" in message
    assert "roberta2" in message


def test_text_only_files_are_refused(tmp_path: Path) -> None:
    """COSMIC's files have ten elements too: speakers, labels, four texts, sentences and three lists."""
    whole = community("iemocap", "roberta")
    ids = list(whole[TRAIN])
    cosmic = [whole[1], whole[LABELS], *whole[3:7], whole[SENTENCES], ids, list(whole[TEST]), ids]
    assert "text-only" in refusal(tmp_path, cosmic)


def break_labels(elements: list[Any]) -> None:
    elements[LABELS]["Ses01F_impro01"][3] = 6


def break_label_kind(elements: list[Any]) -> None:
    elements[LABELS]["Ses01F_impro01"][3] = "happy"


def break_speakers(elements: list[Any]) -> None:
    elements[1]["Ses01F_impro01"].pop()


def break_speaker_kind(elements: list[Any]) -> None:
    elements[1] = {key: ["Joey"] * len(own) for key, own in elements[1].items()}


def break_length(elements: list[Any]) -> None:
    elements[AUDIO]["Ses01F_impro01"] = elements[AUDIO]["Ses01F_impro01"][:3]


def break_dimension(elements: list[Any]) -> None:
    elements[AUDIO]["Ses02F_impro02"] = elements[AUDIO]["Ses02F_impro02"][:, :7]


def break_absent(elements: list[Any]) -> None:
    del elements[VISUAL]["Ses02F_impro02"]


def break_ragged(elements: list[Any]) -> None:
    elements[VISUAL]["Ses02F_impro02"] = [[1.0], [1.0, 2.0], [1.0], [1.0], [1.0]]


def break_words(elements: list[Any]) -> None:
    elements[VISUAL]["Ses02F_impro02"] = ["a", "b", "c", "d", "e"]


def break_unlisted(elements: list[Any]) -> None:
    elements[TRAIN].add("Ses09F_impro09")


def break_empty(elements: list[Any]) -> None:
    elements[TRAIN], elements[TEST] = set(), set()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (break_labels, ["Ses01F_impro01", "row 3", "the label is 6", "0 to 5"]),
        (break_label_kind, ["Ses01F_impro01", "'happy'"]),
        (break_speakers, ["Ses01F_impro01", "4 speakers for 5 labels"]),
        (break_speaker_kind, ["Joey", "one-hot of nine"]),
        (break_length, ["videoAudio", "Ses01F_impro01", "3 vectors", "expected 5"]),
        (break_dimension, ["videoAudio", "Ses02F_impro02", "7 numbers"]),
        (break_absent, ["videoVisual", "Ses02F_impro02", "no vectors"]),
        (break_ragged, ["videoVisual", "Ses02F_impro02"]),
        (break_words, ["videoVisual", "Ses02F_impro02", "not vectors of numbers"]),
        (break_unlisted, ["Ses09F_impro09", "no labels"]),
        (break_empty, ["empty"]),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_what_does_not_agree_is_refused_with_its_place(tmp_path: Path, damage: Any, words: list[str]) -> None:
    elements = community("iemocap", "one")
    damage(elements)
    message = refusal(tmp_path, elements)
    assert "features.pkl" in message
    for word in words:
        assert word in message


JUNK = st.sampled_from(
    [
        None,
        3,
        -1.5,
        float("nan"),
        "word",
        b"",
        [],
        [[]],
        {},
        [None] * 5,
        [[1], [2, 3]],
        (0,) * 5,
        [{}] * 5,
        np.ones(5),
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 8), key=st.integers(0, 2), junk=JUNK, whole=st.booleans())
def test_junk_is_refused_or_left_out_but_never_a_crash(
    tmp_path: Path, place: int, key: int, junk: Any, whole: bool
) -> None:
    elements = community("iemocap", "one", sizes=(3, 3, 3))
    if whole:
        elements[place] = junk
    elif isinstance(elements[place], dict):
        elements[place][sorted(elements[place])[key]] = junk
    else:
        elements[place] = [*elements[place], junk]
    with contextlib.suppress(InputError):
        read_community(write(tmp_path / "features.pkl", elements))


def test_the_known_numbers_agree_with_each_other() -> None:
    for known in KNOWN_CORPORA:
        for name, counts in known.counts.items():
            assert sum(counts.values()) == known.rows[name]
            assert tuple(counts) == known.labels.labels
    for name, count in KNOWN_MELD.conversations.items():
        assert len(KNOWN_MELD.dialogue_numbers(name)) == count


def test_the_command_imports_and_says_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "features.pkl", community("meld", "one"))
    out = tmp_path / "table"
    assert main(["import", "community", str(source), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    for words in ("train: 20 utterances", "meld7", "text_textcnn600", "note: detected meld7", "GPL-3.0"):
        assert words in said
    assert main(["import", "community", str(source), "--out", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err
