"""Writes a result into a folder, in whatever formats are asked for; whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from crossgate.errors import InputError
from crossgate.files import new_folder, write_json
from crossgate.report.exports.captions import write_srt, write_vtt
from crossgate.report.exports.csv_table import write_csv
from crossgate.report.exports.elan import write_eaf
from crossgate.report.exports.rttm import write_rttm
from crossgate.report.exports.textgrid import write_textgrid
from crossgate.report.exports.timing import refuse_untimed
from crossgate.report.reading import RESULT_FILE, read_result, result_of
from crossgate.report.result import Result
from crossgate.report.schema import validate

FILES = {
    "json": RESULT_FILE,
    "csv": "turns.csv",
    "parquet": "turns.parquet",
    "vtt": "captions.vtt",
    "srt": "captions.srt",
    "rttm": "speakers.rttm",
    "eaf": "turns.eaf",
    "textgrid": "turns.TextGrid",
    "html": "report.html",
    "png": "timeline.png",
}
"""Format -> name of its file."""

FORMATS = tuple(FILES)

TIMED = ("vtt", "srt", "rttm", "eaf", "textgrid")
"""Formats that are impossible where turns have no times."""


def write_result(
    result: Result,
    folder: Path,
    formats: Sequence[str] = ("json", "html", "png"),
    *,
    media: Path | None = None,
    embed: bool = False,
) -> list[Path]:
    """Write a result into a new folder: `result.json`, always, and the files of the formats asked for.

    Args:
        result: what to write.
        folder: must not exist, or be empty.
        formats: of FORMATS.
        media: the recording, for the page to play; None where there is none.
        embed: whether the page holds the recording, in the place of a link.

    Returns the files, in the order of FORMATS.

    Raises InputError, and writes nothing, for an unknown format, for one that needs times the turns do not
    have, for a result that contradicts itself, and where the folder is not empty.
    """
    return _write(result, folder, ("json", *formats), media, embed)


def export(
    result: Path, formats: Sequence[str], out: Path, *, media: Path | None = None, embed: bool = False
) -> list[Path]:
    """Write other formats of a result that was written before.

    Args:
        result: a `result.json`, or the folder that holds one.
        formats: of FORMATS; only these are written.
        out: folder for them; must not exist, or be empty.
        media: as in `write_result`.
        embed: as in `write_result`.

    Returns the files. Raises InputError as `read_result` and `write_result` do.
    """
    check_formats(formats)  # said before a large file is read
    if not formats:
        raise InputError("no format is asked for", fix=f"name some of {', '.join(FORMATS)}")
    return _write(read_result(result), out, formats, media, embed)


def formats_of(words: str) -> tuple[str, ...]:
    """The formats in words such as `csv,eaf`, with commas or blanks between; InputError for unknown ones."""
    formats = tuple(words.lower().replace(",", " ").split())
    check_formats(formats)
    return formats


def check_formats(formats: Iterable[str]) -> None:
    """Raises InputError where a format is unknown."""
    unknown = [name for name in formats if name not in FILES]
    if unknown:
        raise InputError(
            f"unknown format {', '.join(map(repr, unknown))}", fix=f"choose among {', '.join(FORMATS)}"
        )


def _write(
    result: Result, folder: Path, formats: Sequence[str], media: Path | None, embed: bool
) -> list[Path]:
    check_formats(formats)
    wanted = [name for name in FORMATS if name in formats]
    if any(name in TIMED for name in wanted):
        refuse_untimed(result)
    if media is not None and "html" in wanted and not media.is_file():
        raise InputError("no such recording", where=str(media))
    result, content = _checked(result)
    if {"json", "html"} & set(wanted):
        content |= {"summary": _summary(result)}
    with new_folder(folder) as draft:
        for name in wanted:
            if name == "html":
                # The link to the recording leads from where the page will lie, not from the draft.
                page = _page(content, media, embed, folder)
                (draft / FILES[name]).write_text(page, encoding="utf-8", newline="\n")
            else:
                _write_one(name, result, content, draft / FILES[name])
    return [folder / FILES[name] for name in wanted]


def _checked(result: Result) -> tuple[Result, dict[str, Any]]:
    """The result and its JSON, after validation.

    Half a surrogate pair, as names of files may have on Linux, is no text in UTF-8: it becomes a `?`.
    """
    content = result.to_json()
    text = json.dumps(content, ensure_ascii=False)
    mended = text.encode("utf-8", "replace").decode("utf-8")
    where = f"result of {content['media']['name']!r}"
    if mended != text:
        content = json.loads(mended)
        return result_of(content, where), content
    validate(content, where)
    return result, content


def _summary(result: Result) -> dict[str, Any]:
    from crossgate.report.summary import summarize

    summary: dict[str, Any] = summarize(result).to_json()
    return summary


def _page(content: Mapping[str, Any], media: Path | None, embed: bool, folder: Path) -> str:
    from crossgate.report.page import page_html

    return page_html(content, media, embed, folder=folder)


def _write_one(name: str, result: Result, content: Mapping[str, Any], path: Path) -> None:
    """One format; what is heavy is imported only where it is asked for."""
    match name:
        case "json":
            write_json(path, content)
        case "parquet":
            from crossgate.report.exports.parquet_table import write_parquet

            write_parquet(result, path)
        case "png":
            from crossgate.report.timeline import write_timeline

            write_timeline(result, path)
        case _:
            writers = {
                "csv": write_csv,
                "vtt": write_vtt,
                "srt": write_srt,
                "rttm": write_rttm,
                "eaf": write_eaf,
                "textgrid": write_textgrid,
            }
            writers[name](result, path)
