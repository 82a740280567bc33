"""Trains a text encoder on labelled corpora, round by round; a killed run goes on where it was."""

from __future__ import annotations

import copy
import math
import re
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from crossgate.errors import CrossgateError
from crossgate.features.text.turn_encoder import Tokenizer, Tokens, TurnEncoder, pack
from crossgate.training.device import has_bfloat16, pick_device
from crossgate.training.randomness import Purpose, generator, seed_torch
from crossgate.training.schedule import learning_rate_factor, update_average
from crossgate.training.state import Progress, TrainingState
from crossgate.training.text.batches import Piece, batches, hide_words, pieces_of_round
from crossgate.training.text.losses import contrastive, divergence
from crossgate.training.text.settings import OptimizerSettings, TextTraining
from crossgate.training.text.sources import Source

Measure = Callable[[TurnEncoder], Mapping[str, float]]
"""Figures of an encoder after a round; the last round is kept whatever they are."""

SCHEDULE = 10_000
"""Steps the schedule is drawn on: the number of batches is not known before they are made."""


def fit_text(
    encoder: TurnEncoder,
    tokenizer: Tokenizer,
    sources: Sequence[Source],
    training: TextTraining,
    *,
    seed: int,
    state_folder: Path,
    measure: Measure | None = None,
    on_round: Callable[[dict[str, Any]], None] | None = None,
) -> list[dict[str, Any]]:
    """Train in place; the encoder ends with the averaged weights of the last round, on the settings' device.

    Returns a row a round. Raises InputError for a device that is not to be had, and CrossgateError where the
    loss is no longer a number.
    """
    settings = training.optimizer
    torch.set_num_threads(settings.threads)
    device = pick_device(settings.device, "optimizer.device")
    encoder.to(device)
    trained = {name: p for name, p in encoder.named_parameters() if p.requires_grad}
    parameters = nn.ParameterList(trained.values())
    average = copy.deepcopy(parameters)
    optimizer = torch.optim.AdamW(_groups(trained, settings), weight_decay=settings.weight_decay, fused=True)
    state = TrainingState(parameters, average, optimizer, {}, Progress())
    state.restore(state_folder)
    if on_round:
        for row in state.progress.rows:
            on_round(row)
    weights = [torch.from_numpy(source.class_weights).to(device) for source in sources]
    shares = [training.sources[source.name].share for source in sources]
    while state.progress.epoch < settings.rounds:
        started, number = time.perf_counter(), state.progress.epoch
        pieces = pieces_of_round(
            sources, shares, tokenizer, training.encoder, letters=settings.letters, seed=seed, number=number
        )
        made = batches(pieces, settings.batch_tokens, seed, number)
        encoder.train()
        total = 0.0
        for place, batch in enumerate(made):
            _set_rates(optimizer, (number + place / len(made)) / settings.rounds, settings.warmup)
            step = state.progress.step
            seed_torch(seed, Purpose.STEP, step)
            optimizer.zero_grad(set_to_none=True)
            with _precision(settings, device):
                loss = _loss(encoder, tokenizer, batch, sources, weights, training, seed, step)
            loss.backward()  # type: ignore[no-untyped-call]
            norm = torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
            if not (math.isfinite(float(norm)) and math.isfinite(float(loss.detach()))):
                ids = ", ".join(dict.fromkeys(piece.dialogue.id for piece in batch))
                raise CrossgateError(
                    f"the loss or its gradient is no longer a number at step {step}",
                    where=f"round {number + 1}, conversations {ids}",
                    fix="lower optimizer.learning_rate, in another folder; the round before is kept",
                )
            optimizer.step()
            update_average(list(average), list(parameters), step, settings.average)
            total += float(loss.detach()) / len(made)
            state.progress.step += 1
        state.progress.epoch += 1
        row = {"round": number + 1, "step": state.progress.step, "train/loss": total}
        row["seconds"] = time.perf_counter() - started
        if measure:
            with _Lent(list(parameters), list(average)), _precision(settings, device):
                encoder.eval()
                row |= measure(encoder)
        state.progress.rows.append(row)
        state.save(state_folder)
        if on_round:
            on_round(row)
    with torch.no_grad():
        for parameter, mean in zip(parameters, average, strict=True):
            parameter.copy_(mean)
    encoder.eval()
    return state.progress.rows


