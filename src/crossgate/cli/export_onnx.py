"""`crossgate export-onnx CHECKPOINT --out DIR`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from crossgate.errors import InputError


@dataclass(frozen=True)
class ExportOnnx:
    """Write a checkpoint's networks as ONNX files, each compared with PyTorch before it counts.

    Text encoder, face network and fusion, as far as the checkpoint has them; onnx.json and README.md say what
    they read and say. The comparison is by ONNX Runtime, on random inputs of several lengths.
    """

    positional: ClassVar[tuple[str, ...]] = ("checkpoint",)

    checkpoint: Path = field(metadata={"help": "packaged name, hub id, or folder of a run or checkpoint"})
    out: Path
    """Folder for the files; it must not exist, or be empty."""
    int8: bool = False
    """Also write text encoder and face network with weights of 8 bits."""
    data: Path | None = None
    """A corpus table with texts and labels, on which the loss by the 8 bits is measured."""
    split: str = "validation"
    """The split of the table to measure on; not the test split."""

    def run(self) -> int:
        """Export, and print sizes and differences."""
        from crossgate.cli.progress import progress
        from crossgate.corpora.table import open_table
        from crossgate.evaluation.members import checkpoint_folders
        from crossgate.models.checkpoint import load_checkpoint
        from crossgate.packaged import checkpoint_folder
        from crossgate.pipeline.exporting.onnx import export_onnx

        if self.data is not None and not self.int8:
            raise InputError("--data is for measuring --int8", fix="give both or neither")
        split = None if self.data is None else open_table(self.data).split(self.split)
        folders = checkpoint_folders(checkpoint_folder(self.checkpoint))
        if len(folders) > 1:
            raise InputError(
                f"{len(folders)} checkpoints, one a seed",
                where=str(self.checkpoint),
                fix=f"name one of them, such as {folders[0].parent}",
            )
        with progress() as step:
            description = export_onnx(
                load_checkpoint(folders[0]),
                folders[0],
                self.out,
                int8=self.int8,
                measured_on=split,
                step=step,
            )
        for graph in description["graphs"].values():
            print(f"{self.out / graph['file']}: {graph['megabytes']} MB, ", end="")
            print(f"at most {graph['worst_difference']:.1e} from PyTorch")
            if "int8" in graph:
                self._print_small(graph["int8"])
        return 0

    def _print_small(self, small: dict[str, object]) -> None:
        loss = small["loss"]
        print(f"{self.out / str(small['file'])}: {small['megabytes']} MB, ", end="")
        if isinstance(loss, dict):
            scores = loss["weighted_f1"]
            print(
                f"{loss['agreement']:.1%} of {loss['utterances']} utterances answered alike, "
                f"weighted F1 {100 * scores['int8']:.2f} (32 bits: {100 * scores['float32']:.2f})"
            )
        else:
            print(f"loss {loss}")
