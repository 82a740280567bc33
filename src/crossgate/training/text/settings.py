"""The settings of the text encoder's training; no torch here. Their docstrings are the help."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from crossgate.errors import InputError
from crossgate.features.text.turn_settings import TurnEncoderSettings
from crossgate.training.ranges import refuse_out_of_range


@dataclass(frozen=True)
class SourceSettings:
    """One labelled corpus to learn from, with a head of its own."""

    path: str = ""
    """Below the data folder: a corpus table's folder (its train split is read), or a Parquet file of labelled
    texts (columns conversation_id, turn, speaker, text, labels)."""
    share: float = 1.0
    """Share of its conversations read in every round; above 1 they are read more than once."""
    weight: float = 1.0
    """Weight of its turns in the loss."""
    class_weighting: float = 0.0
    """Weigh labels by (1 / frequency) to this power."""
    varied_only: bool = False
    """Leave out conversations in which every labelled turn has the same label."""
    unlike: tuple[str, ...] = ()
    """Other corpora (paths as above): conversations that share a text of four words or more with their train
    split are left out, so that an encoder that has not seen those labels has not seen their texts' either."""
    folds: str = ""
    """Parts to leave out in turn: their number, or a regular expression whose first group names a
    conversation's part."""

    def __post_init__(self) -> None:
        if not self.path:
            raise InputError("a source needs a path")
        if not self.share > 0 or not self.weight > 0 or not self.class_weighting >= 0:
            raise InputError(f"source {self.path}: share and weight are above 0, class_weighting 0 or more")
        if self.folds.isdigit():
            if int(self.folds) < 2:
                raise InputError(f"source {self.path}: folds is {self.folds}, expected 2 or more parts")
        elif self.folds:
            try:
                groups = re.compile(self.folds).groups
            except re.error as error:
                raise InputError(f"source {self.path}: folds is not a regular expression: {error}") from error
            if groups < 1:
                raise InputError(f"source {self.path}: folds needs a group in parentheses")


@dataclass(frozen=True)
class OptimizerSettings:
    """How the weights are found."""

    rounds: int = 4
    """Rounds; each reads the share of every source, is evaluated, and leaves a state to resume from."""
    batch_tokens: int = 1024
    """Tokens a step, padding included."""
    learning_rate: float = 5e-4
    """Peak learning rate of AdamW for the adapter, or for the whole base where rank is 0."""
    head_rate: float = 2e-3
    """Peak learning rate of the heads."""
    layer_decay: float = 1.0
    """The learning rate falls by this factor from each layer to the one below it."""
    weight_decay: float = 0.01
    """AdamW's decoupled weight decay."""
    warmup: float = 0.1
    """Share of the work in which the learning rate rises; a cosine to 0 follows."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    average: float = 0.995
    """Decay of the moving average of the weights that is evaluated and kept; 0 keeps the last."""
    smoothing: float = 0.05
    """Label smoothing."""
    mask: float = 0.05
    """Probability that a word's token is replaced by the mask token."""
    letters: float = 0.3
    """Probability that a conversation's speakers are called A, B, C, so that names do not matter too much."""
    contrast: float = 0.0
    """Weight of the supervised contrastive term (Khosla et al. 2020) between the turns of a batch."""
    twice: float = 0.0
    """Weight of the divergence between two readings with other dropout (R-Drop, Wu et al. 2021); doubles the
    work."""
    precision: Literal["auto", "bfloat16", "float32"] = "auto"
    """Of the products; `auto` is bfloat16 where the device has instructions for it."""
    device: str = "auto"
    """`auto` is the GPU where there is one, else the CPU."""
    threads: int = 1
    """CPU threads."""

    def __post_init__(self) -> None:
        refuse_out_of_range(
            vars(self),
            "optimizer.",
            counts=("rounds", "batch_tokens", "threads"),
            positive=("learning_rate", "head_rate", "layer_decay", "clip"),
            shares=("warmup", "average", "smoothing", "mask"),
            not_negative=("weight_decay", "contrast", "twice"),
        )
        if not 0 <= self.letters <= 1:
            raise InputError(f"optimizer.letters is {self.letters}, expected 0 to 1")


@dataclass(frozen=True)
class TextTraining:
    """A training of the text encoder."""

    name: str
    """What it is called."""
    sources: dict[str, SourceSettings]
    """Corpora by the name of their head."""
    encoder: TurnEncoderSettings = field(default_factory=TurnEncoderSettings)
    """The network."""
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    """How it is trained."""
    leave_out: Literal["none", "one", "two"] = "none"
    """Also train encoders with each part left out (`one`), and with each two parts left out (`two`)."""
    seeds: int = 1
    """Seeds each encoder is trained from, counted up from the run's own; it becomes the mean of their weights
    (model soups, Wortsman et al. 2022), at no cost in use."""
    mean: bool = False
    """Also average the weights of the encoder of everything and of those that left one part out; new texts
    are then read by that mean."""
    teacher_share: float = 0.0
    """Share of every target that is the teacher's answer; the rest is the label. Above 0 where a teacher is
    named, and there alone."""
    select: tuple[str, ...] = ()
    """Heads whose validation split, or left-out part, is measured after every round."""

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise InputError(f"seeds is {self.seeds}, expected 1 or more")
        if not self.sources:
            raise InputError("sources is empty, expected one corpus or more")
        if not 0 <= self.teacher_share <= 1:
            raise InputError(f"teacher_share is {self.teacher_share}, expected 0 to 1")
