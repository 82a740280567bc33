"""Training settings of the face network from `key=value`, checked key by key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from jsonargparse import ArgumentError, ArgumentParser, set_parsing_settings

from crossgate.errors import InputError
from crossgate.training.configuration import plain
from crossgate.training.faces.settings import FaceTraining

set_parsing_settings(docstring_parse_attribute_docstrings=True)


def face_training(overrides: Sequence[str] = ()) -> FaceTraining:
    """The settings with some replaced: `epochs=4`, `network.stem=16`, `augmentation.flip=0`.

    Raises InputError naming the key that is unknown or of the wrong type.
    """
    for override in overrides:
        if "=" not in override:
            raise InputError(f"--set {override!r}: expected key=value, for example epochs=4")
    parser = ArgumentParser(exit_on_error=False, allow_abbrev=False)
    parser.add_class_arguments(FaceTraining, None, as_group=False)
    try:
        parsed = parser.parse_args([f"--{override}" for override in overrides])
        settings = parser.instantiate(parsed)
    except (ArgumentError, TypeError) as error:
        words = " ".join(line.strip() for line in str(error).splitlines() if line.strip())
        raise InputError(words, where="--set") from error
    return FaceTraining(**vars(settings))


def face_training_json(settings: FaceTraining) -> dict[str, Any]:
    """As plain JSON values."""
    content: dict[str, Any] = plain(asdict(settings))
    return content
