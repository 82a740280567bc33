"""The two contestants, each trained by the step its own code base trains by, and the process each runs in.

Started by `training.py` with a `Task` as JSON. It builds the data, then the model, warms up, and then trains
an epoch for every line it reads; it answers each with a line of JSON.
"""

from __future__ import annotations

import copy
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from torch import nn

import memory
from crossgate.conversation import MODALITIES, Conversation, Modality, Utterance
from crossgate.emotions import MELD
from crossgate.features.dataset import Example, collate
from crossgate.models.crossgate import CrossGate
from crossgate.models.modality_dropout import ModalityDropout
from crossgate.models.settings import ModelSettings
from crossgate.objectives.objective import objective
from crossgate.objectives.settings import ObjectiveSettings
from crossgate.training.batches import bucketed
from crossgate.training.class_weights import class_weights
from crossgate.training.device import pick_device, uses_bfloat16
from crossgate.training.processes import Processes
from crossgate.training.randomness import Purpose, make_deterministic, seed_torch
from crossgate.training.schedule import learning_rate_factor, update_average
from crossgate.training.settings import TrainingSettings
from sdt import SDT, SDTSettings, sdt_loss

DIMENSIONS: dict[Modality, int] = {"text": 1024, "audio": 300, "visual": 342}
"""MELD's community features: RoBERTa-large, openSMILE, DenseNet."""

BATCH_SIZE = 8
"""Conversations a step, as SDT's recipe for MELD has it."""

Name = Literal["crossgate", "sdt"]


@dataclass(frozen=True)
class Task:
    """What a child process is to do.

    Attributes:
        contestant: which of the two.
        threads: of torch.
        seed: of data, weights and order.
        conversations: in an epoch.
        warm_up: steps before the first timed epoch.
        freeze_gates: whether SDT's branch gates stay the identity.
    """

    contestant: Name
    threads: int
    seed: int
    conversations: int
    warm_up: int
    freeze_gates: bool


class Contestant(Protocol):
    """Something that trains."""

    @property
    def network(self) -> nn.Module:
        """What it trains."""
        ...

    def epoch(self, number: int, steps: int | None = None) -> float:
        """Train an epoch, counted from 0, or its first `steps`; returns the mean loss."""
        ...


class Ours:
    """The `paper` preset, trained step by step as `crossgate.training.loop.fit` does."""

    def __init__(self, train: Sequence[Example], task: Task) -> None:
        self.train, self.seed = train, task.seed
        self.settings = TrainingSettings(batch_size=BATCH_SIZE, device="cpu", threads=task.threads)
        self.objective = ObjectiveSettings()
        make_deterministic(task.threads)
        seed_torch(task.seed, Purpose.WEIGHTS)
        self.device = pick_device(self.settings.device)
        self.group = Processes()
        self.network = CrossGate(ModelSettings(), DIMENSIONS, len(MELD)).to(self.device)
        self.average = copy.deepcopy(self.network)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(),
            lr=self.settings.learning_rate,
            weight_decay=self.settings.weight_decay,
            fused=True,
        )
        hiding = self.settings.hiding(self.network.modalities)
        self.hide = ModalityDropout(hiding, self.settings.hide_turn).train().to(self.device)
        self.weights = class_weights(train, len(MELD), self.settings.class_weighting)
        self.lengths = [len(example) for example in train]
        self.steps = self.settings.epochs * math.ceil(len(train) / BATCH_SIZE)
        self.parameters = list(self.network.parameters())
        self.step = 0

    def epoch(self, number: int, steps: int | None = None) -> float:
        """As `Contestant`."""
        settings, parameters = self.settings, self.parameters
        self.network.train()
        sums: dict[str, float] = {}
        batches = bucketed(self.lengths, BATCH_SIZE, self.seed, number, at_least=self.group.count)[:steps]
        for indices in batches:
            seed_torch(self.seed, Purpose.STEP, self.step, self.group.rank)
            factor = learning_rate_factor(self.step, self.steps, settings.warmup)
            for options in self.optimizer.param_groups:
                options["lr"] = settings.learning_rate * factor
            self.optimizer.zero_grad(set_to_none=True)
            batch = collate([self.train[index] for index in self.group.own(indices)]).to(self.device)
            with torch.autocast("cpu", torch.bfloat16, enabled=uses_bfloat16(settings, self.device)):
                views = self.network(batch.values, self.hide(batch.present), batch.speakers, batch.turns)
                loss = objective(views, batch.labels, self.objective, self.weights, self.group.total)
            torch.autograd.backward(loss.total)
            self.group.average_gradients(parameters)
            norm = torch.nn.utils.clip_grad_norm_(parameters, settings.clip)
            if not math.isfinite(float(norm)):
                raise ValueError(f"the gradient is no longer a number at step {self.step}")
            self.optimizer.step()
            update_average(list(self.average.parameters()), parameters, self.step, settings.average)
            for name, value in (("loss", loss.total.detach()), ("gradient", norm), *loss.terms.items()):
                sums[name] = sums.get(name, 0.0) + float(value) / len(batches)
            self.step += 1
        return sums["loss"]


