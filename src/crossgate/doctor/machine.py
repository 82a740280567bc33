"""Python, torch, cores, memory, GPU, and the folder where measured features are kept."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator

import torch

from crossgate.doctor.finding import Finding
from crossgate.errors import InputError
from crossgate.features.cache import ENVIRONMENT, cache_folder
from crossgate.files import refuse_unwritable

GIB = 2**30

ENOUGH_DISK = GIB
"""Bytes free below which the folder of measured features is called full: an hour's recording needs less."""


def machine() -> Iterator[Finding]:
    """The machine itself."""
    yield Finding(
        "Python", "works", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    )
    yield Finding(
        "torch", "works", f"{torch.__version__}, {torch.get_num_threads()} threads of {os.cpu_count()} cores"
    )
    if sys.platform == "linux":
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        yield Finding("memory", "works", f"{memory / GIB:.1f} GiB")
    yield _gpu()
    yield _cache()


def _gpu() -> Finding:
    if not torch.cuda.is_available():
        return Finding("GPU", "absent", "none that torch can use; everything works on the CPU")
    try:
        torch.ones(1, device="cuda").add_(1).item()
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        return Finding(
            "GPU", "broken", reason, "check the driver; CUDA_VISIBLE_DEVICES= does without the GPU"
        )
    return Finding("GPU", "works", torch.cuda.get_device_name())


def _cache() -> Finding:
    folder = cache_folder()
    try:
        refuse_unwritable(folder)
    except InputError as error:
        return Finding("cache", "broken", str(error), f"set {ENVIRONMENT} to a folder of your own")
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    free = shutil.disk_usage(there).free
    if free < ENOUGH_DISK:
        return Finding(
            "cache",
            "broken",
            f"{folder}: {free / GIB:.2f} GiB free",
            f"make room, or set {ENVIRONMENT} to a folder elsewhere",
        )
    return Finding("cache", "works", f"{folder}, {free / GIB:.1f} GiB free")
