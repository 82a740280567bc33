"""Two processes that write one output folder: one of them is refused, and what is there is whole."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

from crossgate.errors import InputError
from crossgate.files import new_folder
from promise import Effort, Outcome

PROMISE = "of two processes that write one folder, one is refused and the folder is one's whole"
LIMIT = 120

FILES = 20


def check(effort: Effort) -> Outcome:
    """Let two processes meet at one folder, many times."""
    outcome = Outcome()
    context = multiprocessing.get_context("spawn")
    with context.Pool(2) as pool:
        for case in range(effort.cases(300)):
            folder = effort.work / str(case)
            said = pool.starmap(_write, [(folder, name) for name in ("one", "other")], chunksize=1)
            found = {path.read_text(encoding="utf-8") for path in folder.iterdir()}
            drafts = [path for path in effort.work.iterdir() if path.name.endswith(".tmp")]
            if said.count("written") == 1 and len(found) == 1 and not drafts:
                outcome.met()
            else:
                outcome.broken(f"case {case}: {said}, files of {found}, drafts left: {drafts}")
    return outcome


def _write(folder: Path, name: str) -> Any:
    try:
        with new_folder(folder) as draft:
            for number in range(FILES):
                (draft / str(number)).write_text(name, encoding="utf-8")
    except InputError:
        return "refused"
    return "written"