class Theirs:
    """SDT, trained as its public code does: random batches padded to their longest, plain Adam, no more.

    Not counted, to SDT's advantage: its bookkeeping of predictions for a training score.
    """

    def __init__(self, train: Sequence[Example], task: Task) -> None:
        self.train = train
        torch.set_num_threads(task.threads)
        torch.manual_seed(task.seed)
        self.random = np.random.default_rng(task.seed)
        self.settings = SDTSettings(freeze_gates=task.freeze_gates)
        self.network = SDT(self.settings, DIMENSIONS, len(MELD))
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=5e-6, weight_decay=1e-5)

    def epoch(self, number: int, steps: int | None = None) -> float:
        """As `Contestant`."""
        self.network.train()
        order = self.random.permutation(len(self.train)).tolist()
        batches = [order[start : start + BATCH_SIZE] for start in range(0, len(order), BATCH_SIZE)][:steps]
        total = 0.0
        for indices in batches:
            self.optimizer.zero_grad()
            batch = collate([self.train[index] for index in indices])
            logits = self.network(batch.values, batch.speakers, batch.turns)
            loss = sdt_loss(logits, batch.labels, batch.turns, self.settings.temperature)
            total += loss.item() / len(batches)
            torch.autograd.backward(loss)
            self.optimizer.step()
        return total


CONTESTANTS: dict[Name, Callable[[Sequence[Example], Task], Contestant]] = {"crossgate": Ours, "sdt": Theirs}


def conversation_lengths(count: int, seed: int) -> list[int]:
    """Turns of each conversation, drawn to match MELD's train split: mean 9.6, deviation 5.8, 1 to 24."""
    # The beta distribution over [1, 24] that has this mean and this deviation.
    drawn = 1 + 23 * np.random.default_rng(seed).beta(1.0, 1.675, count)
    return [round(length) for length in drawn.tolist()]


def random_examples(count: int, seed: int) -> list[Example]:
    """Conversations of MELD's sizes with random features and labels, every modality present."""
    draw = torch.Generator().manual_seed(seed)
    random = np.random.default_rng(seed)
    examples = []
    for index, length in enumerate(conversation_lengths(count, seed)):
        speakers = random.integers(0, 4, length)
        conversation = Conversation(
            f"c{index}", tuple(Utterance(f"c{index}u{turn}", str(who)) for turn, who in enumerate(speakers))
        )
        examples.append(
            Example(
                conversation,
                {m: torch.randn(length, DIMENSIONS[m], generator=draw) for m in MODALITIES},
                torch.ones(len(MODALITIES), length, dtype=torch.bool),
                torch.tensor(conversation.speaker_indices()),
                torch.randint(len(MELD), (length,), generator=draw),
            )
        )
    return examples


def compete(task: Task) -> None:
    """Measure: what is held before the model is built, then epochs on request."""
    torch.set_num_threads(task.threads)
    train = random_examples(task.conversations, task.seed)
    _import_late()
    memory.settle()
    reset = memory.forget_peak()
    before = memory.resident()
    contestant = CONTESTANTS[task.contestant](train, task)
    contestant.epoch(0, task.warm_up)
    trained = [p.numel() for p in contestant.network.parameters() if p.requires_grad]
    _answer(
        before=before,
        peak_was_reset=reset,
        parameters=sum(p.numel() for p in contestant.network.parameters()),
        trained_parameters=sum(trained),
    )
    for number, _ in enumerate(sys.stdin, start=1):
        started, busy = time.perf_counter(), time.process_time()
        loss = contestant.epoch(number)
        _answer(
            seconds=time.perf_counter() - started,
            processor=time.process_time() - busy,
            loss=loss,
            peak=memory.peak(),
        )


def _import_late() -> None:
    """Have torch import what it puts off until the first optimizer, some 70 MiB that no model needs."""
    weight = torch.zeros(1, requires_grad=True)
    for optimizer in (torch.optim.Adam([weight]), torch.optim.AdamW([weight], fused=True)):
        torch.autograd.backward(weight.sum())
        optimizer.step()


def _answer(**figures: float) -> None:
    print(json.dumps(figures), flush=True)


def as_json(task: Task) -> str:
    """The argument a child process is started with."""
    return json.dumps(asdict(task))


if __name__ == "__main__":
    compete(Task(**json.loads(sys.argv[1])))
