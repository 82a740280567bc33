"""How the service runs; nothing heavy here."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from crossgate.errors import InputError
from crossgate.pipeline.policy import find_policy

DRIVER = "postgresql+psycopg://"


@dataclass(frozen=True, kw_only=True)
class ServiceSettings:
    """How the service runs."""

    host: str = "127.0.0.1"
    """Address to listen at; any but this machine's own demands tokens."""
    port: int = 8080
    """Port to listen at; 0 takes a free one, and says which."""
    tokens: bool = False
    """Demand tokens on this machine's own address as well: needed behind a proxy."""
    data: Path = Path("crossgate-service")
    """Folder of the database, the recordings and work under way; made where it is not there."""
    database: str = field(default="", repr=False)  # it may hold a password
    """URL of a PostgreSQL database, postgresql://user:password@host/name; else SQLite in the data folder.
    CROSSGATE_DATABASE in the environment says the same, and is not seen by others on this machine."""
    media: str = field(default="", repr=False)
    """Folder or fsspec URL that keeps recordings and results, such as s3://bucket/crossgate; else in the data
    folder."""
    model: Path = Path("crossgate-meld")
    """Checkpoint for recordings: packaged name, hub id or folder."""
    live_model: Path = Path("crossgate-meld-live")
    """Checkpoint for live conversations; a causal one."""
    policy: str | None = None
    """Usage policy every analysis and live conversation is held to, such as eu-work-education."""
    whisper: str = ""
    """Model of faster-whisper that writes down what is said where there is no transcript; extra whisper."""
    pyannote: str = ""
    """Pipeline of pyannote.audio that tells voices apart; needs the extra diarization."""
    workers: int = 1
    """Processes that analyse, each with a model of its own in memory; 0 takes uploads and analyses none."""
    engine: Literal["local", "ray"] = "local"
    """Where they run: on this machine, or on as many as a cluster of Ray has, a CPU each; extra ray."""
    address: str | None = None
    """Of a running Ray cluster, HOST:PORT or `auto`; this machine must be part of it. Without, Ray is started
    on this machine for the service."""
    max_megabytes: float = 2000.0
    """Largest upload, in millions of bytes."""
    upload_idle_seconds: float = 30.0
    """Longest an upload may stand still before it is given up."""
    upload_bytes_per_second: float = 1000.0
    """Least bytes a second of an upload, on average, once it has gone on for that long."""
    max_minutes: float = 240.0
    """Longest recording."""
    job_minutes: float = 240.0
    """Longest an analysis may take by the clock."""
    silent_minutes: float = 10.0
    """Longest an analysis may go without any progress before it counts as hung."""
    job_megabytes: float = 6000.0
    """Most memory a process that analyses may take, in millions of bytes."""
    attempts: int = 3
    """How often an analysis is begun again when the service died in it."""
    retention_days: float | None = None
    """Days after which recordings are deleted with what came of them, where a project says nothing else."""
    requests_per_minute: int = 600
    """Most requests of one token."""
    allow_store: str = ""
    """URLs recordings may be taken from, by commas, such as s3://talks/incoming; none by default."""
    allow_origin: str = ""
    """Origins of other pages whose scripts may call the service, by commas; none by default."""
    log: Literal["text", "json"] = "text"
    """How a line of the log, on stderr, is written: to be read, or as JSON with the recording's id."""
    live_sessions: int = 8
    """Most live conversations at a time."""
    live_utterances: int = 1000
    """Most utterances of a live conversation."""
    live_idle_seconds: float = 600.0
    """Longest a live conversation may be silent before it is closed."""
    live_frame_megabytes: float = 8.0
    """Largest message of a live conversation."""

    def __post_init__(self) -> None:
        if self.policy is not None:
            find_policy(self.policy)
        if not 0 <= self.port <= 65535:
            raise InputError(f"port is {self.port}, expected 0 to 65535")
        for name in ("workers", "live_sessions"):
            if getattr(self, name) < 0:
                raise InputError(f"{name} is {getattr(self, name)}, expected 0 or more")
        if self.engine == "ray" and self.workers < 1:
            raise InputError(
                "--engine ray has nothing to do without workers",
                fix="give --workers 1 or more, or no --engine",
            )
        if self.address is not None and self.engine != "ray":
            raise InputError("--address is of a Ray cluster", fix="add --engine ray")
        for name in (
            "max_megabytes",
            "upload_idle_seconds",
            "upload_bytes_per_second",
            "max_minutes",
            "job_minutes",
            "silent_minutes",
            "job_megabytes",
            "attempts",
            "requests_per_minute",
            "live_utterances",
            "live_idle_seconds",
            "live_frame_megabytes",
        ):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is {value}, expected more than 0")
        check_retention(self.retention_days)
        for store in self.stores:
            if "://" not in store or "::" in store:
                raise InputError(
                    f"allow_store names {store!r}, expected a URL", fix="write it as s3://bucket/folder"
                )

    @property
    def open(self) -> bool:
        """Whether whoever reaches the service may use it without a token."""
        return is_loopback(self.host) and not self.tokens

    @property
    def stores(self) -> tuple[str, ...]:
        """The URLs recordings may be taken from."""
        return _by_commas(self.allow_store)

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins of pages whose scripts may call the service."""
        return tuple(origin.rstrip("/") for origin in _by_commas(self.allow_origin))

    @property
    def max_bytes(self) -> int:
        """Of the largest upload."""
        return int(self.max_megabytes * 1e6)

    @property
    def live_frame_bytes(self) -> int:
        """Of the largest message of a live conversation."""
        return int(self.live_frame_megabytes * 1e6)

    @property
    def database_url(self) -> str:
        """As SQLAlchemy writes it, with the driver of the extra `postgres`.

        Raises InputError, without naming the URL, where it is of no database the service knows.
        """
        if not self.database:
            return f"sqlite:///{(self.data / 'service.sqlite').absolute()}"
        for scheme in (DRIVER, "postgresql://", "postgres://"):
            if self.database.startswith(scheme):
                return DRIVER + self.database.removeprefix(scheme)
        raise InputError(
            "the database is none the service knows",
            fix="give postgresql://user:password@host/name, or leave it out for SQLite",
        )

    @property
    def media_root(self) -> str:
        """Folder or URL that keeps recordings and results."""
        return self.media or str((self.data / "media").absolute())

    @property
    def scratch(self) -> Path:
        """Folder of uploads and analyses under way; emptied at every start."""
        return (self.data / "scratch").absolute()


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, which no other machine reaches."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_retention(days: float | None) -> None:
    """Raise InputError where recordings cannot be kept for so many days."""
    if days is not None and not (math.isfinite(days) and 0 < days <= 36500):
        raise InputError(f"retention_days is {days}, expected more than 0 and 36500 at most")


def _by_commas(words: str) -> tuple[str, ...]:
    return tuple(part for part in words.replace(",", " ").split() if part)
