"""Trains the face network: a plain loop that can be killed and taken up again with the same end."""

from __future__ import annotations

import copy
import math
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from crossgate.errors import CrossgateError, InputError
from crossgate.evaluation.expressions import ExpressionMetrics, measure_expressions
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER
from crossgate.features.visual.face_network import FaceNetwork, load_face_network, save_face_network
from crossgate.features.visual.face_settings import EXPRESSIONS
from crossgate.files import remove_drafts
from crossgate.locking import alone
from crossgate.training.device import processor_has_bfloat16
from crossgate.training.faces.augment import augment, mix
from crossgate.training.faces.configuration import face_training_json
from crossgate.training.faces.data import VotedFaces, read_voted_faces, vote_distributions
from crossgate.training.faces.record import FaceLog
from crossgate.training.faces.settings import FaceTraining
from crossgate.training.randomness import Purpose, generator, make_deterministic, seed_torch
from crossgate.training.record import close_run, take_up
from crossgate.training.schedule import learning_rate_factor, update_average
from crossgate.training.state import Progress, TrainingState

TRAIN_FILE, VALIDATION_FILE = "train.parquet", "validation.parquet"

STATE_FOLDER = "state"

EVALUATED = 256
"""Faces that are evaluated at once."""

EpochEnd = Callable[[dict[str, Any]], None]


def train_faces(
    settings: FaceTraining,
    data: Path,
    folder: Path,
    *,
    seed: int = 0,
    resume: bool = False,
    command: str = "crossgate encoder train-face",
) -> dict[str, Any]:
    """Train on `data/train.parquet`, choose the epoch on `data/validation.parquet`, and return the record.

    The network of the epoch with the best accuracy (majority protocol, averaged weights) is written to
    `folder/checkpoint`, and measured once more as it is there, in the precision of the file.

    Raises InputError where data, settings and folder do not go together, and where another process trains in
    the folder.
    """
    train, validation = read_voted_faces(data / TRAIN_FILE), read_voted_faces(data / VALIDATION_FILE)
    if not vote_distributions(train.votes)[1].any():
        raise InputError("no face on whose expression annotators agree", where=str(data / TRAIN_FILE))
    if (validation.majority < 0).all():
        raise InputError("no face with a majority to choose by", where=str(data / VALIDATION_FILE))
    recipe = {
        "settings": face_training_json(settings),
        "seed": seed,
        "data": {"sha256": {TRAIN_FILE: train.sha256, VALIDATION_FILE: validation.sha256}},
    }
    with alone(folder):
        record = take_up(folder, recipe, resume=resume, command=command)
        if record["status"] != "finished":
            record = close_run(folder, record, _trained(settings, train, validation, folder, seed))
        if (folder / STATE_FOLDER).exists():  # also of a process that was killed when it had finished
            shutil.rmtree(folder / STATE_FOLDER)
        remove_drafts(folder)
    return record


def _trained(
    settings: FaceTraining, train: VotedFaces, validation: VotedFaces, folder: Path, seed: int
) -> dict[str, Any]:
    """Train in a run's folder, and return what came of it."""
    targets, usable = vote_distributions(train.votes)
    make_deterministic(settings.threads)
    seed_torch(seed, Purpose.WEIGHTS)
    network = FaceNetwork(settings.network)
    with FaceLog(folder, "face network", settings.epochs).open() as log:
        progress = fit_faces(
            network,
            train.faces[usable],
            targets[usable],
            validation,
            settings=settings,
            seed=seed,
            state_folder=folder / STATE_FOLDER,
            on_epoch=log,
        )
    save_face_network(network, folder / CHECKPOINT_FOLDER)
    measured = evaluate_faces(load_face_network(folder / CHECKPOINT_FOLDER), validation)
    return {
        "epoch": progress.best_epoch,
        "epochs": progress.epoch,
        "bfloat16": uses_bfloat16(settings),
        "faces": {"train": int(usable.sum()), "train_dropped": int((~usable).sum())},
        "parameters": sum(parameter.numel() for parameter in network.parameters()),
        "validation": measured.to_json(),
    }


