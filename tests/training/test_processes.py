"""Two processes under torchrun end where one does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from toy_runs import YAML, record, rows, weights

from crossgate.cli.main import main
from crossgate.corpora.table import CorpusTable
from crossgate.evaluation.members import load_members
from crossgate.training.processes import Processes, processes

# What depends on the process that draws it, or on the batch it sees, is switched off.
SETTINGS = (
    "model.dropout=0 training.hide_modality=0 training.hide_turn=0 objective.redundancy=0 "
    "training.batch_size=4 training.class_weighting=0.5"
)


def test_alone_there_is_nobody_to_agree_with() -> None:
    with processes() as group:
        assert group == Processes()
        assert group.first
        assert group.own([3, 1, 2]) == [3, 1, 2]
        assert float(group.total(torch.tensor(5.0))) == 5
        assert (group.share(7), group.agree(True), group.agree(False)) == (7, True, False)
        weight = torch.nn.Parameter(torch.ones(2))
        weight.grad = torch.tensor([1.0, 2.0])
        group.average_gradients([weight])
        assert weight.grad.tolist() == [1.0, 2.0]


def torchrun(*arguments: Any) -> subprocess.CompletedProcess[str]:
    """`crossgate` in two processes; a hang is a failure."""
    started = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    return subprocess.run(
        [*started, "-m", "crossgate", *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=240,
    )


@pytest.mark.slow
@pytest.mark.parametrize("by", ["validation", "folds"])
def test_two_processes_end_where_one_does(
    make_table: Callable[..., CorpusTable], tmp_path: Path, by: str
) -> None:
    table = make_table(tmp_path, conversations=4 if by == "folds" else 8)
    (tmp_path / "my.yaml").write_text(YAML, encoding="utf-8")
    settings = f"{SETTINGS} selection.by={by}"
    one, two = (tmp_path / name for name in ("one", "two"))
    arguments = ["train", str(tmp_path / "my.yaml"), "--data", str(table.folder), "--set", settings]
    assert main([*arguments, "--out", str(one)]) == 0
    done = torchrun(*arguments, "--out", two)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("kept epoch") == 1  # the first process alone speaks
    assert weights(one).keys() == weights(two).keys()
    for name, tensor in weights(one).items():
        # A bias of all keys moves no attention: its gradient is rounding, which Adam makes large.
        if not (name.endswith("bias") and "key" in name):
            assert torch.allclose(tensor, weights(two)[name], atol=1e-5), name
    split = table.split("validation")
    views = [next(iter(load_members(run).predict(split).values())).views for run in (one, two)]
    assert np.allclose(*views, atol=1e-5)
    for first, second in zip(rows(one), rows(two), strict=True):
        for name in first:
            if not name.startswith("train/"):  # those are the first process's own share
                assert first[name] == pytest.approx(second[name], abs=1e-4), name
    assert record(two)["outcome"]["epoch"] == record(one)["outcome"]["epoch"]
    assert not list(two.rglob("state"))
    assert load_members(two).labels == table.manifest.labels
    # Resuming what is finished ends well in every process.
    again = torchrun(*arguments, "--out", two, "--resume")
    assert again.returncode == 0, again.stderr


@pytest.mark.slow
def test_bad_input_ends_every_process(make_table: Callable[..., CorpusTable], tmp_path: Path) -> None:
    table = make_table(tmp_path)
    (tmp_path / "my.yaml").write_text(YAML, encoding="utf-8")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "dear.txt").write_text("Dear all", encoding="utf-8")
    done = torchrun("train", tmp_path / "my.yaml", "--data", table.folder, "--out", tmp_path / "full")
    assert done.returncode != 0
    assert "is not a run" in done.stderr
