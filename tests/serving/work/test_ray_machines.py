"""Machines of a running cluster that come and go while recordings are analysed there."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from toy_analyses import toy_analysis
from toy_work import begun, ended, outcomes, running, send, wait_for

from crossgate.serving.settings import ServiceSettings
from crossgate.serving.storage.opened import Storage
from crossgate.serving.work.engine import workers_of
from crossgate.serving.work.supervisor import Work

pytestmark = pytest.mark.slow


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster whose head has no CPU to give; its machines are raylets on this one."""
    pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setenv("RAY_TMPDIR", folder)
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        try:
            yield made
        finally:
            made.shutdown()


def test_the_work_of_a_machine_that_dies_is_done_on_another(
    storage: Storage, settings: ServiceSettings, cluster: Any, tmp_path: Path
) -> None:
    go = tmp_path / "go"
    sent = send(storage, f"wait {go}")
    first = cluster.add_node(num_cpus=1)
    asked = ServiceSettings(engine="ray", address=cluster.address)
    with workers_of(asked) as start, Work(storage, settings, make=toy_analysis, start=start) as work:
        (process,) = wait_for(lambda: begun(go))
        cluster.remove_node(first, allow_graceful=False)
        wait_for(lambda: not running(process))
        wait_for(lambda: outcomes(storage, sent) == ["released"])
        assert work.alive == 0  # it waits for a machine
        cluster.add_node(num_cpus=1)
        wait_for(lambda: len(begun(go)) == 2)
        go.touch()
        assert ended(storage, sent).state == "COMPLETED"
    assert outcomes(storage, sent) == ["released", "completed"]
