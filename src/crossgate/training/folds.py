"""Leaving one group out: who is left out when, which epoch the folds choose, and what they predicted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load_file, save_file

from crossgate.corpora.table import Split
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.evaluation.predictor import Predictions
from crossgate.evaluation.probabilities import write_probabilities
from crossgate.evaluation.run_folder import FOLD_PREDICTIONS, FOLD_SUBSET
from crossgate.files import new_file


def fold_names(split: Split, group: str) -> list[str]:
    """The fold of every conversation by the first group of a regular expression in its id.

    Raises InputError where an id does not match, or where there are fewer than two folds.
    """
    names = []
    for conversation in split.conversations:
        match = re.search(group, conversation.id)
        if match is None or not match.group(1):
            raise InputError(
                f"the id does not match selection.group {group!r}, so its fold is not known",
                where=f"split {split.name}, conversation {conversation.id}",
                fix="correct selection.group, or set selection.by to validation",
            )
        if not re.fullmatch(r"[\w-]+", match.group(1)):  # it becomes the name of a folder
            raise InputError(
                f"the fold would be called {match.group(1)!r}; expected letters, digits, _ and - only",
                where=f"split {split.name}, conversation {conversation.id}",
                fix="narrow the group in selection.group",
            )
        names.append(match.group(1))
    if len(set(names)) < 2:
        raise InputError(f"selection.group {group!r} gives fewer than two folds: {', '.join(set(names))}")
    return names


def choose_epoch(curves: dict[str, list[float]]) -> dict[str, Any]:
    """The epoch with the best mean over folds, and what that choice says of itself.

    Args:
        curves: weighted F1 after every epoch, by the fold that was left out.

    Returns:
        `epoch` (counted from 1); `weighted_f1` and `folds`, the scores at it; and `nested_weighted_f1`, where
        the epoch of every fold is chosen by the other folds alone, so that no fold chose for itself.
    """
    scores = np.array(list(curves.values()))
    best = int(scores.mean(axis=0).argmax())
    nested = [
        scores[fold, int(np.delete(scores, fold, axis=0).mean(axis=0).argmax())]
        for fold in range(len(scores))
    ]
    return {
        "epoch": best + 1,
        "weighted_f1": float(scores[:, best].mean()),
        "weighted_f1_sd": float(scores[:, best].std(ddof=1)),
        "nested_weighted_f1": float(np.mean(nested)),
        "folds": {name: float(curve[best]) for name, curve in curves.items()},
    }


def keep_predictions(folder: Path, epoch: int, predictions: Mapping[str, Predictions]) -> None:
    """Keep a fold's probabilities after an epoch: which epoch will count is only known when all folds end.

    `predictions` are by the subset of modalities the network was given, the full one last.
    """
    with new_file(folder / "epochs" / f"{epoch:04d}.safetensors") as draft:
        save_file({name: np.ascontiguousarray(one.probabilities) for name, one in predictions.items()}, draft)


def join_predictions(
    folder: Path, split: Split, folds: Sequence[str], epoch: int, labels: LabelSet
) -> npt.NDArray[np.float32]:
    """Write the out-of-fold predictions of the chosen epoch, a file for each subset of modalities.

    Args:
        folder: holds a folder for every fold.
        split: the training split.
        folds: of every conversation.
        epoch: counted from 1.
        labels: the label set.

    Returns:
        probabilities (utterance, emotion) of the full set of modalities, in the order of the split.
    """
    rows = np.repeat(np.asarray(folds), [len(conversation) for conversation in split.conversations])
    joined: dict[str, npt.NDArray[np.float32]] = {}
    for name in dict.fromkeys(folds):
        for subset, values in load_file(folder / name / "epochs" / f"{epoch:04d}.safetensors").items():
            joined.setdefault(subset, np.zeros((split.rows, len(labels)), dtype=np.float32))
            joined[subset][rows == name] = values
    full = max(joined, key=len)
    for subset, values in joined.items():
        file = FOLD_PREDICTIONS.name if subset == full else FOLD_SUBSET.format(subset)
        write_probabilities(folder / file, split.conversations, values, labels, overwrite=True)
    return joined[full]
