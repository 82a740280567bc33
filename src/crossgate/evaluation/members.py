"""The networks a folder holds: one checkpoint, or one for every seed, and their answer together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from crossgate.conversation import Conversation
from crossgate.corpora.table import Split
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.predictor import Predictions, predict
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER
from crossgate.evaluation.subsets import keep_only, subset_of
from crossgate.features.assemble import assemble
from crossgate.features.dataset import Example, make_examples
from crossgate.models.checkpoint import CONFIG_FILE, Checkpoint, load_checkpoint


@dataclass(frozen=True)
class Members:
    """The checkpoints of a run, one a seed, by the name of their folder."""

    checkpoints: dict[str, Checkpoint]

    @property
    def labels(self) -> LabelSet:
        """The label set, the same for all."""
        return next(iter(self.checkpoints.values())).labels

    @property
    def networks(self) -> int:
        """How many networks answer in all: a packed checkpoint may hold those of several seeds."""
        return sum(checkpoint.members for checkpoint in self.checkpoints.values())

    def predict(self, split: Split, modalities: str | None = None) -> dict[str, Predictions]:
        """Every member's predictions on a split; see `predict_split`."""
        return {
            name: predict_split(checkpoint, split, modalities)
            for name, checkpoint in self.checkpoints.items()
        }

    def subset(self, modalities: str) -> str:
        """The letters of modalities as all members spell them; see `subsets.subset_of`."""
        spelled = [subset_of(modalities, checkpoint.network) for checkpoint in self.checkpoints.values()]
        return spelled[0]


def load_members(folder: Path) -> Members:
    """The checkpoint of a run, those of its seeds, or the folder itself where it is a checkpoint."""
    return Members({_name(path): load_checkpoint(path) for path in checkpoint_folders(folder)})


def checkpoint_folders(folder: Path) -> list[Path]:
    """The folders of `load_members`. Raises InputError where there is none, or a seed is not finished."""
    folder = Path(folder)
    refuse_unfinished(folder)
    for found in (
        [folder],
        [folder / CHECKPOINT_FOLDER],
        sorted(folder.glob(f"seed-*/{CHECKPOINT_FOLDER}"), key=lambda path: _number(path.parent.name)),
    ):
        usable = [path for path in found if (path / CONFIG_FILE).is_file()]
        if usable:
            return usable
    raise InputError(
        "no checkpoint here" if folder.is_dir() else "no such folder",
        where=str(folder),
        fix="name the folder a `crossgate train` wrote to; one that was interrupted goes on with --resume",
    )


def refuse_unfinished(folder: Path) -> None:
    """Refuse a folder of several seeds of which some are not finished: fewer would pass for all."""
    started = sorted(path.name for path in folder.glob("seed-*") if path.is_dir())
    unfinished = [name for name in started if not (folder / name / CHECKPOINT_FOLDER / CONFIG_FILE).is_file()]
    if unfinished:
        raise InputError(
            f"{', '.join(unfinished)} of {len(started)} seeds is not finished",
            where=str(folder),
            fix="go on with `crossgate train ... --resume`, or name the folder of a single seed",
        )


def predict_split(
    checkpoint: Checkpoint, split: Split, modalities: str | None = None, *, cache: bool = True
) -> Predictions:
    """A checkpoint's calibrated predictions on a split.

    `modalities`, such as `ta`, hides all others; without `cache` no computed feature is kept on disk. Raises
    InputError where the checkpoint does not know them, or the features are not those it was trained on; see
    `examples_of`.
    """
    network = checkpoint.network
    subset = None if modalities is None else subset_of(modalities, network)
    examples = examples_of(checkpoint, split, cache=cache)
    if subset is not None:
        examples = keep_only(examples, network, subset)
    return predict(network, examples, temperature=checkpoint.temperature)


def examples_of(
    checkpoint: Checkpoint, split: Split, *, cache: bool = True, plausible: bool = True
) -> list[Example]:
    """A split as a checkpoint's network reads it, labels included where the label sets agree.

    With `plausible`, voices and faces whose features cannot have been measured are taken for missing.

    Raises InputError where the features are not those it was trained on.
    """
    features, _ = assemble(
        split,
        checkpoint.features,
        checkpoint.specs,
        encoder=checkpoint.encoder,
        cache=cache,
        standardizers=checkpoint.standardizers if plausible else None,
    )
    conversations: Sequence[Conversation] = split.conversations
    found = {u.emotion for c in conversations for u in c.utterances} - {None}
    if not found <= set(checkpoint.labels.labels):
        conversations = [
            replace(conversation, utterances=tuple(replace(u, emotion=None) for u in conversation.utterances))
            for conversation in conversations
        ]
    return make_examples(conversations, features, checkpoint.standardizers, checkpoint.labels)


def together(predictions: Sequence[Predictions]) -> npt.NDArray[np.float32]:
    """Mean of the members' probabilities, (utterance, emotion)."""
    mean: npt.NDArray[np.float32] = np.mean([p.probabilities for p in predictions], axis=0)
    return mean


def _name(path: Path) -> str:
    return path.parent.name if path.name == CHECKPOINT_FOLDER else path.name


def _number(name: str) -> int:
    digits = name.rpartition("-")[2]
    return int(digits) if digits.isdigit() else 0
