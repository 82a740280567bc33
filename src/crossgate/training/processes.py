"""Several processes under `torchrun`, or the one there is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class Processes:
    """Which of how many processes this is."""

    rank: int = 0
    count: int = 1

    @property
    def first(self) -> bool:
        """Whether this is the process that evaluates, writes and shows progress."""
        return self.rank == 0

    def own(self, batch: Sequence[int]) -> list[int]:
        """This process's share of a batch."""
        return list(batch[self.rank :: self.count])

    def total(self, value: Tensor) -> Tensor:
        """The sum over processes divided by their number: what a mean over the whole batch divides by.

        Gradients are averaged over processes; dividing every process's sum by this makes the average of
        quotients the quotient of the sums.
        """
        if self.count > 1:
            value = value.clone()
            dist.all_reduce(value)
            value = value / self.count
        return value

    def average_gradients(self, parameters: Sequence[Tensor]) -> None:
        """Average gradients over processes, in one message."""
        if self.count == 1:
            return
        gradients = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.count
        pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
        for parameter, piece in zip(parameters, pieces, strict=True):
            parameter.grad = piece.view_as(parameter)

    def share(self, number: int | None) -> int:
        """The first process's number, for all; the others' is not looked at."""
        if self.count == 1:
            return int(number or 0)
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        message = torch.tensor([number or 0], device=device)
        dist.broadcast(message, src=0)
        return int(message.item())

    def agree(self, flag: bool) -> bool:
        """The first process's answer, for all."""
        return bool(self.share(int(flag)))


@contextmanager
def processes() -> Iterator[Processes]:
    """Join the group `torchrun` set up through the environment, else be alone."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes()
        return
    nccl = torch.cuda.is_available() and torch.cuda.device_count() >= int(
        os.environ.get("LOCAL_WORLD_SIZE", "1")
    )
    if nccl:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    dist.init_process_group("nccl" if nccl else "gloo")
    try:
        yield Processes(dist.get_rank(), dist.get_world_size())
        # All leave together, and not at once: gloo's threads let go of the last message's tensors a moment
        # after it is done, and one that does so while the interpreter shuts down aborts the process
        # (pytorch/pytorch#179291).
        dist.barrier()
        time.sleep(1.0)
    finally:
        dist.destroy_process_group()
