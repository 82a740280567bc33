"""A checkpoint: `model.safetensors` and `config.json`, everything needed to run the network and no code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from crossgate.conversation import FeatureSpec, Modality
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.features.settings import FeatureSettings, MiniLMSettings
from crossgate.features.standardize import Standardizer
from crossgate.files import new_file, write_json
from crossgate.models.crossgate import CrossGate
from crossgate.models.settings import ModelSettings

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
FORMAT = "crossgate-checkpoint"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and what its inputs and outputs are.

    Attributes:
        network: in evaluation mode after loading.
        settings: of the network.
        features: which features feed it.
        specs: exactly what they were when it was trained.
        standardizers: statistics of the train split, one a modality.
        labels: the emotions, in the order of its outputs.
    """

    network: CrossGate
    settings: ModelSettings
    features: FeatureSettings
    specs: dict[Modality, tuple[FeatureSpec, ...]]
    standardizers: dict[Modality, Standardizer]
    labels: LabelSet

    def save(self, folder: Path) -> None:
        """Write the two files, each in one step."""
        tensors = {f"network.{name}": value.detach().contiguous() for name, value in self._state().items()}
        for modality, standardizer in self.standardizers.items():
            tensors[f"standardizer.{modality}.mean"] = torch.from_numpy(standardizer.mean)
            tensors[f"standardizer.{modality}.scale"] = torch.from_numpy(standardizer.scale)
        folder.mkdir(parents=True, exist_ok=True)
        with new_file(folder / WEIGHTS_FILE) as draft:
            save_file(tensors, draft)
        write_json(
            folder / CONFIG_FILE,
            {
                "format": FORMAT,
                "version": FORMAT_VERSION,
                "labels": {"name": self.labels.name, "labels": list(self.labels.labels)},
                "model": asdict(self.settings),
                "features": asdict(self.features),
                "specs": {m: [spec.to_json() for spec in specs] for m, specs in self.specs.items()},
                "dimensions": {m: len(s.mean) for m, s in self.standardizers.items()},
            },
        )

    def _state(self) -> Mapping[str, torch.Tensor]:
        state: Mapping[str, torch.Tensor] = self.network.state_dict()
        return state


def load_checkpoint(folder: Path) -> Checkpoint:
    """Load a checkpoint. Raises InputError where a file is missing, damaged or does not fit the other."""
    config = _read_config(folder / CONFIG_FILE)
    try:
        labels = LabelSet(config["labels"]["name"], tuple(config["labels"]["labels"]))
        settings = ModelSettings(**config["model"])
        features = feature_settings(config["features"])
        specs = {m: tuple(FeatureSpec(**s) for s in found) for m, found in config["specs"].items()}
        dimensions: dict[Modality, int] = config["dimensions"]
        network = CrossGate(settings, dimensions, len(labels))
    except (InputError, KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise InputError(f"the checkpoint's settings cannot be read: {error}", where=str(folder)) from error
    path = folder / WEIGHTS_FILE
    try:
        tensors = load_file(path)
        standardizers: dict[Modality, Standardizer] = {
            m: Standardizer(
                tensors.pop(f"standardizer.{m}.mean").numpy(), tensors.pop(f"standardizer.{m}.scale").numpy()
            )
            for m in dimensions
        }
        network.load_state_dict({name.removeprefix("network."): value for name, value in tensors.items()})
    except FileNotFoundError:
        raise InputError("no such file", where=str(path)) from None
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise InputError(
            f"the weights do not fit the settings beside them: {str(error).splitlines()[0]}",
            where=str(path),
            fix="the file may be damaged, or comes from another checkpoint",
        ) from error
    network.eval()
    return Checkpoint(network, settings, features, specs, standardizers, labels)


def feature_settings(content: dict[str, Any]) -> FeatureSettings:
    """Feature settings from JSON values, lists made tuples."""
    values = {f.name: content[f.name] for f in fields(FeatureSettings) if f.name in content}
    minilm = dict(values.pop("minilm", {}))
    if "layers" in minilm:
        minilm["layers"] = tuple(minilm["layers"])
    return FeatureSettings(minilm=MiniLMSettings(**minilm), **{k: tuple(v) for k, v in values.items()})


def _read_config(path: Path) -> dict[str, Any]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(
            "no such file", where=str(path), fix="name the folder of a run or checkpoint"
        ) from None
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"not JSON: {error}", where=str(path)) from error
    if not isinstance(config, dict) or (config.get("format"), config.get("version")) != (
        FORMAT,
        FORMAT_VERSION,
    ):
        raise InputError(f"not a checkpoint of format {FORMAT!r} version {FORMAT_VERSION}", where=str(path))
    return config
