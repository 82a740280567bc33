"""The weights of several seeds in one tensor each, and the states a single training would have."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from crossgate.errors import InputError
from crossgate.models.network import Network
from crossgate.training.loop import out_of_patience
from crossgate.training.settings import TrainingSettings
from crossgate.training.state import Progress, TrainingState


class StackedSeeds:
    """Networks of different seeds whose weights are slices of stacked tensors.

    Attributes:
        parameters: by name (seed, ...); the networks' own parameters are views of them.
        averages: the same of the moving averages.
        average_networks: a network a seed whose weights they are.
        optimizer: AdamW over all seeds at once.
        states: of every seed, as a training alone has them.
    """

    def __init__(self, networks: Sequence[Network], settings: TrainingSettings, device: torch.device) -> None:
        averages = [copy.deepcopy(network).to(device) for network in networks]
        self.average_networks = averages
        self.parameters = _stacked([network.to(device) for network in networks])
        self.averages = {name: value.detach() for name, value in _stacked(averages).items()}
        self.optimizer = _adamw(list(self.parameters.values()), settings)
        self.states = [
            TrainingState(network, average, _adamw(list(network.parameters()), settings), {}, Progress())
            for network, average in zip(networks, averages, strict=True)
        ]

    def save(self, index: int, folder: Path) -> None:
        """Keep the state of a seed as a training alone would."""
        self._show_moments(index)
        self.states[index].save(folder)

    def restore(self, folders: Sequence[Path], settings: TrainingSettings) -> None:
        """Take up what is there, every seed at the newest epoch that all that still train have.

        Raises InputError where there is no such epoch.
        """
        for state, folder in zip(self.states, folders, strict=True):
            state.restore(folder)
        running = [index for index, state in enumerate(self.states) if not ended(state, settings)]
        epoch = min((self.states[index].progress.epoch for index in running), default=0)
        for index in running:
            if self.states[index].progress.epoch > epoch:
                # Interrupted between the states of two seeds: the one before is still there.
                self.states[index].restore(folders[index], epoch)
            if self.states[index].progress.epoch != epoch:
                raise InputError(
                    f"the seeds stand at different epochs, one of them at {epoch}",
                    where=str(folders[index].parent),
                    fix="go on without --together, one seed after the other",
                )
        if epoch:
            self._take_moments()

    def _show_moments(self, index: int) -> None:
        """Let the seed's own optimizer hold its slices of the moments."""
        own = self.states[index].optimizer
        for whole, part in zip(self.parameters.values(), own.param_groups[0]["params"], strict=True):
            own.state[part] = {
                name: value if name == "step" else value[index]
                for name, value in self.optimizer.state[whole].items()
            }

    def _take_moments(self) -> None:
        """Stack the moments that the seeds' own optimizers have restored."""
        for place, whole in enumerate(self.parameters.values()):
            found = [state.optimizer.state[self._part(state, place)] for state in self.states]
            self.optimizer.state[whole] = {
                name: value.clone() if name == "step" else torch.stack([one[name] for one in found])
                for name, value in found[0].items()
            }

    @staticmethod
    def _part(state: TrainingState, place: int) -> Tensor:
        part: Tensor = state.optimizer.param_groups[0]["params"][place]
        return part


def ended(state: TrainingState, settings: TrainingSettings) -> bool:
    """Whether a seed trains no longer: all epochs are done, or its patience is at an end."""
    return state.progress.epoch >= settings.epochs or out_of_patience(state, settings)


def _stacked(networks: Sequence[nn.Module]) -> dict[str, Tensor]:
    """Parameters by name, (seed, ...); those of the networks become views of them."""
    stacked, _ = torch.func.stack_module_state(list(networks))
    whole: dict[str, Tensor] = {}
    for name, value in stacked.items():
        whole[name] = value.detach().requires_grad_()
        for index, network in enumerate(networks):
            network.get_parameter(name).data = whole[name].detach()[index]
    return whole


def _adamw(parameters: list[Tensor], settings: TrainingSettings) -> torch.optim.AdamW:
    return torch.optim.AdamW(
        parameters, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
    )
