"""A checkpoint: `model.safetensors` and `config.json`, everything needed to run the network and no code."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from crossgate.conversation import MODALITIES, FeatureSpec, Modality
from crossgate.emotions import LabelSet
from crossgate.errors import InputError
from crossgate.features.settings import FeatureSettings, MiniLMSettings
from crossgate.features.standardize import Standardizer
from crossgate.features.stored import NoMoreThan, Shapes, load_fitting, shapes_in, shapes_of
from crossgate.files import new_file, new_folder, read_json, whole_folder, write_json
from crossgate.models.ensemble import Ensemble
from crossgate.models.kinds import make_network
from crossgate.models.network import Network
from crossgate.models.settings import ModelSettings
from crossgate.models.temperature import Temperature
from crossgate.models.views import view_names
from crossgate.packaged import SHIPPED

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
ENCODER_FOLDER = "text"
"""Holds the text encoder that was trained for this checkpoint, where there is one."""
FORMAT = "crossgate-checkpoint"
FORMAT_VERSION = 1
MOST_MEMBERS = 100
"""Of an ensemble; more would be a damaged file."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained network and what its inputs and outputs are.

    Attributes:
        network: in evaluation mode after loading; an `Ensemble` where several answer as one.
        settings: of the network.
        features: which features feed it.
        specs: exactly what they were when it was trained.
        standardizers: statistics of the train split, one a modality.
        labels: the emotions, in the order of its outputs.
        temperature: divides the logits of every view before the softmax.
        confidence_threshold: a prediction of less confidence abstains.
        encoder: folder of the text encoder that was trained for it; None where its texts are read by a
            frozen one, or it reads none.
    """

    network: Network
    settings: ModelSettings
    features: FeatureSettings
    specs: dict[Modality, tuple[FeatureSpec, ...]]
    standardizers: dict[Modality, Standardizer]
    labels: LabelSet
    temperature: Temperature = field(default_factory=Temperature)
    confidence_threshold: float = 0.0
    encoder: Path | None = None

    def __post_init__(self) -> None:
        unknown = self.temperature.given.keys() - set(view_names(self.network.modalities))
        if unknown:
            known = ", ".join(view_names(self.network.modalities))
            raise InputError(f"calibration.temperatures names {min(unknown)!r:.80}, expected some of {known}")
        if not 0 <= self.confidence_threshold <= 1:
            raise InputError(
                f"calibration.confidence_threshold is {self.confidence_threshold}, expected 0 to 1"
            )

    @property
    def members(self) -> int:
        """How many networks answer as one."""
        return len(self.network.members) if isinstance(self.network, Ensemble) else 1

    @property
    def fits_half(self) -> bool:
        """Whether float16 holds every weight exactly, as after loading one that was saved so."""
        return all(torch.equal(value.half().to(value.dtype), value) for value in self._state().values())

    def save(self, folder: Path, *, half: bool = False) -> None:
        """Write the two files and a copy of the text encoder, whole or not at all.

        In a folder that holds a checkpoint already, the settings are replaced last: killed in between, it
        is none, rather than one of the new weights and the old settings.

        Args:
            folder: is made where it is not there.
            half: store the network's weights in float16, half the size; the statistics keep float32.

        Raises InputError where a weight is too large for float16, and where the folder of the text encoder
        holds what no checkpoint consists of, or another encoder stands in its place already.
        """
        state = {name: value.detach().contiguous() for name, value in self._state().items()}
        if half:
            state = {name: _halved(name, value) for name, value in state.items()}
        tensors = {f"network.{name}": value for name, value in state.items()}
        for modality, standardizer in self.standardizers.items():
            tensors[f"standardizer.{modality}.mean"] = torch.from_numpy(standardizer.mean)
            tensors[f"standardizer.{modality}.scale"] = torch.from_numpy(standardizer.scale)
        config = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "labels": {"name": self.labels.name, "labels": list(self.labels.labels)},
            "model": asdict(self.settings),
            "members": self.members,
            "features": asdict(self.features),
            "specs": {m: [spec.to_json() for spec in specs] for m, specs in self.specs.items()},
            "dimensions": {m: len(s.mean) for m, s in self.standardizers.items()},
            "calibration": {
                **self.temperature.to_json(),
                "confidence_threshold": self.confidence_threshold,
            },
        }
        _refuse_other_encoder(self.encoder, folder / ENCODER_FOLDER)
        with whole_folder(folder, CONFIG_FILE) as draft:
            _carry(self.encoder, draft / ENCODER_FOLDER)
            with new_file(draft / WEIGHTS_FILE) as weights:
                save_file(tensors, weights)
            write_json(draft / CONFIG_FILE, config)

    def _state(self) -> Mapping[str, torch.Tensor]:
        state: Mapping[str, torch.Tensor] = self.network.state_dict()
        return state


def load_checkpoint(folder: Path) -> Checkpoint:
    """Load a checkpoint. Raises InputError where a file is missing, damaged or does not fit the other."""
    config = _read_config(folder / CONFIG_FILE)
    try:
        labels = LabelSet(config["labels"]["name"], tuple(config["labels"]["labels"]))
        settings = _model_settings(config["model"])
        features = feature_settings(config["features"])
        specs = {m: tuple(FeatureSpec(**s) for s in found) for m, found in config["specs"].items()}
        dimensions = _dimensions(config["dimensions"])
        members = config.get("members", 1)
        calibration = _calibration(config.get("calibration", {}))
        path = folder / WEIGHTS_FILE
        with NoMoreThan(shapes_of(path)):
            network = _network(settings, dimensions, len(labels), members)
    except InputError as error:
        if error.where is not None:
            raise
        raise InputError(f"the checkpoint's settings cannot be read: {error}", where=str(folder)) from error
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError, OverflowError) as error:
        raise InputError(f"the checkpoint's settings cannot be read: {error}", where=str(folder)) from error
    tensors = load_fitting(path, _shapes(network, dimensions))
    standardizers: dict[Modality, Standardizer] = {
        m: Standardizer(
            tensors.pop(f"standardizer.{m}.mean").numpy(), tensors.pop(f"standardizer.{m}.scale").numpy()
        )
        for m in dimensions
    }
    network.load_state_dict(  # which copies what was stored in float16 into float32
        {name.removeprefix("network."): value for name, value in tensors.items()}
    )
    network.eval()
    encoder = folder / ENCODER_FOLDER
    try:
        return Checkpoint(
            network,
            settings,
            features,
            specs,
            standardizers,
            labels,
            encoder=encoder if encoder.is_dir() else None,
            **calibration,
        )
    except (InputError, TypeError) as error:
        raise InputError(f"the checkpoint's settings cannot be read: {error}", where=str(folder)) from error


def _model_settings(content: dict[str, Any]) -> ModelSettings:
    """Settings of the network from JSON values, lists made tuples."""
    lists = {name: tuple(value) for name, value in content.items() if isinstance(value, list)}
    return ModelSettings(**content | lists)


def _calibration(content: dict[str, Any]) -> dict[str, Any]:
    """Temperature and threshold from JSON values; those that are not there stay as `Checkpoint` has them."""
    values = dict(content.items())
    usual, given = values.pop("temperature", 1.0), values.pop("temperatures", {})
    temperature = Temperature(float(usual), {name: float(value) for name, value in given.items()})
    return {"temperature": temperature} | {name: float(value) for name, value in values.items()}


def feature_settings(content: dict[str, Any]) -> FeatureSettings:
    """Feature settings from JSON values, lists made tuples."""
    values = {f.name: content[f.name] for f in fields(FeatureSettings) if f.name in content}
    minilm = dict(values.pop("minilm", {}))
    if "layers" in minilm:
        minilm["layers"] = tuple(minilm["layers"])
    turns = str(values.pop("turns", ""))
    return FeatureSettings(
        minilm=MiniLMSettings(**minilm), turns=turns, **{k: tuple(v) for k, v in values.items()}
    )


def _network(
    settings: ModelSettings, dimensions: Mapping[Modality, int], emotions: int, members: Any
) -> Network:
    """One network, or several that answer as one. Raises InputError where `members` is no number of them."""
    if type(members) is not int or not 1 <= members <= MOST_MEMBERS:
        raise InputError(f"members is {members!r}, expected 1 to {MOST_MEMBERS}")
    networks = [make_network(settings, dimensions, emotions) for _ in range(members)]
    return Ensemble(networks) if members > 1 else networks[0]


def _shapes(network: Network, dimensions: Mapping[Modality, int]) -> Shapes:
    """Names and shapes of all tensors of a checkpoint."""
    shapes = shapes_in(network, "network.")
    for modality, size in dimensions.items():
        shapes |= {f"standardizer.{modality}.{what}": (size,) for what in ("mean", "scale")}
    return shapes


def _dimensions(content: Any) -> dict[Modality, int]:
    """Length of the vector of each modality. Raises InputError where it is none."""
    if not isinstance(content, dict) or not content.keys() <= set(MODALITIES):
        raise InputError(f"dimensions is {content!r:.200}, expected some of {', '.join(MODALITIES)}")
    for modality, size in content.items():
        if type(size) is not int or not 1 <= size <= 2**31:
            raise InputError(f"dimensions.{modality} is {size!r:.80}, expected 1 or more")
    return content


def _halved(name: str, value: torch.Tensor) -> torch.Tensor:
    """A weight in float16. Raises InputError where it is too large for that."""
    halved = value.half() if value.is_floating_point() else value
    if not torch.isfinite(halved).all():
        raise InputError("a number too large for half precision", where=f"weight {name}")
    return halved


def _refuse_other_encoder(encoder: Path | None, target: Path) -> None:
    if target.exists() and (encoder is None or encoder.resolve() != target.resolve()):
        raise InputError(
            "a text encoder is here already, and it is not this checkpoint's",
            where=str(target),
            fix="save to another folder",
        )


def _carry(encoder: Path | None, target: Path) -> None:
    """Copy the folder of a text encoder, whole or not at all."""
    if encoder is None or target.exists():  # itself
        return
    files = sorted(path for path in encoder.rglob("*") if path.is_file())
    for path in files:
        if not _of_this_folder(path, encoder):
            raise InputError(
                "is a link to a file elsewhere, which would be copied and published under this name",
                where=str(path),
                fix="put the file itself there",
            )
        if not any(fnmatch(path.name, pattern) for pattern in SHIPPED):
            raise InputError(
                f"a checkpoint carries {', '.join(SHIPPED)} and nothing else",
                where=str(path),
                fix="keep other files out of the text encoder's folder",
            )
    if not files:
        raise InputError("no file of a text encoder", where=str(encoder))
    with new_folder(target) as draft:
        for path in files:
            copy = draft / path.relative_to(encoder)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)


def _of_this_folder(path: Path, encoder: Path) -> bool:
    """Whether a file lies in the folder, or, as in the hub's cache, among the blobs of its repository."""
    target = path.resolve()
    if target.is_relative_to(encoder.resolve()):
        return True
    repository = next((up.parent for up in encoder.absolute().parents if up.name == "snapshots"), None)
    return repository is not None and target.parent == (repository / "blobs").resolve()


def _read_config(path: Path) -> dict[str, Any]:
    config = read_json(path, missing="name the folder of a run or checkpoint")
    if not isinstance(config, dict) or (config.get("format"), config.get("version")) != (
        FORMAT,
        FORMAT_VERSION,
    ):
        raise InputError(f"not a checkpoint of format {FORMAT!r} version {FORMAT_VERSION}", where=str(path))
    return config
