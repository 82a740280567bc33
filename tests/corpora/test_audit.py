"""The audit finds every defect that is planted, and calls nothing an error that is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from community_pickles import community, whole_meld, write
from crossgate.corpora.audit import audit
from crossgate.corpora.audit.report import MAX_EXAMPLES, AuditReport, Finding
from crossgate.corpora.audit.vectors import local_id
from crossgate.corpora.known import KNOWN_IEMOCAP, KNOWN_MELD
from crossgate.errors import InputError

REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
SPLITS = {"train": 30, "validation": 10, "test": 12}
LABELS = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")
Rows = list[dict[str, Any]]
Plant = Callable[[dict[str, Rows]], None]


def clean_rows(seed: int = 0) -> dict[str, Rows]:
    """A sound corpus as rows: text_toy and audio_toy of 6 and 4 numbers, conversations of five turns."""
    random = np.random.default_rng(seed)
    content: dict[str, Rows] = {}
    for split, conversations in SPLITS.items():
        content[split] = [
            {
                "conversation_id": f"{split}_dia{number}",
                "utterance_id": f"{split}_dia{number}_utt{turn}",
                "turn": turn,
                "speaker": f"{split} {number} {turn % 2}",
                "text": f"in {split} of {number} they say {turn}",
                "emotion": LABELS[(number + turn) % 7],
                "text_toy": random.normal(size=6).tolist(),
                "audio_toy": random.normal(size=4).tolist(),
            }
            for number in range(conversations)
            for turn in range(5)
        ]
    return content


def write_rows(folder: Path, content: dict[str, Rows]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in content.items():
        columns = {key: [row.get(key) for row in rows] for key in rows[0]}
        pq.write_table(pa.table(columns), folder / f"{name}.parquet")
    return folder


def found(report: AuditReport, check: str, where: str = "") -> Finding:
    findings = [one for one in report.findings if one.check == check and where in one.where]
    assert findings, f"{check} in {where!r} is not among {[(f.check, f.where) for f in report.findings]}"
    return findings[0]


# --- the plants: each returns the check and the place that must show it, its severity and its count


def copied_across(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for k in range(3):
        rows["test"][5 * k]["audio_toy"] = rows["train"][7 * k + 1]["audio_toy"]
    return "duplicate-across-splits", "test, audio_toy", "error", 3


def copied_within(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["train"][3]["audio_toy"] = rows["train"][44]["audio_toy"]
    return "duplicate-vectors", "train, audio_toy", "warning", 2


def copied_by_local_id(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for k in (1, 6, 8, 20):
        rows["validation"][k]["audio_toy"] = rows["train"][k]["audio_toy"]
    return "same-local-id", "validation, audio_toy", "error", 4


def other_words_same_vector(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["test"][2]["text_toy"] = rows["train"][9]["text_toy"]
    return "duplicate-across-splits", "test, text_toy", "error", 1


def zeros(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for k in (4, 5):
        rows["validation"][k]["text_toy"] = [0.0, -0.0, 0.0, 0.0, 0.0, 0.0]
    return "zero-rows", "validation, text_toy", "warning", 2


def constants(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["test"][1]["audio_toy"] = [0.25] * 4
    return "constant-rows", "test, audio_toy", "warning", 1


def dead_dimensions(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for split in rows.values():
        for row in split:
            row["audio_toy"] = [1.5, 2.5, 3.5, row["audio_toy"][3]]
    return "constant-columns", "audio_toy", "warning", 3


def one_dead_dimension(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for split in rows.values():
        for row in split:
            row["audio_toy"] = [7.0, *row["audio_toy"][1:]]
    return "constant-columns", "audio_toy", "info", 1


def not_a_number(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["train"][11]["audio_toy"] = [1.0, float("nan"), 2.0, 3.0]
    return "nan-values", "train, audio_toy", "warning", 1


def infinite(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["train"][10]["audio_toy"] = [1.0, float("-inf"), 2.0, 3.0]
    return "infinite-values", "train, audio_toy", "error", 1


def missing(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["train"][0]["audio_toy"] = None
    rows["train"][1]["audio_toy"] = [float("nan")] * 4
    return "missing-rows", "train, audio_toy", "info", 2


def empty_column(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for row in rows["test"]:
        row["audio_toy"] = None
    return "missing-rows", "test, audio_toy", "warning", 60


def no_column(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for row in rows["validation"]:
        del row["audio_toy"]
    return "missing-column", "audio_toy", "warning", 1


def no_labels(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for row in rows["test"]:
        row["emotion"] = None
    return "unlabelled", "test", "info", 60


def absent_label(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for row in rows["validation"]:
        row["emotion"] = "joy" if row["emotion"] == "fear" else row["emotion"]
    return "absent-labels", "validation", "warning", 1


def same_conversation(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for row in rows["train"][:5]:
        row = {**row, "utterance_id": f"again_{row['utterance_id']}"}
        rows["test"].append({**row, "audio_toy": [row["turn"], 8.0, 7.0, 6.0], "text_toy": None})
    return "shared-conversations", "train and test", "error", 1


def same_speakers(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for split in rows.values():
        split[0]["speaker"] = "Rachel"
    return "shared-speakers", "test", "info", 1


def same_texts(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["test"][3]["text"] = "  IN train of  0 they say 0"
    rows["test"][4]["text"] = rows["train"][0]["text"]
    rows["test"][5]["text"] = rows["train"][5]["text"] = "oh no"
    return "shared-texts", "test", "info", 2


def lonely(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    del rows["train"][1:5]
    return "one-utterance", "train", "info", 1


def long_conversation(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for turn, row in enumerate(rows["train"][:15]):
        row.update(conversation_id="train_dia0", turn=turn)
    return "longest-conversation", "train", "info", 15


def bad_order(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["test"].append(rows["test"].pop(0))
    return "refused", "test.parquet", "error", 1


def repeated_id(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["train"][3]["utterance_id"] = rows["train"][2]["utterance_id"]
    return "refused", "train.parquet", "error", 1


def uneven_vectors(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    rows["validation"][3]["audio_toy"] = [1.0]
    return "refused", "validation.parquet", "error", 1


def no_speakers(rows: dict[str, Rows]) -> tuple[str, str, str, int]:
    for row in rows["train"]:
        del row["speaker"]
    return "refused", "train.parquet", "error", 1


PLANTS = [
    copied_across,
    copied_within,
    copied_by_local_id,
    other_words_same_vector,
    zeros,
    constants,
    dead_dimensions,
    one_dead_dimension,
    not_a_number,
    infinite,
    missing,
    empty_column,
    no_column,
    no_labels,
    absent_label,
    same_conversation,
    same_speakers,
    same_texts,
    lonely,
    long_conversation,
    bad_order,
    repeated_id,
    uneven_vectors,
    no_speakers,
]


def test_a_clean_table_has_no_errors_and_no_warnings(tmp_path: Path) -> None:
    report = audit(write_rows(tmp_path / "toy", clean_rows()))
    assert not report.of("error")
    assert not report.of("warning")
    assert [split.rows for split in report.splits] == [150, 50, 60]


def test_a_written_table_has_no_errors(tmp_path: Path, make_table: Any) -> None:
    table = make_table(tmp_path, conversations=30)
    report = audit(table.folder)
    assert not report.of("error")
    assert report.notes == table.manifest.notes
    assert report.features == {"text_toy": 6, "audio_toy": 5, "visual_toy": 4}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_defect_is_found(tmp_path: Path, plant: Plant) -> None:
    rows = clean_rows()
    check, where, severity, count = plant(rows)  # type: ignore[misc]
    finding = found(audit(write_rows(tmp_path / "toy", rows)), check, where)
    assert finding.severity == severity
    assert finding.count == count
    assert len(finding.examples) <= MAX_EXAMPLES


def test_all_planted_defects_are_found_together(tmp_path: Path) -> None:
    rows = clean_rows()
    together: list[Any] = [copied_across, copied_within, copied_by_local_id, zeros, constants, infinite]
    together += [not_a_number, missing, no_labels, absent_label, same_speakers, same_texts, bad_order]
    together += [repeated_id, same_conversation]
    expected = [plant(rows)[:2] for plant in together]
    report = audit(write_rows(tmp_path / "toy", rows))
    for check, where in expected:
        found(report, check, where)
    severities = [finding.severity for finding in report.findings]
    assert severities == sorted(severities, key=["error", "warning", "info"].index)


def test_examples_name_both_rows(tmp_path: Path) -> None:
    rows = clean_rows()
    rows["test"][0]["audio_toy"] = rows["train"][1]["audio_toy"]
    report = audit(write_rows(tmp_path / "toy", rows))
    assert found(report, "duplicate-across-splits").examples == ("test_dia0_utt0 = train_dia0_utt1",)


def test_the_same_words_may_have_the_same_text_vector(tmp_path: Path) -> None:
    rows = clean_rows()
    for row, text in (
        (rows["test"][0], "Oh no!"),
        (rows["train"][7], "oh, no"),
        (rows["train"][20], "OH NO"),
    ):
        row.update(text=text, text_toy=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    report = audit(write_rows(tmp_path / "toy", rows))
    assert not report.of("error")
    assert not report.of("warning")


def test_a_vector_shared_by_thousands_takes_no_time(tmp_path: Path) -> None:
    """Pairs would be a hundred million; each row is compared with one other."""
    rows = [
        {
            "conversation_id": f"c{number}",
            "utterance_id": f"u{number}",
            "turn": 0,
            "speaker": "A",
            "emotion": "joy",
            "audio_toy": [1.0, 2.0],
        }
        for number in range(10_000)
    ]
    report = audit(write_rows(tmp_path / "toy", {"train": rows}))
    assert found(report, "duplicate-vectors").count == 10_000


def test_few_copies_among_many_are_a_warning(tmp_path: Path) -> None:
    rows = clean_rows()
    random = np.random.default_rng(1)
    for number in range(12, 60):
        for turn in range(5):
            row = {**rows["test"][turn], "conversation_id": f"test_dia{number}", "turn": turn}
            row |= {"utterance_id": f"test_dia{number}_utt{turn}", "text": f"{number} {turn}"}
            row |= {key: random.normal(size=len(row[key])).tolist() for key in ("text_toy", "audio_toy")}
            rows["test"].append(row)
    rows["test"][7]["audio_toy"] = rows["train"][100]["audio_toy"]
    report = audit(write_rows(tmp_path / "toy", rows))
    assert found(report, "duplicate-across-splits").severity == "warning"


@pytest.mark.parametrize(
    ("utterance", "local"),
    [
        ("test_dia3_utt1", "dia3_utt1"),
        ("validation_dia3_utt1", "dia3_utt1"),
        ("dev/dia3", "dia3"),
        ("dia3_utt1", "dia3_utt1"),
        ("tester_1", "tester_1"),
    ],
)
def test_local_ids(utterance: str, local: str) -> None:
    assert local_id(utterance) == local


def labelled(counts: dict[str, int], split: str = "train") -> Rows:
    emotions = [name for name, count in counts.items() for _ in range(count)]
    return [
        {
            "conversation_id": f"{split}_{row // 10}",
            "utterance_id": f"{split}_{row}",
            "turn": row % 10,
            "speaker": "A",
            "emotion": emotion,
        }
        for row, emotion in enumerate(emotions)
    ]


@pytest.mark.parametrize("known", [KNOWN_MELD, KNOWN_IEMOCAP], ids=lambda known: known.name)
def test_counts_as_known_are_no_finding(tmp_path: Path, known: Any) -> None:
    report = audit(write_rows(tmp_path / "any name", {"train": labelled(known.counts["train"])}))
    assert report.corpus == known.name
    assert not {"label-order", "label-counts", "unknown-labels"} & {f.check for f in report.findings}


@pytest.mark.parametrize("known", [KNOWN_MELD, KNOWN_IEMOCAP], ids=lambda known: known.name)
def test_exchanged_labels_are_an_error(tmp_path: Path, known: Any) -> None:
    counts = dict(known.counts["train"])
    first, second, third = list(counts)[1:4]
    counts[first], counts[second], counts[third] = counts[third], counts[first], counts[second]
    finding = found(audit(write_rows(tmp_path / "any", {"train": labelled(counts)})), "label-order", "train")
    assert finding.severity == "error"
    assert f"{first} has the count of {third}" in finding.what


def test_other_counts_and_sizes_are_a_warning(tmp_path: Path) -> None:
    counts = {**KNOWN_MELD.counts["train"], "joy": 1700}
    report = audit(write_rows(tmp_path / "meld", {"train": labelled(counts)}))
    assert "joy 1700 (known: 1743)" in found(report, "label-counts", "train").what
    assert "known: 9,989" in found(report, "split-size", "train").what
    assert found(report, "split-size", "validation").severity == "info"


@pytest.mark.parametrize("name", ["meld", "another name"])
def test_unknown_labels_are_an_error(tmp_path: Path, name: str) -> None:
    counts = {**KNOWN_MELD.counts["train"], "neutral": 4708, "bliss": 2}
    report = audit(write_rows(tmp_path / name, {"train": labelled(counts)}))
    finding = found(report, "unknown-labels", "train")
    assert (finding.severity, finding.count) == ("error", 2)
    assert "'bliss' (2)" in finding.what


def test_numbered_speakers_are_no_people(tmp_path: Path) -> None:
    rows = clean_rows()
    for split in rows.values():
        for row in split:
            row["speaker"] = f"speaker{row['turn'] % 2}"
    assert "cannot be told" in found(audit(write_rows(tmp_path / "toy", rows)), "shared-speakers").what


# --- tables the reader refuses


def test_a_changed_file_is_a_finding_and_the_rest_is_audited(tmp_path: Path, make_table: Any) -> None:
    folder = make_table(tmp_path).folder
    content = pq.read_table(folder / "train.parquet")
    pq.write_table(content.slice(0, 10), folder / "train.parquet")
    report = audit(folder)
    assert "SHA-256" in found(report, "refused", "train.parquet").what
    assert {split.name for split in report.splits} == {"train", "validation", "test"}
    assert report.splits[0].rows == 10


def test_a_cut_file_is_a_finding_and_the_rest_is_audited(tmp_path: Path, make_table: Any) -> None:
    folder = make_table(tmp_path).folder
    path = folder / "validation.parquet"
    path.write_bytes(path.read_bytes()[:-30])
    report = audit(folder)
    found(report, "refused", "validation.parquet")
    assert [split.name for split in report.splits] == ["train", "test"]


def test_a_lost_file_is_a_finding(tmp_path: Path, make_table: Any) -> None:
    folder = make_table(tmp_path).folder
    (folder / "test.parquet").unlink()
    report = audit(folder)
    assert "not there" in found(report, "refused", "test.parquet").what
    assert [split.name for split in report.splits] == ["train", "validation"]


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": "other"}'])
def test_a_broken_manifest_is_a_finding(tmp_path: Path, make_table: Any, text: str) -> None:
    folder = make_table(tmp_path).folder
    (folder / "manifest.json").write_text(text, encoding="utf-8")
    report = audit(folder)
    found(report, "refused", "manifest.json")
    assert len(report.splits) == 3


def test_a_file_the_manifest_does_not_name_is_a_finding(tmp_path: Path, make_table: Any) -> None:
    folder = make_table(tmp_path).folder
    (folder / "extra.parquet").write_bytes((folder / "train.parquet").read_bytes())
    report = audit(folder)
    assert "extra.parquet" in found(report, "unnamed-file").what
    found(report, "shared-conversations", "train and extra")


def test_files_that_are_no_conversations_are_a_finding(tmp_path: Path) -> None:
    rows = [{"words": "good day to you", "audio_toy": [float(row), 1.0]} for row in range(5)]
    report = audit(write_rows(tmp_path / "toy", {"train": rows, "test": rows[2:]}))
    assert "conversation_id" in found(report, "refused", "train.parquet").what
    assert found(report, "duplicate-across-splits", "test, audio_toy").count == 3
    assert not {"shared-conversations", "one-utterance", "shared-speakers"} & {
        f.check for f in report.findings
    }


def test_unreadable_paths_are_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "train.parquet").write_bytes(b"PAR1")
    for path in ("absent", "empty", "train.parquet"):
        with pytest.raises(InputError, match=path):
            audit(tmp_path / path)


# --- pickles


@pytest.mark.parametrize("layout", ["roberta", "one"])
@pytest.mark.parametrize("corpus", ["meld", "iemocap"])
def test_a_sound_pickle_has_no_errors(tmp_path: Path, corpus: str, layout: str) -> None:
    report = audit(write(tmp_path / "features.pkl", community(corpus, layout)))
    assert not report.of("error")
    assert report.corpus == corpus
    assert report.notes[0].startswith("detected")


def test_the_known_defects_of_the_meld_pickle_are_found(tmp_path: Path) -> None:
    """As published: zero vectors in train, and test vectors equal to train's at the same local id."""
    elements = whole_meld()
    visual = elements[8]
    test = sorted(elements[-2])
    for number, key in enumerate(test[:100]):
        if number != 60:  # dialogue 60 is not in train
            shared = min(len(visual[key]), len(visual[number]))
            visual[key][:shared] = visual[number][:shared]
    visual[200][:] = 0
    report = audit(write(tmp_path / "features.pkl", elements, 4))
    assert found(report, "same-local-id", "test, visual").severity == "error"
    assert found(report, "zero-rows", "train, visual").count == len(visual[200])
    assert not [f for f in report.findings if "audio" in f.where and f.severity == "error"]


