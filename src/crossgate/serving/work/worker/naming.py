"""Names people gave, in the place of paths of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePath

from crossgate.errors import CrossgateError, InputError
from crossgate.report.result import Result


def names_of(paths: Mapping[Path, str]) -> dict[str, str]:
    """What to put a name in the place of: the path of each file, its name, and its name without the suffix.

    Args:
        paths: file of ours -> what people call it. The file's own name is found nowhere else, by chance.
    """
    names: dict[str, str] = {}
    for path, name in paths.items():
        names |= {str(path): name, path.name: name}
        names.setdefault(path.stem, PurePath(name).stem or name)
    return names


def named(text: str, names: Mapping[str, str]) -> str:
    """A text with people's names in it."""
    for ours in sorted(names, key=len, reverse=True):  # a path holds the file's name
        text = text.replace(ours, names[ours])
    return text


def named_error(error: CrossgateError, names: Mapping[str, str]) -> InputError:
    """An error that speaks of people's names."""
    where = None if error.where is None else named(error.where, names)
    fix = None if error.fix is None else named(error.fix, names)
    return InputError(named(error.what, names), where=where, fix=fix)


def named_result(result: Result, name: str, transcript: str | None, names: Mapping[str, str]) -> Result:
    """A result that speaks of people's names."""
    media = replace(result.media, name=name, transcript=transcript)
    warnings = tuple(named(warning, names) for warning in result.warnings)
    return replace(result, media=media, warnings=warnings)
