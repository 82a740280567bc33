"""A finished run becomes a folder that ships: weights, calibration, record and card, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from crossgate import __version__
from crossgate.conversation import INITIALS
from crossgate.corpora.table import CorpusTable, Split
from crossgate.errors import InputError
from crossgate.evaluation.members import checkpoint_folders, examples_of
from crossgate.evaluation.packing.abstention import TARGET
from crossgate.evaluation.packing.card import card_of
from crossgate.evaluation.packing.front_matter import CARD_FILE
from crossgate.evaluation.packing.joining import all_seeds, joined, together_of
from crossgate.evaluation.packing.measure import Measured, measure_for_card
from crossgate.evaluation.packing.record import (
    FORMAT,
    FORMAT_VERSION,
    PACKED_FILE,
    digest_of,
    origin_of,
    read_finished_run,
)
from crossgate.evaluation.probabilities import read_probabilities
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER, FOLD_PREDICTIONS, FOLD_SUBSET, FOLDS
from crossgate.evaluation.sealed import count_openings, record_of
from crossgate.evaluation.subsets import predict_subsets, subset_of
from crossgate.features.assemble import TURNS
from crossgate.features.dataset import Example
from crossgate.features.text.turn_embedder import version_of
from crossgate.files import new_folder, write_json
from crossgate.models.checkpoint import WEIGHTS_FILE, Checkpoint, load_checkpoint
from crossgate.models.network import Network


@dataclass(frozen=True)
class Packing:
    """How a run is packed.

    Attributes:
        split: to fit and measure on; None is the one the run was selected by, validation or `folds`.
        seed: of several seeds, the one that ships. Naming it beforehand keeps its scores honest: the best of
            several would flatter.
        together: ship all seeds as one `Ensemble` in the place of a single one.
        target: accuracy of the answers that are kept, see `abstention.choose_threshold`.
        encoder: folder of the text encoder, where the text features are `turns` and the run has none itself.
        given: letters of the modalities that temperature, threshold and scores are for, such as `ta`, the
            others hidden, for a corpus some of whose modalities are not its own; None is what the run's epoch
            was chosen given, or all.
        command: that packs.
    """

    split: str | None = None
    seed: int = 0
    together: bool = False
    target: float = TARGET
    encoder: Path | None = None
    given: str | None = None
    command: str = "crossgate pack"


def pack(run: Path, table: CorpusTable, out: Path, text: str, packing: Packing | None = None) -> Measured:
    """Write a checkpoint that ships to `out`, a new folder, and return what was measured.

    What is measured is what ships: the weights are put into half precision first. Where the run was selected
    by folds, temperature, threshold and scores come from its out-of-fold predictions.

    Args:
        run: folder of a finished run, or of several seeds.
        table: what it was trained on.
        out: the folder; its name is the checkpoint's.
        text: Markdown for the card: what it is for, licences, limits; front matter for the hub if wanted.
        packing: the settings.

    Raises InputError where the run is not finished, was trained on something else, where `out` is not new, or
    nothing can be measured.
    """
    packing = packing or Packing()
    if packing.together and packing.seed:
        raise InputError("--together ships all seeds, and --seed names one", fix="leave one of them away")
    sources = all_seeds(run) if packing.together else [_one_of(run, packing.seed)]
    source, record = sources[0], read_finished_run(sources[0])
    if packing.seed and record["seed"] != packing.seed:
        raise InputError(f"this run is of seed {record['seed']}, not {packing.seed}", where=str(source))
    split = packing.split or _selected_by(record)
    data = table.split("train" if split == FOLDS else split)
    _check_data(record, table, data)
    with new_folder(out) as draft:
        trained = joined([load_checkpoint(one / CHECKPOINT_FOLDER) for one in sources])
        checkpoint = replace(trained, encoder=packing.encoder or trained.encoder)
        _check_encoder(checkpoint)
        checkpoint.save(draft, half=True)
        small = load_checkpoint(draft)
        given = packing.given or record["experiment"].get("selection", {}).get("given")
        given = subset_of(given, small.network) if given else None
        examples = examples_of(small, data)
        if split == FOLDS:
            if packing.given:
                raise InputError("out-of-fold predictions are of all modalities", fix="leave --given away")
            whole = _out_of_fold(sources, FOLD_PREDICTIONS, table, data)
            parts = {name: FOLD_PREDICTIONS.parent / FOLD_SUBSET.format(name) for name in small.network.views}
            subsets = {
                name: _out_of_fold(sources, parts[name], table, data)
                for name in small.network.views[:-1]
                if (source / parts[name]).is_file()
            }
            subsets |= {small.network.views[-1]: whole}
            title = f"{table.manifest.name}, leave one group out (the epoch was chosen on these)"
        else:
            found = predict_subsets(small.network, examples)
            subsets = {name: one.probabilities for name, one in found.items()}
            title = f"{table.manifest.name}, {split} (epoch and calibration were chosen on these)"
        measured = measure_for_card(
            small.labels,
            data.conversations,
            subsets,
            given or small.network.views[-1],
            _there(examples, small.network),
            title=title,
            seeds=small.members,
            target=packing.target,
        )
        ships = replace(
            small,
            temperature=measured.temperature,
            confidence_threshold=measured.abstention.threshold,
        )
        ships.save(draft, half=True)
        (draft / WEIGHTS_FILE).chmod(0o644)  # safetensors lets nobody else read what it writes
        packed = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "name": out.name,
            "crossgate": __version__,
            "command": packing.command,
            "run": origin_of(record, source)
            | {"test_openings": sum(map(count_openings, {record_of(one) for one in (run, *sources)}))}
            | ({"together": together_of(sources)} if packing.together else {}),
            "trained_on": {"utterances": digest_of(table.split("train"))},
            "fitted_on": {
                "split": split,
                "sha256": data.sha256,
                "utterances": digest_of(data),
                "given": given,
            },
            **measured.to_json(),
        }
        write_json(draft / PACKED_FILE, packed)
        size = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
        card = card_of(text, packed, ships, measured, size)
        (draft / CARD_FILE).write_text(card, encoding="utf-8")
    return measured


def _one_of(run: Path, seed: int) -> Path:
    """The folder of the one run that is packed. Raises InputError where it is not there."""
    found = {path.parent for path in checkpoint_folders(run) if path.name == CHECKPOINT_FOLDER}
    for folder in (run, run / f"seed-{seed}"):
        if folder in found:
            return folder
    raise InputError(
        f"no finished run of seed {seed} here",
        where=str(run),
        fix="name the folder `crossgate train` wrote to, and one of its seeds",
    )


def _selected_by(record: Mapping[str, Any]) -> str:
    return FOLDS if record.get("outcome", {}).get("selected_by") == "folds" else "validation"


def _check_data(record: Mapping[str, Any], table: CorpusTable, data: Split) -> None:
    """Refuse another table than the run's, and calibration on what the network has learned by heart."""
    hashes = record.get("data", {}).get("sha256", {})
    for name in ("train", data.name):
        entry = table.manifest.splits.get(name)
        if entry is None or hashes.get(name) != entry.sha256:
            raise InputError(
                f"the run was not trained on this table: its {name} split is another",
                where=str(table.folder),
                fix="name the table the run was trained on",
            )
    if data.name == "train" and _selected_by(record) != FOLDS:
        raise InputError(
            "the network was fitted on the train split: it would seem surer there than it may be",
            where=str(table.folder),
            fix="use --split validation",
        )