def _precision(settings: OptimizerSettings, device: torch.device) -> torch.autocast:
    """Computes in the precision that is asked for; weights stay in float32."""
    half = has_bfloat16(device) if settings.precision == "auto" else settings.precision == "bfloat16"
    return torch.autocast(device.type, torch.bfloat16, enabled=half)


class _Lent:
    """Lends the averaged weights to the network for an evaluation."""

    def __init__(self, current: list[Tensor], average: list[Tensor]) -> None:
        self._current, self._average = current, average

    def __enter__(self) -> None:
        self._kept = [value.detach().clone() for value in self._current]
        with torch.no_grad():
            torch._foreach_copy_(self._current, self._average)

    def __exit__(self, *_: object) -> None:
        with torch.no_grad():
            torch._foreach_copy_(self._current, self._kept)


def _loss(
    encoder: TurnEncoder,
    tokenizer: Tokenizer,
    batch: Sequence[Piece],
    sources: Sequence[Source],
    class_weights: Sequence[Tensor],
    training: TextTraining,
    seed: int,
    step: int,
) -> Tensor:
    """Cross-entropy of the labelled turns, head by head, and the terms that are switched on."""
    settings = training.optimizer
    tokens = pack([piece.turns for piece in batch], tokenizer.first, tokenizer.padding)
    hidden = hide_words(
        tokens.ids.numpy(),
        tokens.words.numpy() & (tokens.ids.numpy() != tokenizer.mark),
        settings.mask,
        tokenizer.mask,
        generator(seed, Purpose.STEP, step),
    )
    device = encoder.device
    tokens = Tokens(torch.from_numpy(hidden), tokens.turns, tokens.words, tokens.count).to(device)
    readings = [encoder(tokens) for _ in range(2 if settings.twice else 1)]
    losses, total = [], 0.0
    for index, source in enumerate(sources):
        rows = [row for row, piece in enumerate(batch) if piece.source == index]
        if not rows:
            continue
        targets = torch.zeros(len(rows), tokens.count, len(source.labels))
        for place, row in enumerate(rows):
            piece = batch[row]
            own = piece.dialogue.targets[piece.first : piece.first + len(piece.turns)]
            targets[place, : len(own)] = torch.from_numpy(own)
        targets = targets.to(device)
        labelled = targets.sum(dim=-1) > 0
        target = targets[labelled]
        weight = (target * class_weights[index]).sum(dim=-1) * training.sources[source.name].weight
        smooth = target * (1 - settings.smoothing) + settings.smoothing / target.shape[-1]
        logits = [encoder.classify(vectors[rows][labelled], source.name).float() for vectors in readings]
        for one in logits:
            losses.append(-(smooth * one.log_softmax(dim=-1)).sum(dim=-1) @ weight / len(logits))
        if settings.twice:
            losses.append(settings.twice * divergence(logits[0], logits[1]) @ weight)
        if settings.contrast:
            term = contrastive(readings[0][rows][labelled].float(), target.argmax(dim=-1))
            losses.append(settings.contrast * term @ weight)
        total += float(weight.sum())
    return torch.stack(losses).sum() / max(total, 1e-6)


def _groups(trained: Mapping[str, nn.Parameter], settings: OptimizerSettings) -> list[dict[str, Any]]:
    """Parameters with their peak learning rates: heads apart, lower layers slower."""
    layers = [int(match[1]) for name in trained if (match := re.search(r"\.layer\.(\d+)\.", name))]
    top = max(layers, default=0)
    groups = []
    for name, parameter in trained.items():
        if name.startswith("heads."):
            rate = settings.head_rate
        else:
            match = re.search(r"\.layer\.(\d+)\.", name)
            rate = settings.learning_rate * settings.layer_decay ** (top - int(match[1]) if match else top)
        groups.append({"params": [parameter], "lr": rate, "peak": rate})
    return groups


def _set_rates(optimizer: torch.optim.Optimizer, done: float, warmup: float) -> None:
    factor = learning_rate_factor(int(done * SCHEDULE), SCHEDULE, warmup)
    for group in optimizer.param_groups:
        group["lr"] = group["peak"] * factor
