"""A damaged state is passed over for the one before, which is said, and the end is the same to the byte."""

from __future__ import annotations

import random
import shutil
from functools import partial
from pathlib import Path

import crossgate.training.loop as loop
from checks._forked import at_call, die
from checks._trainings import Trainings
from promise import Effort, Outcome

PROMISE = "a damaged state of a training is passed over, which is said, and the end is the same to the byte"
LIMIT = 300

DAMAGES = ("cut", "flipped", "empty", "missing")
FILES = ("state.safetensors", "progress.json")


def check(effort: Effort) -> Outcome:
    """Damage the newest state, or both, of a training killed in its last epoch, and resume it."""
    outcome, drawn = Outcome(), random.Random(effort.seed)
    trainings = Trainings(effort.work)
    # Two steps an epoch: the last one has the states of two epochs to lose.
    trainings.train("killed", wound=partial(at_call, loop, "update_average", 6, die))
    states = sorted(path.name for path in (effort.work / "killed" / "state").iterdir())
    if states != ["epoch-0001", "epoch-0002"]:
        raise RuntimeError(f"two states are kept, found {states}")
    for case in range(effort.cases(50, 4)):
        damage, file, both = DAMAGES[case % 4], FILES[case // 4 % 2], case % 5 == 4
        run = effort.work / f"case-{case}"
        shutil.copytree(effort.work / "killed", run)
        for state in states[0 if both else 1 :]:
            _hurt(run / "state" / state / file, damage, drawn)
        ended = trainings.train(run.name, "--resume")
        wrong = ended.said[-500:] if ended.code else trainings.difference(run.name)
        if f"{states[1]} is damaged" not in ended.said:
            wrong = wrong or f"nothing was said of it: {ended.said}"
        then = "begins anew" if both else f"going on from {states[0]}"
        if then not in ended.said:
            wrong = wrong or f"it was not said that it {then}: {ended.said}"
        if wrong:
            outcome.broken(f"{file} {damage}{' in both states' if both else ''}: {wrong}")
        else:
            outcome.met()
        shutil.rmtree(run)
    return outcome


def _hurt(path: Path, damage: str, drawn: random.Random) -> None:
    """Cut a file short, change a byte or empty it, at a place that is drawn; or remove it."""
    content = bytearray(path.read_bytes())
    if damage == "missing":
        path.unlink()
        return
    place = drawn.randrange(len(content))
    if damage == "flipped":
        while content[place : place + 1].isspace():  # white space between words of JSON says nothing
            place = drawn.randrange(len(content))
        content[place] ^= drawn.choice([1, 2, 4, 8, 16, 64, 128])
    path.write_bytes({"cut": content[:place], "flipped": content, "empty": b""}[damage])
