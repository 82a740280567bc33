"""Settings found by optuna's TPE sampler, the same number of trainings for every model.

What was tried stands in `tuning.json`, a file to read. Optuna's study is built from it before every draw, and
the sampler is seeded by the number of the trial: an interrupted tuning goes on with the very trial it was at,
and ends with the same settings as one that was not interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from crossgate.errors import CrossgateError, InputError
from crossgate.experiments.benchmark.settings import SpaceSettings, TuningSettings
from crossgate.files import write_json
from crossgate.training.configuration import plain, with_later_settings
from crossgate.training.settings import Experiment

TUNING_FOLDER = "tuning"
TUNING_FILE = "tuning.json"

CHOICES = ("dropout", "hidden", "weight_decay", "class_weighting")
"""Settings that are chosen from a list."""

Values = dict[str, float | int]


class Tuning:
    """The trials of one model on one corpus, kept in `folder/tuning.json`.

    Args:
        folder: of the tuning.
        settings: budget, space and seed.
        experiment: what is tuned.
        data: SHA-256 of the splits it is tuned on.
        seed: of the trainings.

    Raises InputError where the folder holds the tuning of something else.
    """

    def __init__(
        self,
        folder: Path,
        settings: TuningSettings,
        experiment: Experiment,
        data: dict[str, str],
        seed: int,
    ) -> None:
        self._path = folder / TUNING_FILE
        self._settings = settings
        self._start = _configured(experiment, settings.space)
        recipe = plain(
            {
                "experiment": asdict(experiment),
                "data": data,
                "seed": seed,
                "space": asdict(settings.space),
                "sampler_seed": settings.seed,
            }
        )
        self._record: dict[str, Any] = {"recipe": recipe, "trials": []}
        if self._path.is_file():
            self._record = read_tuning(folder)
            if self._record["recipe"] != recipe:
                raise InputError(
                    "the tuning there is of other settings or other data",
                    where=str(self._path),
                    fix="name another --out, or go on with the configuration it was begun with",
                )

    @property
    def trials(self) -> list[dict[str, Any]]:
        """The trials of the budget so far: `number`, `settings`, `state`, `weighted_f1`, `failure`."""
        found: list[dict[str, Any]] = self._record["trials"][: self._settings.trials]
        return found

    def next(self) -> tuple[int, Values] | None:
        """Number and settings of the trial to be trained, begun or new; None where the budget is spent."""
        for trial in self.trials:
            if trial["state"] == "running":
                return trial["number"], trial["settings"]
        number = len(self.trials)
        if number >= self._settings.trials:
            return None
        values = self._start if number == 0 else self._draw(number)
        self._record["trials"].append({"number": number, "settings": values, "state": "running"})
        write_json(self._path, self._record)
        return number, values

    def tell(self, number: int, score: float | None, failure: str | None) -> None:
        """Keep what came of a trial: weighted F1, or why there is none. Failures count."""
        state = "finished" if score is not None else "failed"
        self._record["trials"][number] |= {"state": state, "weighted_f1": score, "failure": failure}
        write_json(self._path, self._record)

    def best(self) -> tuple[int, Values]:
        """Number and settings of the best trial, of equals the first. Raises CrossgateError if all failed."""
        best = best_of(self.trials)
        if best is None:
            raise CrossgateError(
                "every trial failed", where=str(self._path), fix="lower tuning.space's rates"
            )
        return best["number"], best["settings"]

    def _draw(self, number: int) -> Values:
        """The sampler's next settings, given what was tried before."""
        try:
            import optuna
        except ImportError as error:
            raise InputError(
                "tuning needs optuna, which is not installed",
                fix="install crossgate[benchmark], or set tuning.trials to 0",
            ) from error
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        space = self._settings.space
        distributions: dict[str, optuna.distributions.BaseDistribution] = {}
        if space.learning_rate:
            low, high = space.learning_rate
            distributions["learning_rate"] = optuna.distributions.FloatDistribution(low, high, log=True)
        for name in CHOICES:
            if choices := getattr(space, name):
                distributions[name] = optuna.distributions.CategoricalDistribution(list(choices))
        seed = int(np.random.SeedSequence([self._settings.seed, number]).generate_state(1)[0])
        # Optuna's default of 10 random trials would make TPE a random search within most budgets here.
        sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(2, self._settings.trials // 3))
        study = optuna.create_study(direction="maximize", sampler=sampler)
        for trial in self.trials:
            if trial["state"] == "finished" and _inside(trial["settings"], space):
                study.add_trial(
                    optuna.trial.create_trial(
                        params=trial["settings"], distributions=distributions, value=trial["weighted_f1"]
                    )
                )
        return dict(study.ask(distributions).params)


def best_of(trials: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """The trial with the best weighted F1, of equals the first; None where none is finished."""
    finished = [trial for trial in trials if trial["state"] == "finished"]
    return max(finished, key=lambda trial: float(trial["weighted_f1"]), default=None)


def read_tuning(folder: Path) -> dict[str, Any]:
    """The content of `tuning.json`. Raises InputError where it cannot be read."""
    path = folder / TUNING_FILE
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"not the record of a tuning: {error}", where=str(path)) from error
    if not isinstance(content, dict) or not {"recipe", "trials"} <= content.keys():
        raise InputError("expected an object with recipe and trials", where=str(path))
    if isinstance(content["recipe"], dict):
        content["recipe"] = with_later_settings(content["recipe"])
    return content


def _configured(experiment: Experiment, space: SpaceSettings) -> Values:
    """The values that the configuration gives to what is tuned."""
    return {
        name: getattr(experiment.model if name in ("dropout", "hidden") else experiment.training, name)
        for name in ("learning_rate", *CHOICES)
        if getattr(space, name)
    }


def _inside(values: Values, space: SpaceSettings) -> bool:
    """Whether the sampler can learn from values: those of the configuration may lie outside the space."""
    rate = space.learning_rate
    return (not rate or rate[0] <= values["learning_rate"] <= rate[1]) and all(
        values[name] in getattr(space, name) for name in CHOICES if name in values
    )
