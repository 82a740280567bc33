"""The part of `crossgate analyze` that has a service do it (`--server`)."""

from __future__ import annotations

import os
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossgate.cli.progress import progress
from crossgate.errors import InputError, reason_of
from crossgate.pipeline.settings import AnalysisSettings

if TYPE_CHECKING:
    from crossgate.cli.analyze import Analyze
    from crossgate.report.result import Result
    from crossgate.serving.client.answers import Recording

TOKEN = "CROSSGATE_TOKEN"
"""Environment variable with the service's token; arguments are seen by others on the machine."""

NOT_SENT = {
    "model": "the service has its own; leave it out",
    "speakers_file": "put the speakers into the transcript, or leave it out",
    "openface": "analyse here, without --server",
    "pyannote": "whoever starts the service chooses it (`crossgate serve --pyannote`); leave it out",
    "whisper": "whoever starts the service chooses it (`crossgate serve --whisper`); leave it out",
    "speech_model": "analyse here, without --server",
}
"""What no service can be told -> what to do instead."""


def analyze_there(command: Analyze) -> Result:
    """Send, wait, and fetch the result.

    Raises InputError, before anything is sent, for settings that no service takes; and with the service's
    words where it refuses, or cannot be reached.
    """
    wishes = wishes_of(command)
    import crossgate

    with crossgate.Client(command.server, _token(command.token_file)) as client, progress() as step:

        def tell(recording: Recording) -> None:
            words = recording.progress.step or "waiting for the service"
            step(words, recording.progress.share)

        source = sys.stdin.buffer if str(command.source) == "-" else command.source
        sent = client.upload(
            source,
            command.transcript_file,
            settings=wishes,
            sent=lambda share: step("sending", share),
        )
        page = f"{command.server.rstrip('/')}/#/recordings/{sent.id}"
        print(f"crossgate: the service keeps the recording, and shows it: {page}", file=sys.stderr)
        client.wait(sent.id, tell=tell)
        return client.result(sent.id)


def wishes_of(command: Analyze) -> dict[str, Any]:
    """The settings that go to the service, those that differ from the default.

    Raises InputError naming one that no service takes, and what to do instead.
    """
    standard = {each.name: each.default for each in fields(command)}
    for name, instead in NOT_SENT.items():
        if getattr(command, name) != standard[name]:
            raise InputError("cannot be told to a service", where=f"--{name}", fix=instead)
    return {
        each.name: getattr(command, each.name)
        for each in fields(AnalysisSettings)
        if each.name not in NOT_SENT and getattr(command, each.name) != each.default
    }


def _token(file: Path | None) -> str | None:
    """The token of a file or of the environment; None where there is none."""
    if file is None:
        return os.environ.get(TOKEN) or None
    try:
        words = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the token cannot be read: {reason_of(error)}", where=str(file), fix="check the path"
        ) from None
    if len(words) != 1:
        raise InputError("does not hold one token", where=str(file), fix="write it there, and nothing else")
    return words[0]
