"""Several seeds in one loop: their networks stacked, so that one pass trains all of them.

A network this small leaves a GPU idle between its operations; N networks in one operation take little longer
than one. Every seed keeps the order, the hidden modalities and the dropout masks it has when it is trained
alone, drawn by the same generators; batches are padded to the longest and largest among the seeds, and
padding means nothing. What a seed ends with is therefore what it ends with alone, up to the rounding of sums.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call

from crossgate.conversation import Modality
from crossgate.emotions import UNLABELLED
from crossgate.errors import CrossgateError
from crossgate.evaluation.predictor import predict
from crossgate.evaluation.validation import validation_figures
from crossgate.features.dataset import Example
from crossgate.models.crossgate import CrossGate
from crossgate.models.modality_dropout import ModalityDropout
from crossgate.models.stacked import DropMasks
from crossgate.objectives.objective import objective
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.training.batches import bucketed
from crossgate.training.class_weights import class_weights
from crossgate.training.device import pick_device, uses_bfloat16
from crossgate.training.loop import EpochEnd, Fit, keep_best
from crossgate.training.randomness import Purpose, seed_torch
from crossgate.training.schedule import learning_rate_factor, update_average
from crossgate.training.settings import TrainingSettings
from crossgate.training.stacked_seeds import StackedSeeds, ended


@dataclass(frozen=True)
class SeedBatches:
    """A batch of every seed, padded to one shape.

    Attributes:
        values: per modality (seed, batch, turn, feature).
        present: (seed, modality, batch, turn) bool.
        speakers: (seed, batch, turn).
        turns: (seed, batch, turn) bool, False at padding.
        labels: (seed, batch, turn).
    """

    values: dict[Modality, Tensor]
    present: Tensor
    speakers: Tensor
    turns: Tensor
    labels: Tensor


class Bank:
    """All training utterances on the device, from which the batches of all seeds are one gather."""

    def __init__(self, examples: Sequence[Example], device: torch.device) -> None:
        def rows(parts: list[Tensor], fill: Tensor) -> Tensor:
            return torch.cat([*parts, fill]).to(device)  # the last row is what stands at padding

        self.values = {
            m: rows([example.values[m] for example in examples], torch.zeros(1, first.shape[1]))
            for m, first in examples[0].values.items()
        }
        modalities = len(self.values)
        present = [example.present.T for example in examples]
        self.present = rows(present, torch.zeros(1, modalities, dtype=torch.bool))
        self.speakers = rows([example.speakers for example in examples], torch.zeros(1, dtype=torch.int64))
        self.labels = rows([example.labels for example in examples], torch.tensor([UNLABELLED]))
        self.device = device
        lengths = torch.tensor([len(example) for example in examples])
        self.ends = lengths.cumsum(0).tolist()
        self.lengths: list[int] = lengths.tolist()

    def batches(self, chosen: Sequence[Sequence[int]]) -> SeedBatches:
        """The batch of every seed; `chosen` are its conversations."""
        length = max(self.lengths[index] for indices in chosen for index in indices)
        padding = self.ends[-1]
        rows = torch.full((len(chosen), max(map(len, chosen)), length), padding)
        for seed, indices in enumerate(chosen):
            for place, index in enumerate(indices):
                turns = self.lengths[index]
                rows[seed, place, :turns] = torch.arange(self.ends[index] - turns, self.ends[index])
        rows = rows.to(self.device)
        return SeedBatches(
            {modality: values[rows] for modality, values in self.values.items()},
            self.present[rows].movedim(-1, 1),
            self.speakers[rows],
            rows != padding,
            self.labels[rows],
        )


def fit_together(
    networks: Sequence[CrossGate],
    train: Sequence[Example],
    validation: Sequence[Example],
    *,
    objective_settings: ObjectiveSettings,
    settings: TrainingSettings,
    seeds: Sequence[int],
    state_folders: Sequence[Path],
    on_epoch: Sequence[EpochEnd],
) -> list[Fit]:
    """`fit` for several seeds at once; arguments as there, one of each a seed where they are several.

    The states in `state_folders` are those of a training alone: a seed can be taken up either way.

    Raises CrossgateError where a seed's loss is no longer a number, and InputError where the states are of
    epochs that do not go together.
    """
    device = pick_device(settings.device)
    stack = StackedSeeds(networks, settings, device)
    stack.restore(state_folders, settings)
    states, averages = stack.states, stack.average_networks
    for state, tell in zip(states, on_epoch, strict=True):
        for known in state.progress.rows:
            tell(known)
    weights = class_weights(train, networks[0].emotions, settings.class_weighting)
    weights = weights.to(device) if weights is not None else None
    bank = Bank(train, device)
    hide = ModalityDropout(settings.hiding(networks[0].modalities), settings.hide_turn).train().to(device)
    steps = settings.epochs * math.ceil(len(train) / settings.batch_size)
    reader = networks[0].train()  # whose weights `functional_call` replaces
    parameters = list(stack.parameters.values())

    def loss_of(
        own: dict[str, Tensor], batch: tuple[Any, ...], masks: DropMasks | None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        *inputs, labels = batch
        views = functional_call(reader, own, (*inputs, masks))
        loss = objective(views, labels, objective_settings, weights)
        return loss.total, {"loss": loss.total.detach(), **loss.terms}

    while True:
        running = [index for index, state in enumerate(states) if not ended(state, settings)]
        if not running:
            break
        started = time.perf_counter()
        epoch, step = states[running[0]].progress.epoch, states[running[0]].progress.step
        orders = [bucketed(bank.lengths, settings.batch_size, seed, epoch) for seed in seeds]
        sums: dict[str, Tensor] = {}
        factor = 1.0
        for chosen in zip(*orders, strict=True):
            factor = learning_rate_factor(step, steps, settings.warmup)
            stack.optimizer.param_groups[0]["lr"] = settings.learning_rate * factor
            stack.optimizer.zero_grad(set_to_none=True)
            batch = bank.batches(chosen)
            present, masks = _drawn(batch, chosen, bank.lengths, hide, reader, seeds, step)
            inputs = (batch.values, present, batch.speakers, batch.turns, batch.labels)
            with torch.autocast(device.type, torch.bfloat16, enabled=uses_bfloat16(settings, device)):
                dims = (0, 0, None if masks is None else 0)
                call = torch.vmap(loss_of, in_dims=dims, randomness="different")
                losses, terms = call(stack.parameters, inputs, masks)
            torch.autograd.backward(losses.sum())
            norms = _clip(parameters, settings.clip)
            broken = [index for index in running if not math.isfinite(norms[index])]
            if broken:
                raise CrossgateError(
                    f"the loss or its gradient is no longer a number at step {step}",
                    where=f"seed {seeds[broken[0]]}, epoch {epoch + 1}",
                    fix="lower training.learning_rate; the state of the epoch before is kept",
                )
            stack.optimizer.step()
            update_average(list(stack.averages.values()), parameters, step, settings.average)
            for name, value in (*terms.items(), ("gradient", norms.to(device))):
                sums[name] = sums.get(name, torch.zeros_like(value)) + value / len(orders[0])
            step += 1
        figures = {name: value.tolist() for name, value in sums.items()}
        for index in running:
            state = states[index]
            state.progress.epoch, state.progress.step = epoch + 1, step
            row: dict[str, Any] = {
                "epoch": epoch + 1,
                "step": step,
                "learning_rate": settings.learning_rate * factor,
            }
            row |= {f"train/{name}": values[index] for name, values in figures.items()}
            if validation:
                row |= validation_figures(predict(averages[index], validation, device=device))
            keep_best(state, row.get("validation/weighted_f1"))
            row["seconds"] = (time.perf_counter() - started) / len(running)
            state.progress.rows.append(row)
            stack.save(index, state_folders[index])
            on_epoch[index](row)
    fits = []
    for network, state in zip(networks, states, strict=True):
        network.load_state_dict(state.best or state.average.state_dict())
        progress = state.progress
        fits.append(Fit(network, progress.best_epoch or progress.epoch, progress.rows))
    return fits


def _drawn(
    batch: SeedBatches,
    chosen: Sequence[Sequence[int]],
    lengths: Sequence[int],
    hide: ModalityDropout,
    network: CrossGate,
    seeds: Sequence[int],
    step: int,
) -> tuple[Tensor, DropMasks | None]:
    """Presence with hidden modalities, and dropout masks, of every seed as it draws them alone."""
    _, most, longest = batch.turns.shape
    present = batch.present.clone()
    masks = []
    for index, indices in enumerate(chosen):
        seed_torch(seeds[index], Purpose.STEP, step, 0)
        count, turns = len(indices), max(lengths[i] for i in indices)
        present[index, :, :count, :turns] = hide(batch.present[index, :, :count, :turns])
        drawn = network.draw_masks(count, turns, present.device)
        if drawn is not None:
            masks.append(drawn.padded(most - count, longest - turns))
    return present, DropMasks(*map(torch.stack, zip(*masks, strict=True))) if masks else None


def _clip(parameters: Sequence[Tensor], most: float) -> Tensor:
    """Limit the norm of every seed's gradient, in place; returns the norms before, (seed,), on the CPU."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norms = torch.stack([torch.linalg.vector_norm(g.flatten(1), dim=1) for g in gradients]).norm(dim=0)
    scale = (most / (norms + 1e-6)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(scale.view(-1, *[1] * (gradient.dim() - 1)))
    found: Tensor = norms.cpu()
    return found
