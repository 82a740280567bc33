"""`crossgate serve`: the service and its page."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from typing import ClassVar

from crossgate.cli.token import ENVIRONMENT
from crossgate.errors import InputError
from crossgate.serving.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class Serve(ServiceSettings):
    """Run the service: its page at /, its API under /v1, until it is interrupted.

    On this machine's own address whoever reaches it may use it. Any other address demands tokens: make them
    with `crossgate token create`.
    """

    positional: ClassVar[tuple[str, ...]] = ()

    def run(self) -> int:
        """Serve until told to end; the first line printed is the address."""
        settings = ServiceSettings(**{f.name: getattr(self, f.name) for f in fields(ServiceSettings)})
        if not settings.database:
            settings = replace(settings, database=os.environ.get(ENVIRONMENT, ""))
        try:
            from crossgate.serving.server import serve
        except ModuleNotFoundError as error:
            raise InputError(
                f"the service needs {error.name}, which is not installed",
                fix="pip install 'crossgate[serve]'",
            ) from None
        serve(settings, told=lambda address: print(address, flush=True))
        return 0
