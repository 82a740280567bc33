"""`crossgate encoder`: a command of commands, from faces to a network and its measures."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crossgate.cli import encoder
from crossgate.cli.main import COMMANDS, find, main
from crossgate.features.visual import faces
from toy_faces import write_faces, write_images

SMALL = (
    "epochs=2 batch_size=16 network.stem=4 network.widths=[4,8] network.blocks=[1,1] "
    "network.embedding=6 average=0.5"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data and a run of the command."""
    home = tmp_path_factory.mktemp("encoder")
    data = write_faces(home / "data")
    assert main(["encoder", "train-face", str(data), "--out", str(home / "run"), "--set", SMALL]) == 0
    return home


def test_training_leaves_a_record_of_the_command(home: Path) -> None:
    record = json.loads((home / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["status"] == "finished"
    assert record["settings"]["epochs"] == 2
    assert record["command"].split()[0] == "crossgate"


def test_training_says_what_came_of_it(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = ["encoder", "train-face", str(home / "data"), "--out", str(home / "run"), "--set", SMALL]
    assert main([*given, "--resume"]) == 0
    said = capsys.readouterr().out
    assert "balanced accuracy" in said
    assert "kept epoch" in said
    assert main(given) == 2
    assert "--resume" in capsys.readouterr().err


def test_evaluating_votes(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, network = home / "data" / "validation.parquet", home / "run" / "checkpoint"
    given = ["encoder", "evaluate-face", str(path), "--network", str(network)]
    assert main(given) == 0
    said = capsys.readouterr().out
    assert "27 faces measured; 3 left out" in said
    assert "balanced accuracy" in said
    assert "contempt" in said
    assert main([*given, "--out", str(tmp_path / "out")]) == 0
    result = json.loads((tmp_path / "out" / "expressions.json").read_text(encoding="utf-8"))
    record = json.loads((home / "run" / "run.json").read_text(encoding="utf-8"))
    assert result["accuracy"] == record["outcome"]["validation"]["accuracy"]
    assert (tmp_path / "out" / "confusion.png").read_bytes().startswith(b"\x89PNG")


def test_evaluating_a_folder_of_classes(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_images(tmp_path / "faces", colour=True)
    shutil.rmtree(folder / "contempt")
    network = str(home / "run" / "checkpoint")
    assert main(["encoder", "evaluate-face", str(folder), "--network", network, "--present", "--flip"]) == 0
    said = capsys.readouterr().out
    assert "21 faces measured; 0 left out" in said


def test_faces_that_were_trained_on_can_be_left_out(home: Path, tmp_path: Path) -> None:
    both = pa.concat_tables(
        [pq.read_table(home / "data" / f"{part}.parquet") for part in ("train", "validation")]
    )
    pq.write_table(both, tmp_path / "both.parquet")
    given = ["encoder", "evaluate-face", str(tmp_path / "both.parquet")]
    given += ["--network", str(home / "run" / "checkpoint"), "--out", str(tmp_path / "out")]
    assert main([*given, "--without", str(home / "data" / "train.parquet")]) == 0
    result = json.loads((tmp_path / "out" / "expressions.json").read_text(encoding="utf-8"))
    record = json.loads((home / "run" / "run.json").read_text(encoding="utf-8"))
    assert (result["images"], result["measured"]) == (100, 27)
    assert result["accuracy"] == record["outcome"]["validation"]["accuracy"]


def test_without_a_network_the_packaged_one_is_taken(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(home / "data" / "validation.parquet")
    monkeypatch.setattr(faces, "PACKAGED", home / "run" / "checkpoint")
    assert main(["encoder", "evaluate-face", path]) == 0
    monkeypatch.setattr(faces, "PACKAGED", home / "nowhere")
    assert main(["encoder", "evaluate-face", path]) == 2
    assert "packaged face network" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["train-face", "nowhere", "--out", "run"], "no such file"),
        (["train-face", "nowhere", "--out", "run", "--seed", "-1"], "--seed is -1"),
        (["train-face", "nowhere", "--out", "run", "--set", "epoch=1"], "epoch"),
        (["train-face", "nowhere", "--out", "run", "--set", "'"], "--set"),
        (["evaluate-face", "nowhere", "--network", "nothing"], "nothing/config.json: no such file"),
    ],
    ids=str,
)
def test_bad_input_is_a_sentence_and_exit_code_2(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["encoder", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["encoder"], "train-face"),
        (["encoder", "train-faces"], "train-faces"),
        (["encoder", "train-face", "--out", "run"], "data"),
        (["encoder", "evaluate-face", "faces", "--split", "test"], "--split"),
    ],
    ids=str,
)
def test_what_cannot_be_parsed_exits_with_2(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert named in capsys.readouterr().err


def test_the_help_names_the_commands_and_theirs_is_the_docstrings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for arguments in (["encoder", "--help"], *(["encoder", name, "--help"] for name in encoder.COMMANDS)):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    for name, (_, _, summary) in encoder.COMMANDS.items():
        assert name in said
        assert summary in said
    assert "Seed of weights, order, augmentation and dropout." in said


def test_a_command_is_found_below_another() -> None:
    assert find(["encoder", "train-face", "data"]) == (encoder.TrainFace, ["data"])
    assert find(["encoder"])[0] is None
    assert find(["encoder", "nothing"])[0] is None
    assert find([])[0] is None
    command, rest = find(["train", "train", "--data", "x"])
    assert command is not None
    assert command.__name__ == COMMANDS["train"][1]
    assert rest == ["train", "--data", "x"]


def test_help_does_not_wait_for_torch() -> None:
    code = (
        "import sys\nfrom crossgate.cli.main import main\n"
        "try:\n    main(['encoder', 'train-face', '--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(int(any(name in sys.modules for name in ('torch', 'pyarrow', 'matplotlib'))))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
