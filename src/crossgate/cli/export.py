"""`crossgate export RESULT --format csv,eaf --out DIR`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True)
class Export:
    """Write other formats of a result that was analysed before; the recording is not needed.

    Tables (csv, parquet), captions (vtt, srt), speakers alone (rttm), annotations for ELAN (eaf) and Praat
    (textgrid), the page (html), the picture (png), or the result itself (json).
    """

    positional: ClassVar[tuple[str, ...]] = ("result",)

    result: Path = field(metadata={"help": "a result.json, or the folder that holds it"})
    format: str
    """With commas between: json, csv, parquet, vtt, srt, rttm, eaf, textgrid, html, png."""
    out: Path
    """Folder for the files; it must not exist, or be empty."""
    media: Path | None = None
    """The recording, for report.html to play."""
    embed: bool = False
    """Put the recording into report.html, in the place of a link to where it lies."""

    def run(self) -> int:
        """Write, and name the files."""
        from crossgate.report.writing import export, formats_of

        formats = formats_of(self.format)
        for path in export(self.result, formats, self.out, media=self.media, embed=self.embed):
            print(path)
        return 0
