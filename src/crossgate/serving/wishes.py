"""What somebody who sends a recording may ask of its analysis; the rest is the service's to say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from crossgate.errors import InputError
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.serving.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """How a recording shall be analysed. Nothing here names a path of the service's machine."""

    policy: str | None = None
    """Usage policy, such as eu-work-education; the service may demand one."""
    modalities: str | None = None
    """Letters of the modalities to use, such as t or ta (text, audio, visual)."""
    speakers: int | None = None
    """How many people speak, where voices have to be told apart."""
    language: str | None = None
    """Language of the recording, where the service writes down what is said."""
    audio_track: int = 0
    """Which sound track to listen to, from 0."""
    face_rate: float = 5.0
    """Frames a second in which faces are looked for."""
    detector: str = "auto"
    """Face detector: yunet, haar or auto."""
    doubt: bool = True
    """Abstain from words unlike those the model learned, and take implausible measurements for missing."""


def wishes_of(given: Mapping[str, Any]) -> Wishes:
    """Wishes from what was sent or stored.

    Raises InputError for a name that is none of them; values are checked by `analysis_settings`.
    """
    known = {field.name for field in fields(Wishes)}
    for name in given:
        if name not in known:
            raise InputError(
                "is no setting a recording may be sent with",
                where=str(name),
                fix=f"leave it out; there are {', '.join(sorted(known))}",
            )
    return Wishes(**given)


def analysis_settings(wishes: Wishes, service: ServiceSettings) -> AnalysisSettings:
    """What the analysis is told: the wishes, and what the service has and demands.

    Raises InputError where a wish cannot be met, or is against the service's usage policy.
    """
    if service.policy is not None and wishes.policy not in (None, service.policy):
        raise InputError(
            f"is {wishes.policy!r}, and this service holds everything to {service.policy}",
            where="policy",
            fix="leave it out",
        )
    wanted = asdict(wishes) | {"policy": service.policy or wishes.policy}
    return AnalysisSettings(**wanted, whisper=service.whisper, pyannote=service.pyannote)
