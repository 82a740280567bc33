"""A training that is killed at any moment goes on, and ends with the bytes of one that was not."""

from __future__ import annotations

import random
from functools import partial

import crossgate.training.loop as loop
import crossgate.training.run as run_module
import crossgate.training.state as state
from checks._forked import at_call, changes_of, die, die_at_change
from checks._trainings import Trainings, Wound
from crossgate.cli.main import main
from promise import Effort, Outcome

PROMISE = "a training killed at any moment goes on, and ends with the bytes of one that was not"
LIMIT = 900

KILLS = 50

PLACES = (
    (loop, "update_average", "a step"),
    (loop, "predict", "the evaluation"),
    (loop, "predict_subsets", "the evaluation of the folds"),
    (state, "save_file", "the tensors of a state"),
    (state, "write_json", "the progress of a state"),
    (state, "new_folder", "a state"),
    (run_module, "close_run", "the record"),
    (run_module, "_clean_up", "clearing up"),
)
"""Functions to die before or after, and what they do."""


def check(effort: Effort) -> Outcome:
    """Kill trainings by time, by changes of the disk and by calls, selected either way, and resume them."""
    outcome, drawn, fell = Outcome(), random.Random(effort.seed), 0
    for folds in (False, True):
        trainings = Trainings(effort.work / ("folds" if folds else "validation"), folds=folds)
        changes = changes_of(partial(main, trainings.arguments("counted")))
        for case in range(effort.cases(KILLS, 3)):
            name, how = f"case-{case}", ""
            for _ in range(2 if case % 10 == 9 else 1):  # now and then, the resumed one is killed as well
                options = ["--resume"] if how else []
                if case % 3 == 0:
                    after = drawn.uniform(0, trainings.seconds)
                    how += f"after {after:.3f} s, "
                    fell += trainings.train(name, *options, kill_after=after).killed
                    continue
                wound, words = _by_change(drawn, changes) if case % 3 == 1 else _by_call(drawn, folds)
                how += f"{words}, "
                fell += trainings.train(name, *options, wound=wound).killed
            ended = trainings.train(name, "--resume")
            wrong = ended.said[-500:] if ended.code else trainings.difference(name)
            if wrong:
                outcome.broken(f"selected by {'folds' if folds else 'validation'}, killed {how}{wrong}")
            else:
                outcome.met()
    outcome.said = f"{fell} kills fell before the end, none undid the others' work"
    return outcome


def _by_change(drawn: random.Random, changes: int) -> tuple[Wound, str]:
    number = drawn.randint(1, changes)
    return partial(die_at_change, number), f"before change {number} of {changes} of the disk"


def _by_call(drawn: random.Random, folds: bool) -> tuple[Wound, str]:
    module, name, words = drawn.choice([place for place in PLACES if folds or place[1] != "predict_subsets"])
    once = name in ("close_run", "_clean_up")
    number, after = 1 if once else drawn.randint(1, 3), drawn.random() < 0.5
    wound = partial(at_call, module, name, number, die, after=after)
    return wound, f"{'after' if after else 'before'} call {number} of {words}"
