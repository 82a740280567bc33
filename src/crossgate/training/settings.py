"""The settings of a training run; no torch here. Their docstrings are the help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from crossgate.conversation import Modality, refuse_unknown_modalities
from crossgate.errors import InputError
from crossgate.features.settings import FeatureSettings
from crossgate.models.settings import ModelSettings
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.training.ranges import refuse_out_of_range


@dataclass(frozen=True)
class TrainingSettings:
    """How the weights are found."""

    epochs: int = 20
    """Passes over the training conversations; with selection by folds the most that are tried."""
    batch_size: int = 16
    """Conversations a step, over all processes together."""
    learning_rate: float = 1e-3
    """Peak learning rate of AdamW."""
    weight_decay: float = 0.01
    """AdamW's decoupled weight decay."""
    warmup: float = 0.1
    """Share of all steps in which the learning rate rises linearly; a cosine to 0 follows."""
    clip: float = 1.0
    """Largest norm of the gradient."""
    average: float = 0.99
    """Decay of the exponential moving average of the weights that is evaluated and kept; 0 keeps the last."""
    hide_modality: float = 0.1
    """Probability that a modality is hidden for a whole conversation (modality dropout)."""
    hide_modalities: dict[Modality, float] = field(default_factory=dict)
    """The same of single modalities, in the place of `hide_modality`, such as {text: 0.1, audio: 0.6}: what
    is hidden less often than the others keeps more of its worth alone (docs/findings.md). {} is none."""
    hide_turn: float = 0.0
    """Probability that a modality is hidden for a single turn."""
    class_weighting: float = 0.0
    """Weigh emotions by (1 / frequency) to this power; 0 is none, 1 is balanced."""
    patience: int = 0
    """Stop after this many epochs without a better validation score; 0 never does. Folds run to their end."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """`auto` is bfloat16 on a GPU that has it, float32 elsewhere."""
    device: str = "auto"
    """`auto` is the GPU where there is one, else the CPU."""
    threads: int = 1
    """CPU threads. Sums are rounded in another order with another number, so it is part of the recipe; the
    products here are too small for a second thread to pay."""

    def __post_init__(self) -> None:
        refuse_out_of_range(
            vars(self),
            "training.",
            counts=("epochs", "batch_size", "threads"),
            positive=("learning_rate", "clip"),
            shares=("warmup", "average", "hide_modality", "hide_turn"),
            not_negative=("weight_decay", "class_weighting", "patience"),
        )
        refuse_unknown_modalities("training.hide_modalities", self.hide_modalities)
        own = {str(modality): share for modality, share in self.hide_modalities.items()}
        refuse_out_of_range(own, "training.hide_modalities.", shares=tuple(own))

    def hiding(self, modalities: Sequence[Modality]) -> list[float]:
        """Probability that each of `modalities` is hidden for a whole conversation."""
        return [self.hide_modalities.get(modality, self.hide_modality) for modality in modalities]


@dataclass(frozen=True)
class SelectionSettings:
    """How the epoch that is kept is chosen; never on the test split."""

    by: Literal["validation", "folds"] = "validation"
    """`validation`: the best weighted F1 on the validation split. `folds`: every group of training
    conversations is left out once, the epoch with the best mean weighted F1 over the folds is chosen, and a
    final fit on all groups stops there."""
    group: str = r"^(Ses\d\d)"
    """Regular expression whose first group, in the conversation's id, names its fold; IEMOCAP's session."""
    given: str = ""
    """Letters of the modalities that are given where the epoch is chosen on the validation split, for example
    ta where its faces are not the speakers' own (`crossgate pair`); empty gives all there are."""

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.group).groups
        except re.error as error:
            raise InputError(f"selection.group is not a regular expression: {error}") from error
        if groups < 1:
            raise InputError(f"selection.group ({self.group!r}) needs a group in parentheses")
        if self.given and self.by == "folds":
            raise InputError("selection.given is for selection by validation; folds give all there is")


@dataclass(frozen=True)
class Experiment:
    """Everything a run is made of besides the data and the seed."""

    name: str
    """What the run is called in reports."""
    features: FeatureSettings
    """Which features feed which modality."""
    model: ModelSettings = field(default_factory=ModelSettings)
    """The network."""
    objective: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    """What it is trained for."""
    training: TrainingSettings = field(default_factory=TrainingSettings)
    """How it is trained."""
    selection: SelectionSettings = field(default_factory=SelectionSettings)
    """How the epoch is chosen."""

    def __post_init__(self) -> None:
        minilm = self.features.minilm
        if self.model.causal and (minilm.turns_after or self.features.speaker_relative):
            raise InputError(
                "model.causal is on, but the features look ahead",
                fix="set features.minilm.turns_after to 0 and features.speaker_relative to []",
            )
