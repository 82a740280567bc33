"""The mean hidden state of a pretrained speech model such as wav2vec 2.0, through transformers."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from crossgate.conversation import FeatureSpec
from crossgate.corpora.manifest import sha256_of
from crossgate.errors import InputError, reason_of
from crossgate.media.clips import Sound

RATE = 16000
"""Hz: what these models read."""

LONGEST = 20.0
"""Seconds that are read at once, as the memory of attention grows with the square of it; what is longer is
read in pieces of equal length."""

INSTALL = "pip install 'crossgate[text]'"


class SpeechModel:
    """Mean of the last hidden states over time, as an `AudioExtractor`.

    Args:
        source: a folder in the layout of transformers with weights in safetensors, or a name on the hub.
        device: where it runs, for example `cuda`.

    Raises InputError where transformers is not installed or the model cannot be had.
    """

    rate: int | None = RATE

    def __init__(self, source: str, *, device: str = "cpu") -> None:
        where = f"speech model {source}"
        try:
            import transformers
        except ImportError as error:
            raise InputError("transformers is not installed", where=where, fix=INSTALL) from error
        folder = _folder(source, where)
        try:
            # Offline from here on, safetensors only: nothing is unpickled, no code of the model's is run.
            self._processor: Any = transformers.AutoFeatureExtractor.from_pretrained(
                folder, local_files_only=True
            )
            self._model: Any = transformers.AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            reason = reason_of(error)
            raise InputError(
                f"cannot be loaded: {reason}",
                where=where,
                fix="name a model with config.json, preprocessor_config.json and model.safetensors",
            ) from error
        self._model.eval().to(device)
        self._device = device
        self._check(where)
        self.spec = FeatureSpec(
            "audio",
            f"{_short(source)}_mean",
            _version(folder),
            int(self._model.config.hidden_size),
            f"{source}, mean of the last hidden states, 16 kHz",
        )

    def _check(self, where: str) -> None:
        names = getattr(self._processor, "model_input_names", [])
        rate = getattr(self._processor, "sampling_rate", None)
        if "input_values" not in names or rate != RATE or not hasattr(self._model.config, "hidden_size"):
            raise InputError(
                f"this model reads {', '.join(names) or 'nothing'} at {rate} Hz, "
                f"expected input_values at {RATE} Hz",
                where=where,
                fix="name a model such as wav2vec 2.0, HuBERT or WavLM",
            )

    @torch.inference_mode()
    def __call__(self, sound: Sound) -> npt.NDArray[np.float32]:
        """The vector (feature,) of a sound at 16 kHz; all NaN where it is silent or too short for one frame.

        Raises InputError where the rate is another.
        """
        sound.expect_rate(RATE, f"audio features {self.spec.name}")
        absent = np.full(self.spec.dimension, np.nan, np.float32)
        if not len(sound.samples) or np.ptp(sound.samples) == 0:
            return absent
        total, frames = torch.zeros(self.spec.dimension, dtype=torch.float64), 0
        for piece in np.array_split(sound.samples, int(np.ceil(sound.seconds / LONGEST))):
            inputs = self._processor(piece, sampling_rate=RATE, return_tensors="pt")
            try:
                states = self._model(inputs["input_values"].to(self._device)).last_hidden_state[0]
            except RuntimeError:  # the convolutions need more samples than there are
                if len(piece) >= RATE // 10:
                    raise
                continue
            total += states.double().sum(dim=0).cpu()
            frames += len(states)
        return (total / frames).float().numpy() if frames else absent


def _folder(source: str, where: str) -> Path:
    """The model's folder: as named, or the hub's, downloaded only where it is not there yet."""
    if Path(source).expanduser().is_dir():
        return Path(source).expanduser()
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", source):
        raise InputError("no such folder", where=where, fix="name a folder, or a model on the hub")
    try:
        import huggingface_hub

        wanted = ["*.json", "*.safetensors"]
        try:
            return Path(
                huggingface_hub.snapshot_download(source, allow_patterns=wanted, local_files_only=True)
            )
        except Exception:  # not in the hub's cache, whatever its client calls that: ask the hub
            return Path(huggingface_hub.snapshot_download(source, allow_patterns=wanted))
    except Exception as error:  # the client raises its HTTP library's errors as well as its own
        reason = reason_of(error)
        raise InputError(
            f"there is no such folder, and the hub did not give such a model: {reason}",
            where=where,
            fix="name a folder that holds the model",
        ) from error


def _version(folder: Path) -> str:
    """Eight digits of the hash of the weights, whichever way the model was come by."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        digest.update(sha256_of(path).encode())
    return digest.hexdigest()[:8]


def _short(source: str) -> str:
    """A name that is fit for a column: `facebook/wav2vec2-base` -> `wav2vec2_base`."""
    folder = Path(source).expanduser()
    name = folder.resolve().name if folder.is_dir() else source.rpartition("/")[2]
    return re.sub(r"\W+", "_", name).strip("_").lower()
