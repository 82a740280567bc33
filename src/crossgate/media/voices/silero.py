"""silero-vad's network and weights, without its code.

The package brings the weights as safetensors, for which it has code for tinygrad alone; the network is
written out here for torch. With the weights of the package's TorchScript model it gives that model's
probabilities to 1e-4 (a test). The two files hold the same network trained differently (silero-vad's issue
768). Reading safetensors executes nothing, and importing the package would set torch's threads to 1 for the
whole process, for good.

All but the recurrence is computed for many frames at once: an hour takes 2 to 5 s on one core.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from crossgate.errors import InputError
from crossgate.media.clips import Samples
from crossgate.media.voices.curve import FRAME, Probability

CONTEXT = 64
"""Samples of the frame before that stand in front of every frame."""

BINS = 129
FIX = "pip install 'silero-vad>=6.2', the release this was written for is 6.2.3"

State = tuple[Tensor, Tensor]


class SileroNetwork(nn.Module):
    """Spectrum, four convolutions, one recurrent cell, one output."""

    def __init__(self) -> None:
        super().__init__()
        self.stft_conv = nn.Conv1d(1, 2 * BINS, kernel_size=256, stride=128, bias=False)
        self.conv1 = nn.Conv1d(BINS, 128, kernel_size=3, padding=1)
        self.conv2 = nn.Conv1d(128, 64, kernel_size=3, stride=2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, kernel_size=3, stride=2, padding=1)
        self.conv4 = nn.Conv1d(64, 128, kernel_size=3, padding=1)
        self.lstm = nn.LSTM(128, 128)
        self.final_conv = nn.Conv1d(128, 1, kernel_size=1)

    def forward(self, frames: Tensor, state: State | None) -> tuple[Tensor, State]:
        """(frame, CONTEXT + FRAME) consecutive frames -> (frame) probability, and the state after them."""
        padded = nn.functional.pad(frames, (0, CONTEXT), mode="reflect")
        spectrum = self.stft_conv(padded.unsqueeze(1))
        hidden = (spectrum[:, :BINS] ** 2 + spectrum[:, BINS:] ** 2).sqrt()
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            hidden = convolution(hidden).relu()
        # (frame, 128, 1): the strides leave one column a frame. The frames are the time of the recurrence.
        hidden, state = self.lstm(hidden.squeeze(-1).unsqueeze(1), state)
        probability = self.final_conv(hidden.squeeze(1).unsqueeze(-1).relu()).sigmoid()
        return probability[:, 0, 0], state

    def take(self, weights: dict[str, Tensor]) -> None:
        """Take weights named as in silero-vad's file. Raises KeyError or RuntimeError where they differ."""
        named = dict(weights)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            named[f"lstm.{name}_l0"] = named.pop(f"lstm_cell.{name}")
        self.load_state_dict(named)


class SileroStream:
    """One recording through the network, piece by piece.

    Args:
        network: with its weights.
    """

    def __init__(self, network: SileroNetwork) -> None:
        self._network = network.eval()
        self._state: State | None = None
        self._before = torch.zeros(CONTEXT)

    @torch.inference_mode()
    def __call__(self, samples: Samples) -> Probability:
        """(sample,) the next ones, whole frames but at the end -> (frame) probability of speech."""
        frames = -(-len(samples) // FRAME)
        sound = torch.zeros(CONTEXT + frames * FRAME)
        sound[:CONTEXT] = self._before
        sound[CONTEXT : CONTEXT + len(samples)] = torch.from_numpy(samples)
        with _one_thread():
            probability, self._state = self._network(sound.unfold(0, CONTEXT + FRAME, FRAME), self._state)
        self._before = sound[-CONTEXT:].clone()
        return np.asarray(probability.numpy(), np.float32)


def load_silero() -> SileroNetwork:
    """The installed package's weights. Raises InputError where they are not there, or not as expected."""
    path = silero_weights()
    if path is None:
        raise InputError("silero-vad is not installed, or has no weights as safetensors", fix=FIX)
    network = SileroNetwork()
    try:
        network.take(load_file(path))
    except (KeyError, RuntimeError, SafetensorError, OSError) as error:
        raise InputError(f"no weights for this network: {error}", where=str(path), fix=FIX) from error
    return network.eval()


def silero_weights() -> Path | None:
    """The file of the installed package, found without importing it; None where it is not there."""
    found = importlib.util.find_spec("silero_vad")
    for folder in (found.submodule_search_locations or []) if found else []:
        path = Path(folder) / "data" / "silero_vad_16k.safetensors"
        if path.is_file():
            return path
    return None


@contextmanager
def _one_thread() -> Iterator[None]:
    """The recurrence has steps too small to share: on a busy machine two threads took 30 times as long."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def silero_version() -> str:
    """Of the installed package."""
    try:
        return version("silero-vad")
    except PackageNotFoundError:
        return "of unknown version"
