"""Experiments from YAML, checked key by key."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any, TypeVar

import yaml
from jsonargparse import ArgumentError, ArgumentParser, set_parsing_settings

from crossgate.errors import InputError
from crossgate.training.settings import Experiment

Settings = TypeVar("Settings")

LARGEST = 200_000
"""Bytes of a file of settings."""

MOST_NODES = 20_000
"""Values in it."""

MOST_NESTED = 100
"""Brackets open at once. At a thousand PyYAML looks through all of them again for every one of them."""

set_parsing_settings(docstring_parse_attribute_docstrings=True)


def settings_parser(settings: type[Any]) -> ArgumentParser:
    """A parser with a flag for every setting, `--model.hidden` and so on."""
    parser = ArgumentParser(exit_on_error=False, allow_abbrev=False)
    parser.add_class_arguments(settings, None, as_group=False)
    return parser


def load_experiment(path: Path, overrides: Sequence[str] = ()) -> Experiment:
    """Read an experiment; see `load_settings`."""
    return load_settings(Experiment, path, overrides)


def load_settings(kind: type[Settings], path: Path, overrides: Sequence[str] = ()) -> Settings:
    """Read settings; `overrides` are `key=value` with dotted keys, such as `model.hidden=128`; of two
    for one key the last counts.

    Raises InputError naming the file and the key that is unknown, missing or of the wrong type.
    """
    for override in overrides:
        if "=" not in override:
            raise InputError(f"--set {override!r}: expected key=value, for example model.hidden=128")
    content = _read_yaml(Path(path))
    if not isinstance(content, dict):
        raise InputError("expected settings by name, `model:` and so on", where=str(path))
    _check_keys(kind, content, path)
    parser = settings_parser(kind)
    try:
        base = parser.parse_object(content, defaults=True)
        if overrides:
            base = parser.parse_args([f"--{override}" for override in overrides], namespace=base)
        found = parser.instantiate(base)
        return kind(**vars(found))
    except InputError as error:  # the settings check themselves, and know no file
        raise InputError(error.what, where=error.where or str(path), fix=error.fix) from error
    except (ArgumentError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        # The parser was not written for every object that YAML can spell.
        raise InputError(_first_lines(error)[:2000], where=str(path)) from error
    except RecursionError as error:
        raise InputError("nested too deep", where=str(path)) from error


def _read_yaml(path: Path) -> Any:
    """The plain values of a YAML file. Raises InputError where it is none, or far more than settings are."""
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
        if len(content) > LARGEST:
            raise InputError(
                f"has more than {LARGEST:,} bytes, and settings have some hundreds", where=str(path)
            )
        text = content.decode("utf-8")
        _refuse_nested(text, str(path))
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
            _unfolded(node, {}, str(path))
            return None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), fix="known good ones stand in configs/") from None
    except RecursionError as error:
        raise InputError("not YAML: nested too deep", where=str(path)) from error
    except (yaml.YAMLError, OSError, ValueError, TypeError, LookupError, AttributeError) as error:
        # A date of the 45th of a month, an integer of no digits: PyYAML hands on what Python says of them.
        raise InputError(f"not YAML: {str(error)[:2000]}", where=str(path)) from error


def _refuse_nested(text: str, where: str) -> None:
    """Raises InputError for brackets in brackets; those in quotes count, too: no setting has so many."""
    deep = 0
    for bracket in re.findall(r"[\[\]{}]", text):
        deep = deep + 1 if bracket in "[{" else max(0, deep - 1)
        if deep > MOST_NESTED:
            raise InputError("not YAML: nested too deep", where=where)


def _unfolded(node: yaml.Node | None, sizes: dict[int, int], where: str) -> int:
    """How many nodes a node has when its aliases are written out: a few lines can name billions.

    Every mapping is looked over for names that stand twice on the way.
    """
    if node is None or isinstance(node.value, str):
        return 1
    if id(node) not in sizes:
        if isinstance(node, yaml.MappingNode):
            _refuse_doubles(node, where)
        sizes[id(node)] = MOST_NODES  # for an alias inside of what it names
        inner = [part for pair in node.value for part in (pair if isinstance(pair, tuple) else (pair,))]
        sizes[id(node)] = 1 + sum(_unfolded(part, sizes, where) for part in inner)
    if sizes[id(node)] > MOST_NODES:
        raise InputError(f"its aliases unfold to more than {MOST_NODES:,} values", where=where)
    return sizes[id(node)]


def _refuse_doubles(mapping: yaml.MappingNode, where: str) -> None:
    """Raises InputError where a name stands twice: YAML keeps the last, and the first would go unheard."""
    lines: dict[str, int] = {}
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            continue
        line = key.start_mark.line + 1
        if key.value in lines:
            raise InputError(
                f"{key.value!r:.200} stands in lines {lines[key.value]} and {line}",
                where=where,
                fix="keep one of them",
            )
        lines[key.value] = line


def _check_keys(kind: type[Any], content: dict[Any, Any], path: Path) -> None:
    """Refuse what the parser passes over (an unknown key with nothing under it) or explains badly."""
    known = {field.name: field.type for field in fields(kind)}
    for key, value in content.items():
        head = str(key).partition(".")[0]
        if head != key and head in content:
            raise InputError(f"{key} stands beside {head}", where=str(path), fix=f"set it under {head}")
        if head not in known:
            raise InputError(f"unknown key {key!r:.200}; known are {', '.join(known)}", where=str(path))
        grouped = "Settings" in str(known.get(key))
        if grouped and not isinstance(value, dict):
            raise InputError(f"{key}: expected settings by name, got {value!r:.200}", where=str(path))


def experiment_json(experiment: Experiment) -> dict[str, Any]:
    """As plain JSON values, the layout of the YAML."""
    content: dict[str, Any] = yaml.safe_load(yaml.safe_dump(plain(asdict(experiment))))
    return content


def with_later_settings(record: dict[str, Any]) -> dict[str, Any]:
    """A record whose `experiment`, where it has one, has the settings that came since at their defaults.

    A new setting's default is what was done before it: an update does not make a run another one.
    """
    recorded = record.get("experiment")
    if not isinstance(recorded, dict):
        return record
    filled = dict(recorded)
    for field in fields(Experiment):
        if field.default_factory is not MISSING and isinstance(recorded.get(field.name), dict):
            filled[field.name] = plain(asdict(field.default_factory())) | recorded[field.name]
    return record | {"experiment": filled}


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
