"""Models are loaded only where everything has the versions the service has."""

from __future__ import annotations

from functools import partial

from crossgate.serving.work.worker.messages import Analysis, Maker


def made_alike(make: Maker) -> Maker:
    """What makes the same, and raises InputError on a machine that has other versions than this one."""
    from crossgate.scale.machine import versions  # loads torch, which is not needed to hand this on

    return partial(_make, versions(), make)


def _make(expected: dict[str, str | None], make: Maker) -> Analysis:
    from crossgate.scale.machine import refuse_other_versions

    refuse_other_versions(expected)
    return make()