def fit_faces(
    network: FaceNetwork,
    faces: npt.NDArray[np.uint8],
    targets: npt.NDArray[np.float32],
    validation: VotedFaces,
    *,
    settings: FaceTraining,
    seed: int,
    state_folder: Path,
    stop_after: int | None = None,
    on_epoch: EpochEnd | None = None,
) -> Progress:
    """Train in place, evaluate after every epoch, end with the weights of the best.

    Args:
        network: freshly initialised.
        faces: (face, 48, 48) uint8, grey.
        targets: (face, expression), rows sum to 1.
        validation: faces to choose the epoch by.
        settings: how.
        seed: of order, augmentation and dropout.
        state_folder: where the state of the last epochs is kept; what is found there is continued.
        stop_after: end after this many epochs, the schedule still that of `settings.epochs`.
        on_epoch: told of every epoch, those found in `state_folder` included.

    Raises CrossgateError where the loss is no longer a number.
    """
    average = copy.deepcopy(network).eval()
    optimizer = _optimizer(network, settings)
    state = TrainingState(network, average, optimizer, {}, Progress())
    state.restore(state_folder)
    for row in state.progress.rows:
        if on_epoch:
            on_epoch(row)
    steps_an_epoch = max(1, len(faces) // settings.batch_size)
    steps = settings.epochs * steps_an_epoch
    everything = torch.from_numpy(faces).unsqueeze(1)
    wanted = torch.from_numpy(targets)
    weights = drawing_weights(targets, settings.balance)
    # The running statistics of the normalisation are averaged as well: they belong to the weights.
    averaged, current = _floats(average), _floats(network)
    parameters = list(network.parameters())
    half = uses_bfloat16(settings)
    last = settings.epochs if stop_after is None else min(stop_after, settings.epochs)

    while state.progress.epoch < last:
        started = time.perf_counter()
        epoch = state.progress.epoch
        network.train()
        total = 0.0
        for indices in epoch_batches(weights, settings.batch_size, steps_an_epoch, seed, epoch):
            step = state.progress.step
            seed_torch(seed, Purpose.STEP, step)
            factor = learning_rate_factor(step, steps, settings.warmup)
            for group in optimizer.param_groups:
                group["lr"] = settings.learning_rate * factor
            batch = augment(everything[indices].float() / 255, settings.augmentation)
            batch, target = mix(batch, wanted[indices], settings.mixup)
            target = target.lerp(torch.full_like(target, 1 / len(EXPRESSIONS)), settings.smoothing)
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                logits = network(batch).logits
            # Cross-entropy with the votes' distribution, the loss the FER+ paper found best with its PLD.
            loss = functional.cross_entropy(logits, target)
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            norm = torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
            if not (math.isfinite(float(norm)) and math.isfinite(float(loss.detach()))):
                raise CrossgateError(
                    f"the loss or its gradient is no longer a number at step {step}",
                    where=f"epoch {epoch + 1}",
                    fix="lower learning_rate, in another folder; the epoch before is kept",
                )
            optimizer.step()
            update_average(averaged, current, step, settings.average)
            total += float(loss.detach()) / steps_an_epoch
            state.progress.step += 1
        state.progress.epoch += 1
        measured = evaluate_faces(average, validation)
        row = {
            "epoch": epoch + 1,
            "step": state.progress.step,
            "learning_rate": settings.learning_rate * factor,
            "train/loss": total,
            "validation/accuracy": measured.accuracy,
            "validation/balanced_accuracy": measured.balanced_accuracy,
            "validation/negative_log_likelihood": measured.detail.negative_log_likelihood,
            "seconds": time.perf_counter() - started,
        }
        if measured.accuracy > state.progress.best_score:
            state.progress.best_score = measured.accuracy
            state.progress.best_epoch = epoch + 1
            state.best = {name: value.detach().clone() for name, value in average.state_dict().items()}
        state.progress.rows.append(row)
        state.save(state_folder)
        if on_epoch:
            on_epoch(row)
    network.load_state_dict(state.best or average.state_dict())
    network.eval()
    return state.progress


def evaluate_faces(network: FaceNetwork, faces: VotedFaces) -> ExpressionMetrics:
    """Measure a network on voted faces, by the majority protocol, in 32 bits and without flipping."""
    network.eval()
    labels = faces.majority
    posterior = np.full((len(faces), len(EXPRESSIONS)), 1 / len(EXPRESSIONS), dtype=np.float32)
    rows = np.flatnonzero(labels >= 0)
    with torch.inference_mode():
        for chosen in np.array_split(rows, max(1, math.ceil(len(rows) / EVALUATED))):
            batch = torch.from_numpy(faces.faces[chosen]).unsqueeze(1).float() / 255
            logits = network(batch).logits
            posterior[chosen] = logits.softmax(dim=-1).numpy()
    return measure_expressions(labels, posterior)


def drawing_weights(targets: npt.NDArray[np.float32], balance: float) -> npt.NDArray[np.float64]:
    """(face,) how often to draw a face in an epoch, on average; their mean is 1.

    Args:
        targets: (face, expression), rows sum to 1.
        balance: 0 draws all alike, 1 all expressions alike.
    """
    frequency = targets.mean(axis=0, dtype=np.float64)
    wanted = np.where(frequency > 0, np.maximum(frequency, 1e-12) ** -balance, 0)
    weights: npt.NDArray[np.float64] = targets.astype(np.float64) @ wanted
    weights /= weights.mean()
    return weights


def epoch_batches(
    weights: npt.NDArray[np.float64], batch_size: int, steps: int, seed: int, epoch: int
) -> Iterator[Tensor]:
    """Indices of the faces of each batch of an epoch, drawn by weight with as little chance as can be.

    Systematic sampling: a face of weight w comes at least floor(w) and at most floor(w) + 1 times, so that
    with equal weights every face comes once.
    """
    random = generator(seed, Purpose.ORDER, epoch)
    order = random.permutation(len(weights))
    if not np.allclose(weights, 1):
        edges = np.floor(np.cumsum(weights[order]) + random.random()).astype(np.int64)
        order = random.permutation(np.repeat(order, np.diff(edges, prepend=0)))
    for indices in np.array_split(order[: steps * batch_size], steps):
        if len(indices) > 1:  # the normalisation over a batch needs two
            yield torch.from_numpy(indices)


def uses_bfloat16(settings: FaceTraining) -> bool:
    """Whether convolutions run in 16 bits."""
    if settings.precision != "auto":
        return settings.precision == "bfloat16"
    return processor_has_bfloat16()


def _optimizer(network: FaceNetwork, settings: FaceTraining) -> torch.optim.SGD:
    kernels = [value for value in network.parameters() if value.ndim > 1]
    others = [value for value in network.parameters() if value.ndim == 1]
    return torch.optim.SGD(
        [
            {"params": kernels, "weight_decay": settings.weight_decay},
            {"params": others, "weight_decay": 0.0},
        ],
        lr=settings.learning_rate,
        momentum=settings.momentum,
        nesterov=settings.momentum > 0,
    )


def _floats(network: FaceNetwork) -> list[Tensor]:
    """Parameters and running statistics, sharing memory with the network."""
    return [value for value in network.state_dict().values() if value.is_floating_point()]
