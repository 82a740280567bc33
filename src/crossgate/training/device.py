"""Where the work runs, and in which precision."""

from __future__ import annotations

import torch

from crossgate.errors import InputError
from crossgate.training.settings import TrainingSettings


def pick_device(name: str, setting: str = "training.device") -> torch.device:
    """`auto` is the GPU where there is one.

    Raises InputError, which names the `setting`, for a device torch does not know or have.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(f"{setting} {name!r} is not to be had: {str(error).splitlines()[0]}") from error
    return device


def uses_bfloat16(settings: TrainingSettings, device: torch.device) -> bool:
    """Whether the forward pass runs in bfloat16."""
    if settings.precision == "auto":
        # Not on a CPU: the fusion's products are too small to gain by it.
        return device.type == "cuda" and has_bfloat16(device)
    return settings.precision == "bfloat16"


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies in 16 bits at a gain."""
    return torch.cuda.is_bf16_supported() if device.type == "cuda" else processor_has_bfloat16()


def processor_has_bfloat16() -> bool:
    """Whether the processor multiplies in 16 bits: twice as fast with AVX-512 BF16 or AMX, several times
    slower without."""
    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))
