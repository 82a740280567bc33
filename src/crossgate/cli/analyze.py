"""`crossgate analyze talk.mp4 --transcript talk.vtt --out talk/`: one or many, here or on a service."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from crossgate.cli.analyze_many import ManyOptions, analyze_many
from crossgate.cli.contained import Limits
from crossgate.errors import InputError
from crossgate.files import refuse_filled, refuse_unwritable
from crossgate.pipeline.settings import AnalysisSettings

if TYPE_CHECKING:
    from crossgate.report.result import Result


@dataclass(frozen=True, kw_only=True)
class Analyze(ManyOptions, AnalysisSettings):
    """Find the expressed emotion of every utterance of a recording, and write a report to look at.

    The folder holds result.json, report.html, timeline.png and what else is asked for. Emotions are expressed
    ones, as people would name them; nobody's inner state is known. What could not be measured is said.

    Of several recordings, a folder or a quoted pattern such as 'calls/**/*.mp4' the folder holds a result for
    each, a data set of all utterances, a manifest and a summary; the same command does what is missing.
    """

    positional: ClassVar[tuple[str, ...]] = ("sources",)

    sources: list[str] = field(
        metadata={
            "help": "recording, `-` for standard input, or a transcript alone; or many: files, folders, "
            "patterns, also of a store (s3://...)",
            "several": True,
            "type": str,
        }
    )
    out: str
    """Folder for the result; it must not exist, or be empty. Of many recordings, it may be that of the same
    batch, and in a store."""
    transcript: str | None = None
    """Who says what and when: srt, vtt, csv, tsv, json, eaf, TextGrid or rttm; found by ear where absent. Of
    many recordings, a folder or pattern of such files; where absent, those of the same stem beside them."""
    model: Path = Path("crossgate-meld")
    """Packaged name, hub id, or folder of a checkpoint."""
    format: str = "html,png"
    """Files besides result.json, by commas: csv, parquet, vtt, srt, rttm, eaf, textgrid, html, png."""
    embed: bool = False
    """Put the recording into report.html, in the place of a link to where it lies."""
    server: str = ""
    """URL of a service that analyses, as `crossgate serve` starts it; it keeps the recording."""
    token_file: Path | None = None
    """File with the service's token; else CROSSGATE_TOKEN in the environment, if it asks for one."""
    megabytes: float = 6000.0
    """Most memory an analysis may take, in millions of bytes; 0 for no limit."""
    silent_minutes: float = 30.0
    """Longest an analysis may go without progress before it counts as hung; 0 for no limit."""

    def __post_init__(self) -> None:
        if self.token_file is not None and not self.server:
            raise InputError("token_file is of use with a service alone", fix="give --server as well")
        if self.server:
            # Whether a language can be asked for is the service's to say: it has the speech recognition.
            AnalysisSettings(**_values(self) | {"language": None})
        else:
            AnalysisSettings(**_values(self))
        self._limits()  # refuses limits that are none

    @property
    def source(self) -> Path:
        """The recording, where it is one."""
        return Path(self.sources[0].removeprefix("file://"))

    @property
    def transcript_file(self) -> Path | None:
        """Its transcript."""
        return None if self.transcript is None else Path(self.transcript.removeprefix("file://"))

    def contained(self) -> Limits | None:
        """Of the child that decodes, so that a crash of it can be told.

        None where a service decodes, or the workers of a batch, which have the same limits.
        """
        from crossgate.pipeline.batch.recordings import is_one

        return self._limits() if not self.server and is_one(self.sources) else None

    def _limits(self) -> Limits:
        out = Path(self.out.removeprefix("file://"))
        return Limits(str(self.source), out, self.megabytes, self.silent_minutes)

    def run(self) -> int:
        """Analyse, write, and say what was found."""
        from crossgate.pipeline.batch.recordings import is_one
        from crossgate.report.writing import formats_of

        formats = formats_of(self.format)
        if not is_one(self.sources):
            return analyze_many(self, formats, AnalysisSettings(**_values(self)))
        self.refuse_for_one()
        return self._one(formats)

    def _one(self, formats: tuple[str, ...]) -> int:
        from crossgate.cli.printing_result import print_result

        out = Path(self.out.removeprefix("file://"))
        self._check(out)  # said before the work, not after
        if self.server:
            from crossgate.cli.analyze_there import analyze_there

            result = analyze_there(self)
        else:
            result = self._here()
        media = None if str(self.source) == "-" or result.media.kind == "text" else self.source
        written = result.write(out, formats, media=media, embed=self.embed)
        print_result(result)
        for path in written:
            print(path)
        return 0

    def _here(self) -> Result:
        from crossgate.cli.progress import progress
        from crossgate.pipeline.memory import give_back_what_is_freed

        give_back_what_is_freed()
        import crossgate

        settings = AnalysisSettings(**_values(self))
        recognizer = crossgate.load(self.model)
        with progress() as step:
            return recognizer.analyze(self.source, self.transcript_file, settings, step=step)

    def _check(self, out: Path) -> None:
        """Raise InputError for what would fail at the end."""
        if "://" in self.out.removeprefix("file://"):
            raise InputError(
                "one recording is written to a folder of this machine",
                where=self.out,
                fix="name such a folder, or give a pattern: many are also written to a store",
            )
        refuse_filled(out)
        refuse_unwritable(out)
        for path in (self.source, self.transcript_file, self.speakers_file, self.openface):
            if path is not None and str(path) != "-" and not path.exists():
                raise InputError("no such file", where=str(path), fix="check the path")
        if self.embed:
            if str(self.source) == "-":
                raise InputError("standard input cannot be embedded", fix="give the recording as a file")
            from crossgate.report.page.fill import refuse_large

            refuse_large(self.source)


def _values(settings: AnalysisSettings) -> dict[str, Any]:
    """Name -> value of what says how something is analysed."""
    return {each.name: getattr(settings, each.name) for each in fields(AnalysisSettings)}
