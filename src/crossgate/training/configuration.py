"""Experiments from YAML, checked key by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml
from jsonargparse import ArgumentError, ArgumentParser, set_parsing_settings

from crossgate.errors import InputError
from crossgate.training.settings import Experiment

Settings = TypeVar("Settings")

set_parsing_settings(docstring_parse_attribute_docstrings=True)


def settings_parser(settings: type[Any]) -> ArgumentParser:
    """A parser with a flag for every setting, `--model.hidden` and so on."""
    parser = ArgumentParser(exit_on_error=False)
    parser.add_class_arguments(settings, None, as_group=False)
    return parser


def load_experiment(path: Path, overrides: Sequence[str] = ()) -> Experiment:
    """Read an experiment; see `load_settings`."""
    return load_settings(Experiment, path, overrides)


def load_settings(kind: type[Settings], path: Path, overrides: Sequence[str] = ()) -> Settings:
    """Read settings; `overrides` are `key=value` with dotted keys, such as `model.hidden=128`.

    Raises InputError naming the file and the key that is unknown, missing or of the wrong type.
    """
    parser = settings_parser(kind)
    for override in overrides:
        if "=" not in override:
            raise InputError(f"--set {override!r}: expected key=value, for example model.hidden=128")
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), fix="known good ones stand in configs/") from None
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"not YAML: {error}", where=str(path)) from error
    if not isinstance(content, dict):
        raise InputError("expected settings by name, `model:` and so on", where=str(path))
    _check_keys(kind, content, path)
    try:
        base = parser.parse_object(content, defaults=True)
        if overrides:
            base = parser.parse_args([f"--{override}" for override in overrides], namespace=base)
        found = parser.instantiate(base)
        return kind(**vars(found))
    except (ArgumentError, TypeError) as error:
        raise InputError(_first_lines(error), where=str(path)) from error
    except InputError as error:  # the settings check themselves, and know no file
        raise InputError(error.what, where=error.where or str(path), fix=error.fix) from error


def _check_keys(kind: type[Any], content: dict[Any, Any], path: Path) -> None:
    """Refuse what the parser passes over (an unknown key with nothing under it) or explains badly."""
    known = {field.name: field.type for field in fields(kind)}
    for key, value in content.items():
        if str(key).partition(".")[0] not in known:
            raise InputError(f"unknown key {key!r}; known are {', '.join(known)}", where=str(path))
        grouped = "Settings" in str(known.get(key))
        if grouped and not isinstance(value, dict):
            raise InputError(f"{key}: expected settings by name, got {value!r}", where=str(path))


def experiment_json(experiment: Experiment) -> dict[str, Any]:
    """As plain JSON values, the layout of the YAML."""
    content: dict[str, Any] = yaml.safe_load(yaml.safe_dump(plain(asdict(experiment))))
    return content


def plain(value: Any) -> Any:
    """Tuples as lists, for YAML and JSON."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def _first_lines(error: Exception) -> str:
    """The complaint without the parser's usage text."""
    return " ".join(line.strip() for line in str(error).splitlines() if line.strip())
