"""What a worker process may be given to load, and cannot."""

from __future__ import annotations

import os
from typing import Any

from crossgate.errors import InputError


def no_model() -> Any:
    """A checkpoint that is not there."""
    raise InputError("no checkpoint of that name", where="nowhere", fix="name another")


def dies_at_once() -> Any:
    """A process that cannot even begin."""
    os._exit(3)
