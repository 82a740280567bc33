"""A service under mixed load for half an hour: what it holds does not grow, and nothing is lost."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from pathlib import Path
from statistics import median

from checks._service import Service, judged, service, wait
from checks._soak_load import Load
from promise import Effort, Outcome

PROMISE = "a service under mixed load grows in nothing, answers no 5xx, and ends every accepted job once"
LIMIT = 2400
BESIDE = True

SECONDS = 1800.0
"""Of the whole soak."""

RATE = 2.0
"""Requests a second at most: other checks run beside this one."""

GROWTH = 0.10
"""Of memory from the first half's highest level to that of the last quarter, at most; in either process. A
worker is begun anew where what it does is deleted, and grows to its level again."""

FLOOR = 48e6
"""Bytes that memory may grow by in any case: an allocator's arenas are not full after seconds."""

SPREAD = 12
"""Descriptors and threads by which an idle service may differ from itself: pools of connections to SQLite
of two files each, and of a few threads, fill up as it happens."""


def check(effort: Effort) -> Outcome:
    """Warm up, keep it busy, let it rest, compare; then delete everything and look what is left."""
    outcome = Outcome()
    effort.work.mkdir(exist_ok=True)
    with service(effort.work, "--requests-per-minute", "100000") as running:
        load = Load(running, random.Random(effort.seed))
        load.warm_up()
        rest(running, load)
        before, samples = held(running), list[dict[str, float]]()
        for _ in effort.until(SECONDS):
            begun = time.monotonic()
            load.one()
            if load.tried % 20 == 0:
                samples.append(held(running))
            time.sleep(max(0.0, 1 / RATE - (time.monotonic() - begun)))
        rest(running, load)
        after = held(running)
        judge_jobs(outcome, running, load)
        judge_held(outcome, before, after, samples)
        load.delete_everything()
        judge_left(outcome, running)
        load.close()
        said = Counter(load.statuses)
        outcome.said = (
            f"{load.tried} requests ({', '.join(f'{n} x {s}' for s, n in sorted(said.items()))}), "
            f"{load.talks} live turns, {len(load.accepted)} jobs accepted; "
            + ", ".join(f"{name} {before[name]:,.0f} -> {after[name]:,.0f}" for name in before)
            + f"; web MB by quarters: {_levels(samples, 'web MB')}"
        )
    return outcome


def rest(running: Service, load: Load) -> None:
    """Until nothing waits, and connections that nobody uses are closed."""
    load.let_go()
    wait(lambda: not load.waiting(), 300)
    time.sleep(8)


def held(running: Service) -> dict[str, float]:
    """What the two processes hold."""
    web, *workers = sorted(running.pids())
    found = {"web MB": _resident(web) / 1e6, "workers MB": sum(map(_resident, workers)) / 1e6}
    found["descriptors"] = _entries("fd", (web, *workers))
    found["threads"] = _entries("task", (web, *workers))
    return found


def judge_held(
    outcome: Outcome, before: dict[str, float], after: dict[str, float], samples: list[dict[str, float]]
) -> None:
    """Memory by its level, the rest by what an idle service has open."""
    early = [before, *samples[: len(samples) // 2]]
    late = samples[-max(1, len(samples) // 4) :] or [after]
    for name in ("web MB", "workers MB"):
        level, end = max(each[name] for each in early), median(each[name] for each in late)
        most = level + max(GROWTH * level, FLOOR / 1e6)
        judged(outcome, end <= most, f"{name} grew from {level:.0f} to {end:.0f}, {most:.0f} allowed")
    for name in ("descriptors", "threads"):
        close = after[name] <= before[name] + SPREAD
        judged(outcome, close, f"{name} grew from {before[name]:.0f} to {after[name]:.0f}")


def judge_jobs(outcome: Outcome, running: Service, load: Load) -> None:
    """Every request answered as it should be; every job that was accepted and not deleted ended once."""
    for wrong in load.wrong:
        outcome.broken(wrong)
    for _ in range(load.tried - len(load.wrong)):
        outcome.met()
    ended, attempts = load.all_listed(), running.outcomes()
    for id, good in load.accepted.items():
        if id in load.deleted:
            judged(outcome, id not in ended, f"{id} was deleted and is listed")
            continue
        state = ended.get(id, {}).get("state")
        wanted = ("COMPLETED", ["completed"]) if good else ("FAILED", ["failed"])
        found = (state, attempts.get(id))
        judged(outcome, found == wanted, f"job {id} is {found}, expected {wanted}")
    strangers = ended.keys() - load.accepted.keys()
    judged(outcome, not strangers, f"{len(strangers)} recordings that nobody sent")


def judge_left(outcome: Outcome, running: Service) -> None:
    """Nothing, after all was deleted."""
    media, scratch = running.data / "media", running.data / "scratch"
    left = [path for folder in (media, scratch) for path in folder.rglob("*") if path.is_file()]
    judged(outcome, not left, f"{len(left)} files are left after everything was deleted: {left[:3]}")
    left_rows = running.outcomes()
    judged(outcome, not left_rows, f"attempts of {len(left_rows)} recordings are left")
    said = running.log.read_text(encoding="utf-8", errors="replace")
    judged(outcome, "Traceback" not in said, f"the log has a traceback: {said[-500:]}")


def _entries(folder: str, pids: tuple[int, ...]) -> float:
    return float(sum(len(list(Path(f"/proc/{pid}/{folder}").iterdir())) for pid in pids))


def _levels(samples: list[dict[str, float]], name: str) -> str:
    """The level in each quarter of the time."""
    size = max(1, len(samples) // 4)
    quarters = [samples[at : at + size] for at in range(0, 4 * size, size)]
    return ", ".join(f"{median(one[name] for one in each):,.0f}" for each in quarters if each)


def _resident(pid: int) -> float:
    try:
        return float(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:  # it ended meanwhile
        return 0.0
