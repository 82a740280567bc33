"""MELD's official CSV files -> a corpus table, with broken characters repaired and oddities counted.

Poria et al., "MELD: A Multimodal Multi-Party Dataset for Emotion Recognition in Conversations", ACL 2019.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import ftfy
import pyarrow as pa

from crossgate.corpora.manifest import Manifest, sha256_of
from crossgate.corpora.rows import ROW_SCHEMA
from crossgate.corpora.table import CorpusTable, Release, write_table
from crossgate.emotions import MELD
from crossgate.errors import InputError

FILES = {
    "train": "train_sent_emo.csv",
    "validation": "dev_sent_emo.csv",
    "test": "test_sent_emo.csv",
}

COLUMNS = (
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
"""What is read; `Sr No.` is only a running number."""

SENTIMENTS = ("neutral", "positive", "negative")

SCHEMA = pa.schema(
    [
        *ROW_SCHEMA,
        ("text_original", pa.string()),
        ("season", pa.int32()),
        ("episode", pa.int32()),
        ("sentiment", pa.string()),
    ]
)

# Only what makes broken characters whole: quotation marks, ligatures and widths stay as they are written.
REPAIR = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    remove_control_chars=False,
    normalization=None,
)

_TIME = re.compile(r"(\d+):(\d{1,2}):(\d{1,2})(?:[,.](\d{1,6}))?")

Row = dict[str, str | int | float | None]


def import_meld(source: Path, out: Path) -> CorpusTable:
    """Write MELD as a corpus table to the folder `out`, which does not exist yet, and open it.

    Raises InputError as `read_meld` does, and where `out` exists.
    """
    _, manifest, contents = read_meld(source)
    return write_table(Path(out), manifest, contents)


def read_meld(source: Path) -> Release:
    """MELD's annotations, every split that is there.

    Args:
        source: a folder that holds the three CSV files, or has them anywhere below it. `dev` and `test` may
            be absent; the manifest's notes say so.

    Raises:
        InputError: where the training file is missing, or a file is not as MELD writes it (with file and
            line).
    """
    paths = {split: path for split, name in FILES.items() if (path := _find(Path(source), name)) is not None}
    if "train" not in paths:
        raise InputError(
            f"no {FILES['train']} in this folder or below it",
            where=str(source),
            fix="name the folder of MELD's annotation files, for example MELD.Raw or MELD/data/MELD",
        )
    notes = [f"no {split} split: {name} was not there" for split, name in FILES.items() if split not in paths]
    contents = {}
    for split, path in paths.items():
        rows, oddities = _rows(split, path)
        contents[split] = pa.Table.from_pylist(rows, schema=SCHEMA)
        notes += [f"{split}: {count} {oddity}" for oddity, count in oddities.items()]
    files = ", ".join(f"{path.name} (SHA-256 {sha256_of(path)})" for path in paths.values())
    manifest = Manifest(
        name="meld",
        labels=MELD,
        features=(),
        splits={},
        licence="GPL-3.0 for the annotations; the recordings belong to their owners",
        source=f"MELD (Poria et al., ACL 2019), {files}",
        notes=tuple(notes),
    )
    return Release(Path(source), manifest, contents)


def _find(source: Path, name: str) -> Path | None:
    """The file of this name in a folder or below it; several are accepted only as copies of one another."""
    if not source.is_dir():
        raise InputError("no such folder", where=str(source))
    found = sorted(source.rglob(name), key=lambda path: (len(path.parts), path))
    if len({sha256_of(path) for path in found}) > 1:
        raise InputError(
            f"holds different files named {name}: {', '.join(str(path) for path in found)}",
            where=str(source),
            fix="name the folder of the one that is meant",
        )
    return found[0] if found else None


def _rows(split: str, path: Path) -> tuple[list[Row], Counter[str]]:
    """Rows of a split, conversation by conversation, and how often each oddity was met."""
    dialogues: dict[int, dict[int, Row]] = {}
    oddities: Counter[str] = Counter()
    previous: tuple[int, int] | None = None
    for line, cells in _records(path):
        where = f"{path}, line {line}"
        dialogue, utterance = (_whole(cells[name], f"{where}, {name}") for name in COLUMNS[4:6])
        turns = dialogues.setdefault(dialogue, {})
        if utterance in turns:
            raise InputError(f"utterance {utterance} of dialogue {dialogue} stands twice", where=where)
        if previous is not None and turns and (previous[0] != dialogue or previous[1] > utterance):
            oddities["rows stood out of order and were sorted"] += 1
        previous = (dialogue, utterance)
        turns[utterance] = _row(split, dialogue, utterance, cells, where, oddities)
    if not dialogues:
        raise InputError("the file has a header and no rows", where=str(path))
    rows = []
    for turns in dialogues.values():
        ordered = sorted(turns)
        oddities["utterances are missing between others (gaps in Utterance_ID)"] += (
            ordered[-1] - ordered[0] + 1 - len(ordered)
        )
        rows += [turns[utterance] for utterance in ordered]
    return rows, +oddities  # the plus drops what was counted zero times


def _records(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and cells of each row. Raises InputError where the file is not such a CSV file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 (byte {error.start})",
            where=str(path),
            fix="fetch the file again, or save it as UTF-8",
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        missing = [name for name in COLUMNS if name not in names]
        if missing:
            raise InputError(
                f"column {', '.join(missing)} is missing; the file has {', '.join(names) or 'none'}",
                where=str(path),
                fix="take the file as MELD publishes it",
            )
        for cells in reader:
            if None in cells or None in cells.values():
                raise InputError(
                    f"the row has not the {len(names)} cells of the header",
                    where=f"{path}, line {reader.line_num}",
                )
            yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(f"not a CSV file: {error}", where=f"{path}, line {reader.line_num}") from error


def _row(
    split: str, dialogue: int, utterance: int, cells: dict[str, str], where: str, oddities: Counter[str]
) -> Row:
    original = cells["Utterance"]
    text = ftfy.fix_text(original, REPAIR).strip()
    start, end = (_seconds(cells[name], f"{where}, {name}") for name in ("StartTime", "EndTime"))
    emotion = cells["Emotion"].strip().lower() or None
    MELD.index(emotion, where=where)
    sentiment = cells["Sentiment"].strip().lower() or None
    if sentiment is not None and sentiment not in SENTIMENTS:
        raise InputError(
            f"unknown sentiment {sentiment!r}; MELD has {', '.join(SENTIMENTS)}", where=f"{where}, Sentiment"
        )
    speaker = ftfy.fix_text(cells["Speaker"], REPAIR).strip()
    if not speaker:
        raise InputError("the speaker is empty", where=where)
    oddities["texts had broken characters that were repaired (text_original keeps them)"] += (
        text != original.strip()
    )
    oddities["utterances have no text"] += not text
    oddities["utterances have no emotion"] += emotion is None
    if start is not None and end is not None:
        oddities["utterances end before they start (times kept as published)"] += end < start
        oddities["utterances end when they start (times kept as published)"] += end == start
    return {
        "conversation_id": f"{split}_dia{dialogue}",
        "utterance_id": f"{split}_dia{dialogue}_utt{utterance}",
        "turn": utterance,
        "speaker": speaker,
        "text": text or None,
        "text_original": original,
        "season": _whole(cells["Season"], f"{where}, Season"),
        "episode": _whole(cells["Episode"], f"{where}, Episode"),
        "start": start,
        "end": end,
        "emotion": emotion,
        "sentiment": sentiment,
    }


def _whole(cell: str, where: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", cell.strip()):
        raise InputError(f"{cell!r} is not a whole number", where=where)
    return int(cell)


def _seconds(cell: str, where: str) -> float | None:
    """Seconds of a time such as `00:16:16,059` or `0:16:16,059`; None for an empty cell."""
    if not cell.strip():
        return None
    time = _TIME.fullmatch(cell.strip())
    if time is None or int(time[2]) > 59 or int(time[3]) > 59:
        raise InputError(f"{cell!r} is not a time such as 00:16:16,059", where=where)
    whole = int(time[1]) * 3600 + int(time[2]) * 60 + int(time[3])
    return round(whole + float(f"0.{time[4] or 0}"), 6)
