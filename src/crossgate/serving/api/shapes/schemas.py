"""What is sent and answered, as JSON; the examples stand in the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from crossgate.serving.api.shapes import examples

Format = Literal["json", "csv", "parquet", "vtt", "srt", "rttm", "eaf", "textgrid", "html", "png"]
Kind = Literal["video", "audio", "text"]
Scope = Literal["read", "write", "admin"]
State = Literal["QUEUED", "IN_PROGRESS", "COMPLETED", "FAILED"]

LONGEST_NAME = 500
"""Characters of a name."""


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds the character U+0000")
    return text


Text = Annotated[str, AfterValidator(_without_nul), Field(json_schema_extra={"pattern": r"^[^\u0000]*$"})]
"""What every database can keep."""


def shown(example: Any) -> ConfigDict:
    """A model's configuration, with an example of it."""
    return ConfigDict(json_schema_extra={"examples": [example]})


class Sent(BaseModel):
    """What clients send: unknown names are refused, and values are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Settings(Sent):
    """How a recording shall be analysed. What is left out is the service's to choose."""

    model_config = shown(examples.SETTINGS)

    policy: Annotated[Text | None, Field(description="Usage policy, such as eu-work-education.")] = None
    modalities: Annotated[
        Annotated[str, Field(pattern="^[tav]{1,3}$")] | None,
        Field(description="Letters of the modalities to use: t text, a audio, v visual."),
    ] = None
    speakers: Annotated[
        Annotated[int, Field(ge=1, le=1000)] | None,
        Field(description="How many people speak, where voices have to be told apart."),
    ] = None
    language: Annotated[
        Annotated[Text, Field(max_length=20)] | None,
        Field(description="Language of the recording, where the service writes down what is said."),
    ] = None
    audio_track: Annotated[
        int, Field(ge=0, le=1000, description="Which sound track to listen to, from 0.")
    ] = 0
    face_rate: Annotated[
        float, Field(ge=0.1, le=60, description="Frames a second in which faces are looked for.")
    ] = 5.0
    detector: Annotated[Literal["auto", "yunet", "haar"], Field(description="Face detector.")] = "auto"
    doubt: Annotated[
        bool,
        Field(
            description="Abstain from words unlike those the model learned, and take implausible "
            "measurements for missing."
        ),
    ] = True


class Named(Sent):
    """A recording, or a transcript alone, in a store the service may take from."""

    model_config = shown(examples.NAMED)

    url: Annotated[Text, Field(max_length=2000)] | None = Field(None, description="Of the recording.")
    transcript_url: Annotated[Text, Field(max_length=2000)] | None = Field(
        None, description="Of its transcript; alone it is analysed as a text."
    )
    name: Annotated[Text, Field(max_length=LONGEST_NAME)] | None = Field(
        None, description="Shown to people; the last part of the URL where it is not given."
    )
    settings: Settings = Settings()


class Verdict(Sent):
    """The emotion a person gives a turn."""

    model_config = shown(examples.VERDICT)

    emotion: Annotated[Text, Field(min_length=1, max_length=100)]
    note: Annotated[Text, Field(max_length=2000)] | None = None


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    model_config = ConfigDict(extra="allow", **shown(examples.PROBLEM))

    type: str = "about:blank"
    title: str
    status: int
    detail: str | None = None
    instance: str | None = None


class Fault(BaseModel):
    """One part of a request that cannot be used."""

    loc: list[str | int] = Field(description="Where it is: body, query or header, and the names inside.")
    msg: str


class InvalidProblem(Problem):
    """A request that cannot be used, part by part."""

    model_config = shown(examples.INVALID)

    errors: list[Fault] = []


class Progress(BaseModel):
    """How far an analysis has come."""

    step: str | None
    share: float = Field(ge=0, le=1)


class Recording(BaseModel):
    """A recording, or a text, and how its analysis stands."""

    model_config = shown(examples.RECORDING)

    id: str
    name: str
    kind: Kind | None = Field(description="Found out by the analysis.")
    duration: float | None = Field(description="Seconds.")
    bytes: int
    has_transcript: bool
    state: State
    progress: Progress
    created: datetime
    started: datetime | None
    finished: datetime | None
    expires: datetime | None = Field(description="When it will be deleted; null where it is kept.")
    attempts: int = Field(description="How often its analysis was begun.")
    error: Problem | None = Field(description="Why it FAILED.")
    model: str
    policy: str | None
    turns: int | None
    corrections: int = Field(description="How many turns people have corrected.")
    emotions: dict[str, int] | None = Field(description="Emotion -> turns that express it, as predicted.")
    speakers: list[str] | None


class RecordingPage(BaseModel):
    """Some recordings, the newest first."""

    model_config = shown({"items": [examples.RECORDING], "next": examples.CURSOR})

    items: list[Recording]
    next: str | None = Field(description="The cursor of the next page; null at the end.")


class Correction(BaseModel):
    """A person's emotion beside what was predicted."""

    model_config = shown(examples.CORRECTION)

    utterance_id: str
    predicted: str
    emotion: str
    note: str | None
    author: str = Field(description="Name of the token; `local` where none was needed.")
    created: datetime


class Corrections(BaseModel):
    """All corrections of a recording, the oldest first."""

    model_config = shown({"items": [examples.CORRECTION]})

    items: list[Correction]


class View(BaseModel):
    """What the viewer shows."""

    model_config = shown(examples.VIEW)

    result: dict[str, Any] = Field(description="The result, with its summary.")
    colours: dict[str, str] = Field(description="Emotion -> #RRGGBB.")
    letters: dict[str, str] = Field(description="Emotion -> the letter that stands beside its colour.")
    media: str | None = Field(description="Path of the recording; null where there is none to play.")


class Removed(BaseModel):
    """What was removed."""

    files: list[str]
    bytes: int
    rows: int


class Remaining(BaseModel):
    """What was found of it afterwards."""

    files: int
    rows: int


class Receipt(BaseModel):
    """What was removed with a recording."""

    model_config = shown(examples.RECEIPT)

    id: str
    deleted: datetime
    removed: Removed
    remaining: Remaining = Field(description="Found at this moment; 0 of both.")


class Pending(BaseModel):
    """A deletion that waits for the analysis to stop."""

    model_config = shown(examples.PENDING)

    id: str
    deleted: None = None
    receipt: str = Field(description="Path at which the receipt will be.")


class Me(BaseModel):
    """Who asks, and what the service does."""

    model_config = shown(examples.ME)

    project: str
    scopes: list[Scope]
    labels: list[str]
    colours: dict[str, str]
    model: str
    live_model: str | None = Field(description="null where there are no live conversations.")
    policy: str | None
    limits: dict[str, float | None]
    retention_days: float | None
    version: str


class Health(BaseModel):
    """Whether the service works."""

    model_config = shown(examples.HEALTH)

    status: Literal["ok"]
    database: Literal["ok"]
    workers: int = Field(description="Processes that analyse, ready or at work.")
