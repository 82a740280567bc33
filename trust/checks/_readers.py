"""Checkpoints and what they are measured on: MELD's validation split; IEMOCAP's last session, unseen."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from crossgate.conversation import Modality
from crossgate.corpora.pairing import FaceBank, pair
from crossgate.corpora.table import FeatureColumn, Split, open_table
from crossgate.evaluation.members import examples_of
from crossgate.evaluation.predictor import predict
from crossgate.features.assemble import assemble
from crossgate.features.dataset import make_examples
from crossgate.features.standardize import Standardizer
from crossgate.features.visual.face_settings import EXPRESSIONS
from crossgate.features.visual.faces import FaceEncoder
from crossgate.models.checkpoint import Checkpoint, load_checkpoint
from crossgate.models.kinds import make_network
from crossgate.packaged import checkpoint_folder
from crossgate.training.configuration import load_experiment
from crossgate.training.faces.data import read_voted_faces
from crossgate.training.loop import fit
from crossgate.training.randomness import Purpose, make_deterministic, seed_torch
from promise import Effort

ROOT = Path(__file__).resolve().parents[2]
FACES = 400
"""Of FER+'s validation part, paired by label as for training: MELD has none of its own here."""

LEFT_OUT = "Ses04"


@dataclass(frozen=True)
class Reader:
    """A checkpoint and a split whose texts it has read already.

    Attributes:
        name: of the checkpoint.
        checkpoint: as it ships, or trained as it was with a session left out.
        split: columns of text, audio and, for MELD, paired faces.
    """

    name: str
    checkpoint: Checkpoint
    split: Split

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What the checkpoint reads."""
        return tuple(self.checkpoint.network.modalities)

    def accuracy(self, split: Split) -> float:
        """Percent of the utterances that are answered right."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a missing modality is what is measured
            examples = examples_of(self.checkpoint, split, cache=False)
        found = predict(self.checkpoint.network, examples, temperature=self.checkpoint.temperature)
        return float(100 * (found.probabilities.argmax(axis=1) == found.labels).mean())

    def refused(self) -> tuple[int, int]:
        """How many real measurements are taken for implausible, and of how many."""
        examples = examples_of(self.checkpoint, self.split, cache=False)
        refused = sum(int(rows.sum()) for one in examples for rows in one.implausible.values())
        return refused, refused + sum(int(one.present[1:].sum()) for one in examples)


def readers(folder: Path, effort: Effort) -> Iterator[Reader]:
    """Those that ship, in the order of importance; a small share of the effort ends before IEMOCAP."""
    split = open_table(folder / "meld").split("validation")
    faces = None
    for name in ("crossgate-meld", "crossgate-meld-live")[: effort.cases(2)]:
        checkpoint = load_checkpoint(checkpoint_folder(name))
        faces = faces or _faces(split, folder / "faces" / "validation.parquet")
        visual = replace(faces, spec=checkpoint.specs["visual"][0])
        audio = split.columns[checkpoint.specs["audio"][0].column]
        columns = {one.spec.column: one for one in (audio, visual)}
        yield Reader(name, checkpoint, _with_texts(checkpoint, replace(split, columns=columns)))
    if effort.share >= 0.5:
        yield _iemocap(folder / "iemocap", effort)


def _with_texts(checkpoint: Checkpoint, split: Split) -> Split:
    """The split with what the checkpoint's encoder says of its texts, which no failure changes."""
    found, _ = assemble(split, checkpoint.features, checkpoint.specs, encoder=checkpoint.encoder, cache=False)
    texts = found["text"]
    named = f"text_{checkpoint.features.names('text')[0]}"
    column = FeatureColumn(checkpoint.specs["text"][0], texts.values, texts.present)
    return replace(split, columns={**split.columns, named: column})


def _faces(split: Split, path: Path) -> FeatureColumn:
    encoder, voted = FaceEncoder.load(None), read_voted_faces(path)
    rows = np.flatnonzero(voted.majority >= 0)[:FACES]
    bank = FaceBank(
        "validation",
        encoder.spec,
        encoder.encode(voted.faces[rows]).embedding,
        tuple(EXPRESSIONS.labels[label] for label in voted.majority[rows]),
        rows,
        path.name,
        voted.sha256,
    )
    return pair(split, bank, reliability=0.23, missing=0.1, seed=0)


def _iemocap(folder: Path, effort: Effort) -> Reader:
    """One network trained as the five that ship were, but without the last session, which is measured.

    Those that ship have seen all sessions, so that nothing can be measured on them.
    """
    shipped = load_checkpoint(checkpoint_folder("crossgate-iemocap"))
    recipe = load_experiment(ROOT / "configs" / "ship" / "iemocap.yaml")
    split = _with_texts(shipped, open_table(folder).split("train"))
    inside = _part(split, seen=True)
    found, _ = assemble(inside, shipped.features, shipped.specs, encoder=None, cache=False)
    standardizers = {m: Standardizer.fit(one.values, one.present) for m, one in found.items()}
    make_deterministic(recipe.training.threads)
    seed_torch(effort.seed, Purpose.WEIGHTS)
    network = make_network(
        recipe.model, {m: len(s.mean) for m, s in standardizers.items()}, len(shipped.labels)
    )
    with tempfile.TemporaryDirectory(dir=effort.work) as state:
        fit(
            network,
            make_examples(inside.conversations, found, standardizers, shipped.labels),
            [],
            objective_settings=recipe.objective,
            settings=recipe.training,
            seed=effort.seed,
            state_folder=Path(state),
            stop_after=11,  # the epoch that its folds chose for seed 0
        )
    checkpoint = replace(shipped, network=network.eval(), standardizers=standardizers)
    return Reader(f"crossgate-iemocap (trained without {LEFT_OUT})", checkpoint, _part(split, seen=False))


def _part(split: Split, *, seen: bool) -> Split:
    """The conversations of the sessions that are trained on, or of the one left out."""
    kept = [(LEFT_OUT not in conversation.id) == seen for conversation in split.conversations]
    rows = np.repeat(kept, [len(conversation) for conversation in split.conversations])
    return replace(
        split,
        conversations=tuple(c for c, keep in zip(split.conversations, kept, strict=True) if keep),
        columns={
            name: FeatureColumn(column.spec, column.values[rows], column.present[rows])
            for name, column in split.columns.items()
        },
    )
