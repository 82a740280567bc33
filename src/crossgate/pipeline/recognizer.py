"""A checkpoint at work on conversations, and its way to a hub and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from huggingface_hub import ModelCard, ModelHubMixin

from crossgate.conversation import Conversation, FeatureSpec
from crossgate.corpora.table import FeatureColumn, Split
from crossgate.errors import InputError
from crossgate.evaluation.members import checkpoint_folders, predict_split
from crossgate.evaluation.packing.front_matter import CARD_FILE, with_front_matter
from crossgate.evaluation.packing.record import PACKED_FILE
from crossgate.evaluation.predictor import Predictions
from crossgate.files import new_folder
from crossgate.models.checkpoint import Checkpoint, load_checkpoint
from crossgate.packaged import checkpoint_folder
from crossgate.prediction import Prediction

NO_CARD = """\
# A checkpoint of crossgate

Expressed emotions: $emotions. Nobody has written what it was trained on.
"""


class Recognizer(ModelHubMixin):  # type: ignore[misc]  # the checker does not read huggingface_hub
    """Recognises the expressed emotion of every utterance.

    `from_pretrained(name)`, `save_pretrained(folder)` and `push_to_hub("owner/name")` are those of every
    model of the hub. What is fetched is weights, JSON and Markdown, never code.

    Args:
        checkpoint: the network and all it needs.
        folder: where it was loaded from; its card and record go along when it is saved.
    """

    # Set here so that the mixin makes no config.json out of the arguments: the checkpoint writes its own.
    _hub_mixin_config: ClassVar[dict[str, Any]] = {}

    def __init__(self, checkpoint: Checkpoint, folder: Path | None = None) -> None:
        self.checkpoint = checkpoint
        self._card = _text(folder, CARD_FILE)
        self._record = _text(folder, PACKED_FILE)

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions, in the order of every distribution."""
        return self.checkpoint.labels.labels

    def predict(self, conversations: Sequence[Conversation]) -> list[tuple[Prediction, ...]]:
        """The predictions of every conversation, one an utterance, from the texts alone.

        Raises InputError where no utterance has a text, and where the checkpoint reads no texts.
        """
        if not conversations:
            return []
        split = _in_memory(conversations, self.checkpoint)
        # What people say to each other is not left lying on a disk.
        found = predict_split(self.checkpoint, split, cache=False)
        predictions = [self._prediction(found, row) for row in range(split.rows)]
        ends = np.cumsum([len(conversation) for conversation in conversations]).tolist()
        starts = [0, *ends[:-1]]
        return [tuple(predictions[start:end]) for start, end in zip(starts, ends, strict=True)]

    def _prediction(self, found: Predictions, row: int) -> Prediction:
        """One utterance's."""
        distribution = self._distribution(found.probabilities[row])
        emotion = max(distribution, key=lambda name: distribution[name])
        confidence = distribution[emotion]
        there = bool(found.valid[-1, row])
        return Prediction(
            distribution,
            emotion,
            confidence,
            abstained=not there or confidence < self.checkpoint.confidence_threshold,
            shares={
                modality: float(share)
                for modality, share in zip(self.checkpoint.network.modalities, found.shares[row], strict=True)
            },
            views={
                name: self._distribution(found.views[view, row])
                for view, name in enumerate(found.names)
                if found.valid[view, row]
            },
        )

    def _distribution(self, probabilities: Any) -> dict[str, float]:
        return dict(zip(self.labels, (float(value) for value in probabilities), strict=True))

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path: str | Path, **hub: Any) -> Self:
        """Load a packaged name, the folder of a run or checkpoint, or a hub id `owner/name`.

        `hub` are the options of the hub: revision, token, cache_dir, force_download, local_files_only. Raises
        InputError where nothing of that name is there, or it holds not exactly one checkpoint.
        """
        folders = checkpoint_folders(checkpoint_folder(pretrained_model_name_or_path, **hub))
        if len(folders) > 1:
            raise InputError(
                f"{len(folders)} checkpoints, one a seed",
                where=str(pretrained_model_name_or_path),
                fix=f"name one of them, such as {folders[0].parent}",
            )
        loaded: Self = super().from_pretrained(folders[0])
        return loaded

    @classmethod
    def _from_pretrained(cls, *, model_id: str, **_: Any) -> Self:
        return cls(load_checkpoint(Path(model_id)), Path(model_id))

    def save_pretrained(
        self,
        save_directory: str | Path,
        *,
        push_to_hub: bool = False,
        repo_id: str | None = None,
        **options: Any,
    ) -> str | None:
        """Write weights, settings, card and record to a new folder, and publish them where that is wanted.

        `options` are those of `push_to_hub`, whose URL is returned. Raises InputError where the folder exists
        and is not empty: nothing is overwritten.
        """
        folder = Path(save_directory)
        with new_folder(folder) as draft:
            super().save_pretrained(draft)
        if not push_to_hub:
            return None
        url: str = self.push_to_hub(repo_id or folder.name, **options)
        return url

    def _save_pretrained(self, save_directory: Path) -> None:
        self.checkpoint.save(save_directory, half=self.checkpoint.fits_half)
        if self._record:
            (save_directory / PACKED_FILE).write_text(self._record, encoding="utf-8")

    def generate_model_card(self, *_: Any, **__: Any) -> ModelCard:
        """The checkpoint's own card, with front matter for the hub."""
        text = self._card or NO_CARD.replace("$emotions", ", ".join(self.labels))
        return ModelCard(with_front_matter(text))


def _in_memory(conversations: Sequence[Conversation], checkpoint: Checkpoint) -> Split:
    """Conversations as a split, with every modality but text missing. Raises InputError without texts."""
    if not any(u.text and u.text.strip() for c in conversations for u in c.utterances):
        raise InputError(
            "no utterance has a text", where=f"conversation {conversations[0].id}", fix="give it a transcript"
        )
    if "text" not in checkpoint.specs:
        raise InputError(
            f"the checkpoint reads {', '.join(checkpoint.specs)} and no texts", fix="load another checkpoint"
        )
    rows = sum(len(conversation) for conversation in conversations)
    columns = {
        spec.column: _missing(spec, rows)
        for modality, specs in checkpoint.specs.items()
        if modality != "text"
        for spec in specs
    }
    return Split("in memory", tuple(conversations), columns, sha256="")


def _missing(spec: FeatureSpec, rows: int) -> FeatureColumn:
    """A column of which nothing is there."""
    nothing = np.full((rows, spec.dimension), np.nan, dtype=np.float32)
    return FeatureColumn(spec, nothing, np.zeros(rows, dtype=bool))


def _text(folder: Path | None, name: str) -> str:
    """A text file of a folder; empty where it is not there."""
    path = None if folder is None else folder / name
    return path.read_text(encoding="utf-8") if path is not None and path.is_file() else ""
