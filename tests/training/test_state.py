"""The state of a run on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from toy_runs import identical

from crossgate.training.state import PROGRESS_FILE, SUMS, TENSORS_FILE, Progress, TrainingState


def fresh(seed: int) -> TrainingState:
    torch.manual_seed(seed)
    network, average = torch.nn.Linear(4, 3), torch.nn.Linear(4, 3)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1, fused=True)
    return TrainingState(network, average, optimizer, {}, Progress())


def step(state: TrainingState, number: int) -> None:
    """An optimiser step that depends on its number alone, and the end of an epoch."""
    torch.manual_seed(number)
    state.optimizer.zero_grad()
    state.network(torch.randn(5, 4)).square().sum().backward()
    state.optimizer.step()
    state.progress.epoch += 1
    state.progress.step += 1
    state.progress.rows.append({"epoch": state.progress.epoch, "score": 0.1 * number})


def test_what_is_restored_goes_on_as_if_nothing_had_been(tmp_path: Path) -> None:
    whole, stopped = fresh(0), fresh(0)
    for number in range(3):
        step(whole, number)
        step(stopped, number)
    # `best` may share memory with the network; that must not matter.
    stopped.best = dict(stopped.average.state_dict())
    stopped.progress.best_epoch, stopped.progress.best_score = 2, 0.75
    stopped.save(tmp_path)
    resumed = fresh(1)
    assert resumed.restore(tmp_path)
    assert resumed.progress == stopped.progress
    assert identical(resumed.best, stopped.best)
    assert identical(resumed.average.state_dict(), stopped.average.state_dict())
    for number in range(3, 6):
        step(whole, number)
        step(resumed, number)
    assert identical(resumed.network.state_dict(), whole.network.state_dict())
    assert resumed.progress.rows == whole.progress.rows


def test_a_state_before_the_first_step_is_a_state(tmp_path: Path) -> None:
    state = fresh(0)
    state.save(tmp_path)
    other = fresh(1)
    assert other.restore(tmp_path)
    step(state, 0)
    step(other, 0)
    assert identical(other.network.state_dict(), state.network.state_dict())


def test_the_newest_two_are_kept(tmp_path: Path) -> None:
    state = fresh(0)
    for number in range(5):
        step(state, number)
        state.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["epoch-0004", "epoch-0005"]
    # Nothing is pickled.
    assert {path.name for path in (tmp_path / "epoch-0005").iterdir()} == {TENSORS_FILE, PROGRESS_FILE}


@pytest.mark.parametrize("file", [TENSORS_FILE, PROGRESS_FILE])
@pytest.mark.parametrize("damage", ["cut", "empty", "absent", "bytes", "flipped"])
def test_a_damaged_newest_state_falls_back_to_the_one_before(tmp_path: Path, file: str, damage: str) -> None:
    state = fresh(0)
    step(state, 0)
    state.save(tmp_path)
    before = {name: value.clone() for name, value in state.network.state_dict().items()}
    step(state, 1)
    state.save(tmp_path)
    path = tmp_path / "epoch-0002" / file
    content = path.read_bytes()
    if damage == "absent":
        path.unlink()
    else:
        # The last byte but some is a weight's, or a digit of a figure.
        flipped = content[:-9] + bytes([content[-9] ^ 1]) + content[-8:]
        half, noise = content[: len(content) // 2], b"\xff" * 200
        path.write_bytes({"cut": half, "empty": b"", "bytes": noise, "flipped": flipped}[damage])
    other = fresh(1)
    with pytest.warns(RuntimeWarning, match=r"epoch-0002 is damaged.*going on from epoch-0001"):
        assert other.restore(tmp_path)
    assert other.progress.epoch == 1
    assert identical(other.network.state_dict(), before)
    # Going on from there, the damaged one is replaced.
    step(other, 1)
    other.save(tmp_path)
    again = fresh(2)
    assert again.restore(tmp_path)
    assert identical(again.network.state_dict(), state.network.state_dict())


def test_a_draft_of_a_killed_save_is_no_state(tmp_path: Path) -> None:
    (tmp_path / ".epoch-0001.abc.tmp").mkdir()
    assert not fresh(0).restore(tmp_path)
    assert not fresh(0).restore(tmp_path / "absent")
    (tmp_path / "epoch-0007").mkdir()
    state = fresh(0)
    before = {name: value.clone() for name, value in state.network.state_dict().items()}
    with pytest.warns(RuntimeWarning, match=r"epoch-0007 is damaged \(a file is missing\).*begins anew"):
        assert not state.restore(tmp_path)
    assert identical(state.network.state_dict(), before)
    # The damaged one does not crowd out those of the new beginning.
    step(state, 0)
    state.save(tmp_path)
    assert [path.name for path in tmp_path.glob("epoch-*")] == ["epoch-0001"]


def test_a_state_of_a_version_without_sums_is_taken(tmp_path: Path) -> None:
    state = fresh(0)
    step(state, 0)
    state.save(tmp_path)
    path = tmp_path / "epoch-0001" / PROGRESS_FILE
    content = json.loads(path.read_text(encoding="utf-8"))
    del content[SUMS]
    path.write_text(json.dumps(content), encoding="utf-8")
    assert fresh(1).restore(tmp_path)
