"""The record and the curves of a run that trains the face network."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from crossgate.errors import InputError
from crossgate.evaluation.run_folder import RUN_FILE
from crossgate.files import write_json
from crossgate.training.record import EpochLog, read_run, versions_and_machine


def open_face_run(folder: Path, recipe: dict[str, Any], *, resume: bool, command: str) -> dict[str, Any]:
    """Begin or take up a run and return its record.

    Args:
        folder: of the run.
        recipe: what the numbers follow from (settings, seed, hashes of the data), as plain JSON values.
        resume: go on with what is there.
        command: as it was given.

    Raises InputError where the folder holds another run, or one that is not to be continued.
    """
    if (folder / RUN_FILE).exists():
        record = read_run(folder)
        if not resume:
            raise InputError(
                "a run is there already", where=str(folder), fix="go on with --resume, or name another folder"
            )
        for part, value in recipe.items():
            if record.get(part) != value:
                raise InputError(
                    f"the run there has another {part}: {record.get(part)!r}, now {value!r}",
                    where=str(folder),
                    fix="resume with what it was started with, or name another folder",
                )
        return record
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError("exists already and is not a run", where=str(folder), fix="name another folder")
    record = recipe | {"status": "running", "command": command} | versions_and_machine()
    record["versions"]["pillow"] = version("pillow")  # it decodes the images
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / RUN_FILE, record)
    return record


class FaceLog(EpochLog):
    """The curves, with accuracy beside the bar."""

    def _figures(self) -> str:
        scores = [row["validation/accuracy"] for row in self._rows]
        loss = self._rows[-1]["train/loss"]
        return f"loss {loss:.3f}  accuracy {100 * scores[-1]:.2f}  best {100 * max(scores):.2f}"