def test_a_pickle_with_a_dialogue_in_both_lists(tmp_path: Path) -> None:
    elements = community("iemocap", "one")
    elements[-2].add("Ses05F_impro01")
    report = audit(write(tmp_path / "features.pkl", elements))
    assert found(report, "shared-conversations").examples == ("Ses05F_impro01",)


def test_a_hostile_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "features.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    with pytest.raises(InputError, match=r"os\.system"):
        audit(tmp_path / "features.pkl")


# --- the report


def test_the_report_as_json_and_on_the_terminal(tmp_path: Path) -> None:
    rows = clean_rows()
    copied_across(rows)
    rows["train"][0]["text"] = "[red]not markup[/red] and so on"
    rows["test"][0]["text"] = rows["train"][0]["text"]
    report = audit(write_rows(tmp_path / "toy [a]", rows))
    content = json.loads(json.dumps(report.to_json()))
    assert content["summary"]["error"] == 1
    assert content["findings"][0]["check"] == "duplicate-across-splits"
    assert content["splits"][0]["emotions"]["joy"] > 0
    for width in (60, 200):
        text = StringIO()
        report.print(Console(file=text, width=width))
        for words in ("toy [a]", "error duplicate-across-splits", "[red]not markup[/red]", "1 error, "):
            assert words in text.getvalue().replace("\n", " ") or width == 60
        assert "joy" in text.getvalue()


def test_an_empty_report_prints(tmp_path: Path) -> None:
    report = audit(write_rows(tmp_path / "toy", clean_rows()))
    text = StringIO()
    replace(report, findings=(), splits=(), features={}).print(Console(file=text))
    assert "0 errors, 0 warnings, 0 infos" in text.getvalue()


@pytest.mark.real
@pytest.mark.parametrize("corpus", ["meld", "iemocap"])
def test_the_real_corpora_have_the_known_sizes(corpus: str) -> None:
    folder = REAL / corpus
    if not folder.is_dir():
        pytest.skip(f"the real corpora are not at {REAL}")
    report = audit(folder)
    assert report.corpus == corpus
    assert not report.of("error")
    assert not {"label-order", "label-counts", "split-size"} & {
        finding.check for finding in report.findings if finding.severity != "info"
    }
    if corpus == "meld":  # the two clips that are known to be broken
        broken = {
            row for finding in report.findings if finding.check == "missing-rows" for row in finding.examples
        }
        assert broken == {"train_dia125_utt3", "validation_dia110_utt7"}
