"""The face-expression network, and its two files: a small residual network that reads 48 x 48 grey pixels.

It stands among the features since it is one: a frozen extractor like the sentence encoder beside it.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from crossgate.errors import InputError
from crossgate.features.stored import NoMoreThan, load_fitting, shapes_in, shapes_of
from crossgate.features.visual.face_settings import EXPRESSIONS, SIDE, FaceSettings
from crossgate.files import new_file, read_json, whole_folder, write_json

WEIGHTS_FILE = "model.safetensors"
CONFIG_FILE = "config.json"
FORMAT = "crossgate-face"
FORMAT_VERSION = 1

LEAST_CONTRAST = 0.02
"""Floor under an image's standard deviation, of pixels in [0, 1]: the noise of a flat image stays small."""


class Faces(NamedTuple):
    """What the network says of faces.

    Attributes:
        embedding: (face, feature) float32.
        logits: (face, expression) float32; a softmax gives the posterior.
    """

    embedding: Tensor
    logits: Tensor


class Residual(nn.Module):
    """Two convolutions and the way around them (He et al., CVPR 2016); stride 2 averages on that way.

    The average in place of a strided 1 x 1 convolution, which would skip three pixels of four, is from He et
    al., Bag of tricks (CVPR 2019), as is the last scale that starts at 0.
    """

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.second = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(width)
        nn.init.zeros_(self.second_norm.weight)
        around: list[nn.Module] = [nn.AvgPool2d(2)] if stride == 2 else []
        if stride == 2 or channels != width:
            around += [nn.Conv2d(channels, width, 1, bias=False), nn.BatchNorm2d(width)]
        self.around = nn.Sequential(*around)

    def forward(self, maps: Tensor) -> Tensor:
        """(face, channel, height, width) to (face, width, height / stride, width / stride)."""
        inner = functional.relu(self.first_norm(self.first(maps)), inplace=True)
        inner = self.second_norm(self.second(inner))
        return functional.relu(inner + self.around(maps), inplace=True)


class FaceNetwork(nn.Module):
    """Grey faces to an embedding and eight expressions.

    The last maps are summed with a learned weight for each place and channel (the global depthwise
    convolution of MobileFaceNets, Chen et al., CCBR 2018): on a cropped face a place has a meaning, which an
    average over places would lose.
    """

    def __init__(self, settings: FaceSettings) -> None:
        super().__init__()
        self.settings = settings
        self.stem = nn.Conv2d(1, settings.stem, 5, 2, 2, bias=False)
        self.stem_norm = nn.BatchNorm2d(settings.stem)
        stages: list[nn.Module] = []
        channels, side = settings.stem, SIDE // 2
        for stage, (width, blocks) in enumerate(zip(settings.widths, settings.blocks, strict=True)):
            for block in range(blocks):
                halve = stage > 0 and block == 0
                stages.append(Residual(channels, width, 2 if halve else 1))
                channels, side = width, side // 2 if halve else side
        self.stages = nn.Sequential(*stages)
        self.places = nn.Parameter(torch.full((channels, side, side), 1 / side**2))
        self.project = nn.Linear(channels, settings.embedding, bias=False)
        self.project_norm = nn.BatchNorm1d(settings.embedding)
        self.dropout = nn.Dropout(settings.dropout)
        self.expressions = nn.Linear(settings.embedding, len(EXPRESSIONS))
        # On a CPU, oneDNN's kernels for channels last are about a quarter faster here, forward and backward.
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its stub does not know it

    def forward(self, faces: Tensor) -> Faces:
        """Embed and classify.

        Args:
            faces: (face, 1, 48, 48) float32, grey in [0, 1]; brightness and contrast are taken out here.
        """
        maps = functional.relu(self.stem_norm(self.stem(standardize(faces))), inplace=True)
        pooled = (self.stages(maps) * self.places).sum(dim=(-2, -1))
        embedding = self.project_norm(self.project(pooled))
        logits = self.expressions(self.dropout(embedding))
        return Faces(embedding.float(), logits.float())


def standardize(faces: Tensor) -> Tensor:
    """Every image (face, 1, height, width) to mean 0 and deviation 1; a flat one to about 0."""
    centred = faces - faces.mean(dim=(-2, -1), keepdim=True)
    deviation = centred.square().mean(dim=(-2, -1), keepdim=True).sqrt()
    return centred / deviation.clamp(min=LEAST_CONTRAST)


def save_face_network(network: FaceNetwork, folder: Path) -> None:
    """Write `model.safetensors` and `config.json`, the latter last.

    Kernels and matrices are kept in 16 bits, which halves the file; what normalises stays in 32.
    """
    tensors = {
        name: (value.half() if value.ndim > 1 else value).detach().cpu().contiguous()
        for name, value in network.state_dict().items()
    }
    config = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "expressions": list(EXPRESSIONS.labels),
        "input": {"height": SIDE, "width": SIDE, "channels": "grey"},
        "network": asdict(network.settings),
    }
    with whole_folder(folder, CONFIG_FILE) as draft:
        with new_file(draft / WEIGHTS_FILE) as weights:
            save_file(tensors, weights)
        write_json(draft / CONFIG_FILE, config)


def load_face_network(folder: Path) -> FaceNetwork:
    """The network of a folder, in evaluation mode and 32 bits.

    Raises InputError where a file is missing, damaged or does not fit the other.
    """
    settings = read_face_settings(folder)
    weights = folder / WEIGHTS_FILE
    held = shapes_of(weights)
    try:
        with NoMoreThan(held):
            network = FaceNetwork(settings)
    except ValueError as error:
        raise InputError(f"the network's settings do not fit: {error}", where=str(folder)) from error
    tensors = load_fitting(weights, shapes_in(network))
    network.load_state_dict(tensors)  # cast, as the file has 16 bits in places
    return network.eval()


def read_face_settings(folder: Path) -> FaceSettings:
    """The size of the network of a folder. Raises InputError where its config.json is missing or damaged."""
    path = folder / CONFIG_FILE
    config = _read_config(path)
    try:
        values = dict(config["network"])
        for name in ("widths", "blocks"):
            values[name] = tuple(values[name])
        return FaceSettings(**values)
    except (InputError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"the settings of the network cannot be read: {error}",
            where=str(path),
            fix="the file may be damaged: copy it again, or train the network anew",
        ) from error


def _read_config(path: Path) -> dict[str, Any]:
    config = read_json(path, missing="name the folder of a face network")
    kind = (config.get("format"), config.get("version")) if isinstance(config, dict) else None
    if kind != (FORMAT, FORMAT_VERSION):
        raise InputError(
            f"not a network of format {FORMAT!r} version {FORMAT_VERSION}",
            where=str(path),
            fix="name the folder of a face network",
        )
    expected = list(EXPRESSIONS.labels), {"height": SIDE, "width": SIDE, "channels": "grey"}
    if (config.get("expressions"), config.get("input")) != expected:
        raise InputError(
            f"the network reads {config.get('input')} and tells {config.get('expressions')}, "
            f"expected {expected[1]} and {expected[0]}",
            where=str(path),
        )
    return dict(config)
