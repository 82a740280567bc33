"""The IEMOCAP release -> a corpus table with the field's six emotions.

Busso et al., "IEMOCAP: interactive emotional dyadic motion capture database", Language Resources and
Evaluation 42, 2008. The corpus is licensed by USC to each user: import your own copy, pass nothing on.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from crossgate.corpora.manifest import Manifest
from crossgate.corpora.rows import ROW_SCHEMA
from crossgate.corpora.table import CorpusTable, Release, write_table
from crossgate.emotions import IEMOCAP
from crossgate.errors import InputError

EMOTIONS = {
    "hap": "happy",
    "sad": "sad",
    "neu": "neutral",
    "ang": "angry",
    "exc": "excited",
    "fru": "frustrated",
}

DROPPED = {
    "xxx": "no agreement",
    "sur": "surprise",
    "fea": "fear",
    "dis": "disgust",
    "oth": "other",
}
"""Labels the six-class task leaves out, with their utterances, as the published feature files do."""

SESSIONS = {"train": (1, 2, 3, 4), "test": (5,)}

SCHEMA = pa.schema([*ROW_SCHEMA, *((name, pa.float64()) for name in ("valence", "arousal", "dominance"))])

_NUMBER = r"(\d+(?:\.\d+)?)"
_EVALUATION = re.compile(
    rf"\[{_NUMBER} - {_NUMBER}\]\s+(\S+)\s+(\S+)\s+\[{_NUMBER},\s*{_NUMBER},\s*{_NUMBER}\]\s*"
)
_TRANSCRIPT = re.compile(rf"(\S+) +\[{_NUMBER}-{_NUMBER}\]: ?(.*)")
_UTTERANCE = re.compile(r"(Ses\d\d)[FM]_.+_([FM])(?:\d|X)+[a-z]?")


@dataclass(frozen=True)
class _Evaluated:
    """One evaluated utterance; times in seconds, the three scales from 1 to 5."""

    id: str
    code: str
    start: float
    end: float
    scales: tuple[float, float, float]


def import_iemocap(source: Path, out: Path) -> CorpusTable:
    """Write IEMOCAP as a corpus table to the folder `out`, which does not exist yet, and open it.

    Raises InputError as `read_iemocap` does, and where `out` exists.
    """
    _, manifest, contents = read_iemocap(source)
    return write_table(Path(out), manifest, contents)


def read_iemocap(source: Path) -> Release:
    """IEMOCAP's annotations with the six emotions.

    Sessions 1 to 4 become the split `train`, session 5 `test`; there is no validation split (leave one
    session out instead). Utterances with another label than the six are left out and counted in the notes.

    Args:
        source: the folder of the release, with `Session1` to `Session5`, or one that holds it.

    Raises:
        InputError: where sessions 1 to 4 are all missing, or a file is not as the release has it (with file
            and line).
    """
    release = _release(Path(source))
    oddities: Counter[str] = Counter()
    contents = {}
    for split, sessions in SESSIONS.items():
        rows: list[dict[str, object]] = []
        for session in sessions:
            folder = release / f"Session{session}" / "dialog"
            if not (folder / "EmoEvaluation").is_dir():
                oddities[f"session is missing: Session{session}"] += 1
                continue
            for path in _texts(folder / "EmoEvaluation"):
                rows += _dialogue(path, folder / "transcriptions" / path.name, oddities)
        if rows:
            contents[split] = pa.Table.from_pylist(rows, schema=SCHEMA)
    if "train" not in contents:
        raise InputError("sessions 1 to 4 hold no utterance with one of the six emotions", where=str(release))
    manifest = Manifest(
        name="iemocap",
        labels=IEMOCAP,
        features=(),
        splits={},
        licence="USC's IEMOCAP licence: research use by the licensee, not to be passed on",
        source="IEMOCAP full release (Busso et al., 2008), dialog/EmoEvaluation and dialog/transcriptions",
        notes=tuple(f"{count} {oddity}" for oddity, count in sorted((+oddities).items())),
    )
    return Release(release, manifest, contents)


def _release(source: Path) -> Path:
    """The folder with the sessions: `source`, or one at most two levels below."""
    if not source.is_dir():
        raise InputError("no such folder", where=str(source))
    for pattern in (".", "*", "*/*"):
        for folder in sorted(source.glob(pattern)) if pattern != "." else [source]:
            if any((folder / f"Session{n}" / "dialog" / "EmoEvaluation").is_dir() for n in range(1, 6)):
                return folder
    raise InputError(
        "no Session1/dialog/EmoEvaluation in this folder or two levels below it",
        where=str(source),
        fix="name the folder IEMOCAP_full_release",
    )


def _texts(folder: Path) -> list[Path]:
    """Text files of a folder; those named `._...` are what macOS left in the archive."""
    return sorted(path for path in folder.glob("*.txt") if not path.name.startswith("._"))


def _dialogue(evaluation: Path, transcript: Path, oddities: Counter[str]) -> list[dict[str, object]]:
    """Rows of one dialogue in the order of speaking."""
    texts = _transcript(transcript, oddities)
    kept = []
    evaluated = _evaluation(evaluation)
    for utterance in evaluated:
        if utterance.code in DROPPED:
            label = f"{utterance.code}, {DROPPED[utterance.code]}"
            oddities[f"utterances left out with the label {label}"] += 1
        else:
            kept.append(utterance)
    known = {utterance.id for utterance in evaluated}
    oddities["transcript lines belong to no evaluated utterance"] += len(texts.keys() - known)
    kept.sort(key=lambda utterance: utterance.start)  # stable: equal times keep the release's order
    rows: list[dict[str, object]] = []
    for turn, utterance in enumerate(kept):
        name = _UTTERANCE.fullmatch(utterance.id)
        if name is None:
            raise InputError(
                f"{utterance.id!r} does not name its speaker as Ses01F_impro01_F000 does",
                where=str(evaluation),
            )
        text = texts.get(utterance.id)
        if not text:
            oddities["utterances have no text"] += 1
        if utterance.end < utterance.start:
            oddities["utterances end before they start (times kept as published)"] += 1
        valence, arousal, dominance = utterance.scales
        rows.append(
            {
                "conversation_id": evaluation.stem,
                "utterance_id": utterance.id,
                "turn": turn,
                "speaker": f"{name[1]}_{name[2]}",
                "text": text or None,
                "start": utterance.start,
                "end": utterance.end,
                "emotion": EMOTIONS[utterance.code],
                "valence": valence,
                "arousal": arousal,
                "dominance": dominance,
            }
        )
    return rows


def _evaluation(path: Path) -> list[_Evaluated]:
    """The summary lines, which start with a bracket; each annotator's own lines stand between them."""
    evaluated: dict[str, _Evaluated] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.startswith("["):
            continue
        where = f"{path}, line {number}"
        fields = _EVALUATION.fullmatch(line)
        if fields is None:
            raise InputError(
                f"{line!r} is not [start - end], utterance, label, [valence, activation, dominance]",
                where=where,
            )
        utterance, code = fields[3], fields[4]
        if code not in EMOTIONS and code not in DROPPED:
            raise InputError(
                f"unknown label {code!r}; IEMOCAP has {', '.join((*EMOTIONS, *DROPPED))}", where=where
            )
        if utterance in evaluated:
            raise InputError(f"the utterance {utterance!r} stands twice", where=where)
        scales = (float(fields[5]), float(fields[6]), float(fields[7]))
        evaluated[utterance] = _Evaluated(utterance, code, float(fields[1]), float(fields[2]), scales)
    return list(evaluated.values())


def _transcript(path: Path, oddities: Counter[str]) -> dict[str, str]:
    """Text of each utterance id. Lines of another form, such as `M: [laughs]`, are counted."""
    texts: dict[str, str] = {}
    if not path.is_file():
        raise InputError("the transcript is missing", where=str(path), fix="the release may be incomplete")
    for line in _lines(path):
        fields = _TRANSCRIPT.fullmatch(line)
        if fields is None:
            oddities["transcript lines have no utterance id and time"] += bool(line)
        elif fields[1] in texts:
            oddities["transcript lines repeat an utterance id (the first counts)"] += 1
        else:
            texts[fields[1]] = fields[4].strip()
    return texts


def _lines(path: Path) -> list[str]:
    content = path.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")  # a few curly quotation marks
    return [line.strip() for line in re.split(r"\r\n|\n|\r", text)]
