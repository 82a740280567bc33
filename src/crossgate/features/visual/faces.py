"""How a face looks, as a vector: the frozen expression network, read from a folder and run on crops.

The network was trained on the crops of FER2013 (FER+ is its second labelling): upright, grey, from about the
hairline to the chin. Crops for it should look the same. Medians by OpenCV's detectors on 700 of
the train part, magnified four times:

- The crop is the box of OpenCV's frontal Haar cascade (its side is 0.98 of the crop's, its middle the same).
- YuNet's box is 0.77 of the crop wide and 1.02 high, its middle 0.03 above the crop's: for a crop, take the
  square whose side is the height of YuNet's box, its middle 3 % of that height below the box's.
- The eyes are at 0.32 and 0.68 of the width and 0.38 of the height, the mouth's corners at 0.74.

Single crops differ by 10 % from that, and training moved, turned and zoomed them some more.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from crossgate.conversation import FeatureSpec
from crossgate.corpora.manifest import sha256_of
from crossgate.errors import InputError
from crossgate.features.runtime import Lazily
from crossgate.features.visual.face_graph import face_graph
from crossgate.features.visual.face_network import (
    WEIGHTS_FILE,
    FaceNetwork,
    Faces,
    load_face_network,
    read_face_settings,
)
from crossgate.features.visual.face_settings import EXPRESSIONS, SIDE

PACKAGED = Path(__file__).parents[2] / "checkpoints" / "face"
"""The network that comes with the package."""

BATCH = 64

WORTH = 1024
"""Faces from which ONNX Runtime pays: making its graph takes as long as it saves on some hundreds of them."""

FacePixels = npt.NDArray[np.uint8]


class FaceFeatures(NamedTuple):
    """What the network says of faces.

    Attributes:
        embedding: (face, feature) float32.
        posterior: (face, expression) float32, rows sum to 1, in the order of `EXPRESSIONS`.
    """

    embedding: npt.NDArray[np.float32]
    posterior: npt.NDArray[np.float32]


class FaceEncoder:
    """The network in memory.

    Args:
        network: in evaluation mode.
        spec: names the vectors.
        flip: average over a face and its mirror image; takes twice as long.

    From `WORTH` faces on ONNX Runtime does the work where it is installed; see `features.runtime`.
    """

    def __init__(self, network: FaceNetwork, spec: FeatureSpec, *, flip: bool = False) -> None:
        self._network = network.eval()
        self._onnx = Lazily(lambda: face_graph(self._network), WORTH)
        self.spec = spec
        self.flip = flip

    @classmethod
    def load(cls, folder: Path | None = None, *, flip: bool = False) -> FaceEncoder:
        """The network of a folder, or the packaged one. Raises InputError where there is none."""
        folder = _folder(folder)
        return cls(load_face_network(folder), face_spec(folder, flip=flip), flip=flip)

    def encode(self, faces: FacePixels | Sequence[FacePixels]) -> FaceFeatures:
        """Embed and classify faces.

        Args:
            faces: (face, height, width) or (face, height, width, 3) uint8, grey or RGB, of any size; or a
                list of such images of different sizes. Colours become grey by ITU-R BT.601's luma.

        Raises InputError naming the face that is no such image.
        """
        embeddings, posteriors = [], []
        for first in range(0, len(faces), BATCH):
            pixels = np.stack(
                [
                    grey_face(image, f"face {first + place}")
                    for place, image in enumerate(faces[first : first + BATCH])
                ]
            )
            embedding, posterior = self._run(torch.from_numpy(pixels))
            embeddings.append(embedding)
            posteriors.append(posterior)
        if not embeddings:
            return FaceFeatures(
                np.empty((0, self.spec.dimension), np.float32), np.empty((0, len(EXPRESSIONS)), np.float32)
            )
        return FaceFeatures(np.concatenate(embeddings), np.concatenate(posteriors))

    @torch.inference_mode()
    def _run(self, pixels: torch.Tensor) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        batch = pixels.unsqueeze(1).float() / 255
        session = self._onnx.session(len(batch))

        def say(faces: torch.Tensor) -> Faces:
            if session is None:
                said: Faces = self._network(faces)
                return said
            return Faces(
                **{name: torch.from_numpy(found) for name, found in session({"faces": faces}).items()}
            )

        embedding, logits = say(batch)
        posterior = logits.softmax(dim=-1)
        if self.flip:
            mirrored = say(batch.flip(-1))
            embedding = (embedding + mirrored.embedding) / 2
            posterior = (posterior + mirrored.logits.softmax(dim=-1)) / 2
        return embedding.numpy(), posterior.numpy()


def grey_face(image: FacePixels, where: str) -> FacePixels:
    """An image (height, width) or (height, width, 3) as the network's 48 x 48 grey pixels.

    Raises InputError where it is no such image.
    """
    image = np.asarray(image)
    shaped = image.ndim == 2 or (image.ndim == 3 and image.shape[2] == 3)
    if image.dtype != np.uint8 or not shaped or not image.size:
        raise InputError(
            f"an array of {image.dtype} and shape {image.shape}, expected uint8 and (height, width) or "
            "(height, width, 3)",
            where=where,
        )
    if image.shape == (SIDE, SIDE):
        return image
    picture = Image.fromarray(image).convert("L")
    if picture.size != (SIDE, SIDE):
        # Pillow's bilinear filter takes all pixels into account when it makes an image smaller.
        picture = picture.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    return np.asarray(picture)


def face_spec(folder: Path | None = None, *, flip: bool = False) -> FeatureSpec:
    """Names the embedding; its version is the hash of the weights. Raises InputError where there are none."""
    folder = _folder(folder)
    dimension = read_face_settings(folder).embedding
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        raise InputError("no such file", where=str(weights), fix="name the folder of a face network")
    source = "expression network trained on the votes of FER+"
    name = f"face{dimension}_flip" if flip else f"face{dimension}"
    return FeatureSpec("visual", name, sha256_of(weights)[:8], dimension, source)


def _folder(folder: Path | None) -> Path:
    if folder is not None:
        return Path(folder)
    if not PACKAGED.is_dir():
        raise InputError(
            "the packaged face network is not here",
            where=str(PACKAGED),
            fix="name the folder of a network; `crossgate encoder train-face` makes one",
        )
    return PACKAGED
