"""A loss that is no number stops a training by name, and what was trained before is there to go on from."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import crossgate.training.loop as loop
from checks._forked import files_of
from checks._trainings import Trainings
from promise import Effort, Outcome

PROMISE = "a loss that is no number stops a training, names its conversations and leaves the state before it"
LIMIT = 300

POISONS = ("nan in a feature", "infinity in a feature", "infinite loss, finite gradient", "nan as the loss")
STEPS, STEPS_AN_EPOCH = 6, 2


def check(effort: Effort) -> Outcome:
    """Poison a step of a training, look at what is said and left, and resume without the poison."""
    outcome, drawn = Outcome(), random.Random(effort.seed)
    trainings = Trainings(effort.work)
    for case in range(effort.cases(40, 4)):
        name, poison, step = f"case-{case}", POISONS[case % 4], drawn.randrange(STEPS)
        ended = trainings.train(name, wound=partial(_poison, poison, step, effort.work / "batch"))
        ids = (effort.work / "batch").read_text(encoding="utf-8")
        epoch = step // STEPS_AN_EPOCH
        wanted = [f"no longer a number at step {step}", f"epoch {epoch + 1}, conversations {ids}", "  -> "]
        missing = [words for words in wanted if words not in ended.said]
        states = {Path(file).parent.name for file in files_of(effort.work / name / "state")}
        kept = {f"epoch-{number:04d}" for number in (epoch - 1, epoch) if number > 0}
        if ended.code != 1 or "Traceback" in ended.said or missing:
            outcome.broken(f"{poison} at step {step}: exit code {ended.code}, {ended.said[-800:]}")
        elif states != kept:
            outcome.broken(f"{poison} at step {step}: the states {states} are there, expected {kept}")
        else:
            ended = trainings.train(name, "--resume")
            wrong = ended.said[-500:] if ended.code else trainings.difference(name)
            if wrong:
                outcome.broken(f"{poison} at step {step}, resumed without it: {wrong}")
            else:
                outcome.met()
    _explode(trainings, outcome)
    return outcome


def _explode(trainings: Trainings, outcome: Outcome) -> None:
    """A rate that is far too high, and a resume with a lower one, which is another training."""
    huge = ["training.learning_rate=1e30", "training.clip=1e30"]
    ended = trainings.train("huge", *huge)
    again = trainings.train("huge", *huge, "--resume")
    lower = trainings.train("huge", "--resume")
    if ended.code != 1 or "no longer a number" not in ended.said or "learning_rate" not in ended.said:
        outcome.broken(f"a rate of 1e30: exit code {ended.code}, {ended.said[-500:]}")
    elif again.code != 1 or again.said[-200:] != ended.said[-200:]:
        outcome.broken(f"a rate of 1e30, resumed: exit code {again.code}, {again.said[-500:]}")
    elif lower.code != 2 or "another folder" not in lower.said:
        outcome.broken(f"resumed with another rate: exit code {lower.code}, {lower.said[-500:]}")
    else:
        outcome.met()


def _poison(poison: str, step: int, noted: Path) -> None:
    """Poison the batch or the loss of one step, and note the conversations of its batch."""
    collate, objective, calls = loop.collate, loop.objective, [-1]

    def collated(examples: Any) -> Any:
        calls[0] += 1
        batch = collate(examples)
        if calls[0] == step:
            noted.write_text(", ".join(batch.conversations), encoding="utf-8")
            if "feature" in poison:
                batch.values["text"][0, 0, 0] = float(poison.split()[0].replace("infinity", "inf"))
        return batch

    def measured(*arguments: Any) -> Any:
        found = objective(*arguments)
        if calls[0] == step and "loss" in poison:
            found.total.data.fill_(float("inf" if "infinite" in poison else "nan"))
        return found

    patched: tuple[tuple[str, Callable[..., Any]], ...] = (("collate", collated), ("objective", measured))
    for name, function in patched:
        setattr(loop, name, function)
