"""The training loop, plain and readable: one fit of one network on given examples."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from crossgate.errors import CrossgateError, InputError
from crossgate.evaluation.predictor import Predictions, predict
from crossgate.evaluation.subsets import predict_subsets
from crossgate.evaluation.validation import validation_figures
from crossgate.features.dataset import Example, collate
from crossgate.models.modality_dropout import ModalityDropout
from crossgate.models.network import Network
from crossgate.objectives.objective import objective
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.training.batches import bucketed
from crossgate.training.class_weights import class_weights
from crossgate.training.device import pick_device, uses_bfloat16
from crossgate.training.processes import Processes
from crossgate.training.randomness import Purpose, seed_torch
from crossgate.training.schedule import learning_rate_factor, update_average
from crossgate.training.settings import TrainingSettings
from crossgate.training.state import Progress, TrainingState

EpochEnd = Callable[[dict[str, Any]], None]
"""Called with the row of figures of every epoch that ends, on the first process only."""

Predicted = Callable[[int, Mapping[str, Predictions]], None]
"""Called with every epoch, counted from 1, and the predictions on the validation part from every subset of
modalities, the full one last."""


@dataclass(frozen=True)
class Fit:
    """What a fit ended with.

    Attributes:
        network: with the weights of the best epoch by validation, or of the last where there is none.
        best_epoch: counted from 1.
        rows: figures of every epoch.
    """

    network: Network
    best_epoch: int
    rows: list[dict[str, Any]]


def fit(
    network: Network,
    train: Sequence[Example],
    validation: Sequence[Example],
    *,
    objective_settings: ObjectiveSettings,
    settings: TrainingSettings,
    seed: int,
    state_folder: Path,
    stop_after: int | None = None,
    on_epoch: EpochEnd | None = None,
    on_predictions: Predicted | None = None,
    group: Processes | None = None,
) -> Fit:
    """Train, evaluate after every epoch, keep the best.

    Args:
        network: freshly initialised; it is trained in place.
        train: conversations to learn from.
        validation: conversations to choose the epoch by; empty keeps the last epoch.
        objective_settings: what is learned.
        settings: how.
        seed: of order, dropout and modality dropout.
        state_folder: where the state of the last epochs is kept; what is found there is continued.
        stop_after: end after this many epochs, the schedule still that of `settings.epochs`.
        on_epoch: told of every epoch, those found in `state_folder` included.
        on_predictions: given the predictions of every epoch before its state is kept.
        group: the processes that share the work.

    Raises CrossgateError where the loss is no longer a number, naming the conversations of the batch, and
    InputError where there are more processes than conversations in a batch.
    """
    group = group or Processes()
    if group.count > min(settings.batch_size, len(train)):
        raise InputError(
            f"{group.count} processes share batches of {min(settings.batch_size, len(train))} conversations",
            fix="start fewer processes, or raise training.batch_size",
        )
    device = pick_device(settings.device)
    network.to(device)
    average = copy.deepcopy(network)
    # Fused where the hardware has it: one pass over the weights instead of a dozen.
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
    state = TrainingState(network, average, optimizer, {}, Progress())
    state.restore(state_folder)
    if on_epoch and group.first:
        for row in state.progress.rows:
            on_epoch(row)
    hide = ModalityDropout(settings.hiding(network.modalities), settings.hide_turn).train().to(device)
    weights = class_weights(train, network.emotions, settings.class_weighting)
    weights = weights.to(device) if weights is not None else None
    lengths = [len(example) for example in train]
    steps = settings.epochs * math.ceil(len(train) / settings.batch_size)
    last_epoch = settings.epochs if stop_after is None else min(stop_after, settings.epochs)
    parameters = list(network.parameters())

    while state.progress.epoch < last_epoch:
        # The first process alone evaluates, so it alone knows; all of them stop together.
        if group.agree(out_of_patience(state, settings)):
            break
        started = time.perf_counter()
        epoch = state.progress.epoch
        network.train()
        sums: dict[str, float] = {}
        batches = bucketed(lengths, settings.batch_size, seed, epoch, at_least=group.count)
        for indices in batches:
            step = state.progress.step
            seed_torch(seed, Purpose.STEP, step, group.rank)
            factor = learning_rate_factor(step, steps, settings.warmup)
            for parameter_group in optimizer.param_groups:
                parameter_group["lr"] = settings.learning_rate * factor
            # Before the forward pass: its peak of memory needs no gradients.
            optimizer.zero_grad(set_to_none=True)
            batch = collate([train[index] for index in group.own(indices)]).to(device)
            with torch.autocast(device.type, torch.bfloat16, enabled=uses_bfloat16(settings, device)):
                views = network(batch.values, hide(batch.present), batch.speakers, batch.turns)
                loss = objective(views, batch.labels, objective_settings, weights, group.total)
            torch.autograd.backward(loss.total)
            group.average_gradients(parameters)
            norm = torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
            # A sum may overflow where its gradient does not.
            if not (math.isfinite(float(norm)) and math.isfinite(float(loss.total.detach()))):
                raise CrossgateError(
                    f"the loss or its gradient is no longer a number at step {step}",
                    where=f"epoch {epoch + 1}, conversations {', '.join(batch.conversations)}",
                    fix="lower training.learning_rate, in another folder; the epoch before is kept",
                )
            optimizer.step()
            update_average(list(average.parameters()), parameters, step, settings.average)
            for name, value in (("loss", loss.total.detach()), ("gradient", norm), *loss.terms.items()):
                sums[name] = sums.get(name, 0.0) + float(value) / len(batches)
            state.progress.step += 1
        state.progress.epoch += 1
        if group.first:
            row = {
                "epoch": epoch + 1,
                "step": state.progress.step,
                "learning_rate": settings.learning_rate * factor,
            }
            row |= {f"train/{name}": value for name, value in sums.items()}
            if validation:
                predictions = predict(average, validation, device=device)
                row |= validation_figures(predictions)
                if on_predictions:
                    subsets = predict_subsets(average, validation, list(average.views[:-1]), device=device)
                    on_predictions(epoch + 1, subsets | {average.views[-1]: predictions})
            keep_best(state, row.get("validation/weighted_f1"))
            row["seconds"] = time.perf_counter() - started
            state.progress.rows.append(row)
            state.save(state_folder)
            if on_epoch:
                on_epoch(row)
    network.load_state_dict(state.best or average.state_dict())
    return Fit(network, state.progress.best_epoch or state.progress.epoch, state.progress.rows)


def out_of_patience(state: TrainingState, settings: TrainingSettings) -> bool:
    """Whether too many epochs went by without a better one."""
    progress = state.progress
    return bool(
        settings.patience
        and progress.best_epoch
        and progress.epoch - progress.best_epoch >= settings.patience
    )


def keep_best(state: TrainingState, score: float | None) -> None:
    """Keep the averaged weights where the validation score is the best so far."""
    if score is not None and score > state.progress.best_score:
        state.progress.best_score = score
        state.progress.best_epoch = state.progress.epoch
        state.best = {name: value.detach().clone() for name, value in state.average.state_dict().items()}
