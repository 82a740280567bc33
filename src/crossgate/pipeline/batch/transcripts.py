"""The transcript of each recording of many: the file of the same stem."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path, PurePosixPath

from crossgate.errors import InputError
from crossgate.media.transcripts.reading import is_transcript
from crossgate.pipeline.batch import places
from crossgate.pipeline.batch.places import FoundFile

SPEAKERS_ALONE = ".rttm"
"""Suffix of a format that knows no words; it gives way to one that does."""

Stems = defaultdict[str, list[FoundFile]]


class Transcripts:
    """Finds transcripts.

    Args:
        where: folder or pattern of transcripts; None where each lies beside its recording.

    Raises InputError where there is none.
    """

    def __init__(self, where: str | None) -> None:
        self._given: Stems | None = None
        self._known: dict[str, Stems] = {}
        if where is None:
            return
        where = places.plain(where)
        pattern = places.is_pattern(where)
        found = places.matching(where) if pattern else places.below(where)
        if found is None:
            raise InputError(
                "is one transcript, or none, and there are many recordings",
                where=where,
                fix="name a folder or a pattern of files with the recordings' stems",
            )
        base = places.absolute(places.fixed_part(where) if pattern else where)
        self._given = defaultdict(list)
        for one in found:
            path = PurePosixPath(one.location)
            if is_transcript(Path(path)):
                inner = PurePosixPath(one.location.removeprefix(base).lstrip("/"))
                for stem in {str(inner.with_suffix("")), inner.stem}:
                    self._given[stem].append(one)
        if not self._given:
            raise InputError("no transcript is there", where=where, fix="check the path")

    def of(self, name: str, location: str) -> tuple[FoundFile | None, str]:
        """The transcript of a recording, None where there is none, and why one cannot be told from others."""
        path = PurePosixPath(name)
        if self._given is None:
            folder = location.rpartition("/")[0] or ("/" if location.startswith("/") else ".")
            found = self._beside(folder).get(path.stem, [])
        else:
            found = self._given.get(str(path.with_suffix(""))) or self._given.get(path.stem, [])
        worded = [one for one in found if PurePosixPath(one.location).suffix.lower() != SPEAKERS_ALONE]
        found = worded or found
        if len(found) > 1:
            names = ", ".join(sorted(PurePosixPath(one.location).name for one in found))
            return (
                None,
                f"several transcripts may be meant ({names}): name one kind, as --transcript 'DIR/*.vtt'",
            )
        return (found[0], "") if found else (None, "")

    def _beside(self, folder: str) -> Stems:
        if folder not in self._known:
            stems = self._known[folder] = defaultdict(list)
            for one in places.beside(folder):
                path = PurePosixPath(one.location)
                if is_transcript(Path(path)):
                    stems[path.stem].append(one)
        return self._known[folder]
