"""`crossgate encoder COMMAND`: trains and evaluates the networks that features come from."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from crossgate.cli.command import replaced_settings

COMMANDS = {
    "train-text": ("crossgate.cli.encoder_text", "TrainText", "train the text encoder on labelled corpora"),
    "embed": ("crossgate.cli.encoder_text", "Embed", "write a table with a text encoder's answers"),
    "train-face": ("crossgate.cli.encoder", "TrainFace", "train the face network on votes for expressions"),
    "evaluate-face": ("crossgate.cli.encoder", "EvaluateFace", "measure a face network on labelled faces"),
}


@dataclass(frozen=True)
class TrainFace:
    """Train the face-expression network on faces with annotators' votes, in the layout of FER+.

    The epoch is chosen by accuracy on the validation part; no other file of the folder is read.
    """

    positional: ClassVar[tuple[str, ...]] = ("data",)

    data: Path = field(metadata={"help": "folder with train.parquet and validation.parquet"})
    out: Path
    """Folder of the run; must be new unless --resume is given. The network is in its folder checkpoint."""
    seed: int = 0
    """Seed of weights, order, augmentation and dropout."""
    resume: bool = False
    """Go on with the run in --out where it was interrupted; the end is the same to the last bit."""
    set: str = ""
    """Settings in place of the defaults, separated by blanks: --set "epochs=4 network.stem=16".
    Several --set add up."""

    def run(self) -> int:
        """Train and print what came of it."""
        from crossgate.cli.printing_faces import print_faces_outcome
        from crossgate.training.faces.configuration import face_training
        from crossgate.training.faces.trainer import train_faces

        replaced = replaced_settings(self.set, self.seed)
        record = train_faces(
            face_training(replaced),
            self.data,
            self.out,
            seed=self.seed,
            resume=self.resume,
            command=shlex.join(["crossgate", *sys.argv[1:]]),
        )
        print_faces_outcome(record["outcome"], self.out)
        return 0


@dataclass(frozen=True)
class EvaluateFace:
    """Measure a face network: accuracy, balanced accuracy, recall by expression, and the confusion matrix.

    Faces with votes are measured by the majority protocol of FER+; images in a folder against the names of
    their sub-folders.
    """

    positional: ClassVar[tuple[str, ...]] = ("path",)

    path: Path = field(
        metadata={"help": "Parquet in the layout of FER+, or a folder of images, one sub-folder a class"}
    )
    network: Path | None = None
    """Folder of a network; default the packaged one."""
    present: bool = False
    """Choose among the expressions that occur among the labels only, for corpora that have fewer."""
    flip: bool = False
    """Average over each face and its mirror image; takes twice as long."""
    without: Path | None = None
    """Parquet of faces, the train part for example: images that are there as well are left out."""
    out: Path | None = None
    """Folder for expressions.json and confusion.png; nothing is written without it."""

    def run(self) -> int:
        """Measure, print, write."""
        from crossgate.cli.printing_faces import print_expressions, write_expressions
        from crossgate.emotions import UNLABELLED
        from crossgate.evaluation.expressions import among_present, measure_expressions
        from crossgate.features.visual.faces import FaceEncoder
        from crossgate.training.faces.data import read_image_folder, read_voted_faces, seen_before

        encoder = FaceEncoder.load(self.network, flip=self.flip)
        if self.path.is_dir():
            folder = read_image_folder(self.path)
            labels, faces = folder.labels, folder.images
        else:
            voted = read_voted_faces(self.path)
            labels, faces = voted.majority, list(voted.faces)
        if self.without is not None:
            labels[seen_before(faces, read_voted_faces(self.without))] = UNLABELLED
        found = encoder.encode(faces).posterior
        measured = measure_expressions(labels, among_present(labels, found) if self.present else found)
        print_expressions(measured)
        if self.out is not None:
            details = {
                "data": str(self.path),
                "network": str(encoder.spec),
                "flip": self.flip,
                "present": self.present,
                "without": str(self.without) if self.without else None,
                "command": shlex.join(["crossgate", *sys.argv[1:]]),
            }
            for path in write_expressions(measured, self.out, details):
                print(path, file=sys.stderr)
        return 0
