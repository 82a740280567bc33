"""Reads a `result.json` back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from crossgate.conversation import MODALITIES
from crossgate.errors import InputError
from crossgate.report.result import MediaInfo, ModalityUse, ModelInfo, Result, Turn
from crossgate.report.schema import validate

RESULT_FILE = "result.json"

LARGEST = 200_000_000
"""Bytes of the largest file that is read: some 70,000 turns of seven emotions."""


def read_result(path: Path) -> Result:
    """The result that was written to a file.

    Fields that a later 1.x added are left out, and so is the summary, which is made from the rest.

    Args:
        path: a `result.json`, or the folder that holds one.

    Raises InputError where there is none, where it is larger than 200 MB or not JSON, where its layout is of
    another first version number, and where it contradicts the layout or itself.
    """
    file = path / RESULT_FILE if path.is_dir() else path
    return result_of(_parsed(file), str(file))


def result_of(content: Any, where: str) -> Result:
    """The result of parsed JSON; `where` names the file in messages. Raises InputError as `validate` does."""
    validate(content, where)
    return Result(
        media=MediaInfo(**_known(MediaInfo, content["media"])),
        model=ModelInfo(**_known(ModelInfo, content["model"])),
        labels=tuple(content["labels"]),
        utterances=tuple(_turn(turn) for turn in content["utterances"]),
        warnings=tuple(content.get("warnings", ())),
        settings=content.get("settings", {}),
        policy=content.get("policy"),
    )


def _turn(content: Mapping[str, Any]) -> Turn:
    uses = content["modalities"]
    known = _known(Turn, content)
    modalities = {name: ModalityUse(**_known(ModalityUse, uses[name])) for name in MODALITIES}
    return Turn(**known | {"modalities": modalities})


def _known(kind: type[Any], content: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a dataclass's own fields."""
    names = {field.name for field in fields(kind)}
    return {name: value for name, value in content.items() if name in names}


def _parsed(file: Path) -> Any:
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise InputError(
                f"has {size / 1e6:.0f} MB, more than the {LARGEST / 1e6:.0f} MB a result may have",
                where=str(file),
                fix="analyse the recording in parts",
            )
        return json.loads(file.read_text(encoding="utf-8-sig"))
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(
            "no such file",
            where=str(file),
            fix="name a result.json, or the folder that `crossgate analyze` wrote",
        ) from None
    except IsADirectoryError:
        raise InputError("is a folder, expected a file", where=str(file)) from None
    except UnicodeDecodeError as error:
        raise InputError(f"not a text in UTF-8: {error}", where=str(file)) from None
    except json.JSONDecodeError as error:
        raise InputError(
            f"not JSON: line {error.lineno}, column {error.colno}: {error.msg}", where=str(file)
        ) from None
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, a thousand brackets
        raise InputError(f"not JSON that can be read: {error}", where=str(file)) from None