def _check_encoder(checkpoint: Checkpoint) -> None:
    """Refuse a text encoder that is missing, not needed, or not the one whose vectors were learned from."""
    spec = next((s for s in checkpoint.specs.get("text", ()) if s.name == TURNS), None)
    if spec is None:
        if checkpoint.encoder is not None:
            raise InputError(
                f"the run's features are {', '.join(map(str, checkpoint.specs.get('text', ())))}: "
                "it has no use for a text encoder",
                fix="leave --encoder away",
            )
        return
    if checkpoint.encoder is None:
        raise InputError(f"the run reads {spec}, which a text encoder makes", fix="name it with --encoder")
    if not checkpoint.encoder.is_dir():
        raise InputError("no such folder", where=str(checkpoint.encoder))
    version = version_of(checkpoint.encoder)
    if version != spec.version:
        raise InputError(
            f"the run reads {spec}, and this text encoder is version {version}",
            where=str(checkpoint.encoder),
            fix="name the encoder whose vectors the run was trained on",
        )


def _there(examples: Sequence[Example], network: Network) -> npt.NDArray[np.str_]:
    """Letters of the modalities of every utterance."""
    letters = [INITIALS[modality] for modality in network.modalities]
    present = torch.cat([example.present for example in examples], dim=1).T.tolist()
    return np.array(["".join(compress(letters, row)) for row in present])


def _out_of_fold(
    sources: Sequence[Path], file: Path, table: CorpusTable, data: Split
) -> npt.NDArray[np.float32]:
    """Probabilities (utterance, emotion) of every training utterance by the fits that had not seen it.

    Of several seeds the mean, as the `Ensemble` that ships takes it.
    """
    found = []
    for path in (source / file for source in sources):
        if not path.is_file():
            raise InputError("no out-of-fold predictions here", where=str(path), fix="use --split validation")
        ids, values = read_probabilities(path, table.manifest.labels)
        if ids != [utterance.id for c in data.conversations for utterance in c.utterances]:
            raise InputError("these are predictions of other utterances than the table's", where=str(path))
        found.append(values)
    mean: npt.NDArray[np.float32] = np.mean(found, axis=0, dtype=np.float32)
    return mean
