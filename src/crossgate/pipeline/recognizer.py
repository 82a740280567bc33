"""A checkpoint at work on conversations, and its way to a hub and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, Self

import numpy as np
from huggingface_hub import ModelCard, ModelHubMixin

from crossgate.conversation import Conversation
from crossgate.corpora.manifest import sha256_of
from crossgate.errors import InputError
from crossgate.evaluation.members import checkpoint_folders
from crossgate.evaluation.packing.front_matter import CARD_FILE, with_front_matter
from crossgate.evaluation.packing.record import PACKED_FILE
from crossgate.evaluation.run_folder import CHECKPOINT_FOLDER
from crossgate.files import new_folder
from crossgate.models.checkpoint import WEIGHTS_FILE, Checkpoint, load_checkpoint
from crossgate.packaged import checkpoint_folder
from crossgate.pipeline.in_memory import examples_in_memory, has_words
from crossgate.pipeline.predictions import predictions_of
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.pipeline.steps import Step
from crossgate.prediction import Prediction
from crossgate.report.result import Result

if TYPE_CHECKING:
    from crossgate.pipeline.live import Live

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
        self._folder = folder
        self._card = _text(folder, CARD_FILE)
        self._record = _text(folder, PACKED_FILE)

    @property
    def labels(self) -> tuple[str, ...]:
        """The emotions, in the order of every distribution."""
        return self.checkpoint.labels.labels

    @property
    def name(self) -> str:
        """What results call it: its folder, or that of the run it is the checkpoint of."""
        if self._folder is None:
            return "unnamed"
        folder = self._folder.resolve()
        return folder.parent.name if folder.name == CHECKPOINT_FOLDER else folder.name

    def predict(self, conversations: Sequence[Conversation]) -> list[tuple[Prediction, ...]]:
        """The predictions of every conversation, one an utterance, from the texts alone.

        Raises InputError where no utterance has a text, and where the checkpoint reads no texts.
        """
        if not conversations:
            return []
        if not has_words(conversations):
            raise InputError(
                "no utterance has a text",
                where=f"conversation {conversations[0].id}",
                fix="give it a transcript",
            )
        if "text" not in self.checkpoint.specs:
            raise InputError(
                f"the checkpoint reads {', '.join(self.checkpoint.specs)} and no texts",
                fix="load another checkpoint",
            )
        examples = examples_in_memory(conversations, self.checkpoint)
        predictions = predictions_of(self.checkpoint, examples)
        ends = np.cumsum([len(conversation) for conversation in conversations]).tolist()
        starts = [0, *ends[:-1]]
        return [tuple(predictions[start:end]) for start, end in zip(starts, ends, strict=True)]

    def analyze(
        self,
        source: str | Path | BinaryIO,
        transcript: str | Path | None = None,
        settings: AnalysisSettings | None = None,
        *,
        step: Step | None = None,
    ) -> Result:
        """The expressed emotion of every utterance of a recording.

        Args:
            source: anything FFmpeg reads; `-` or an open binary stream for what has no name; or a transcript
                alone, of which the texts are read.
            transcript: who says what and when, as SRT, WebVTT, CSV, JSON, ELAN, TextGrid or RTTM. Without one
                the turns are found by voice activity.
            settings: how; by default every modality the checkpoint reads is used.
            step: called with what is being done and, where that is known, the share of it that is done.

        Raises InputError where nothing can be made of what is given. What is missing, mended or guessed
        stands in the result's warnings.
        """
        from crossgate.pipeline.analysis import Model, analyze  # decoders that texts need not wait for

        weights = "" if self._folder is None else sha256_of(self._folder / WEIGHTS_FILE)
        return analyze(
            Model(self.checkpoint, self.name, weights),
            Path(source) if isinstance(source, str) else source,
            None if transcript is None else Path(transcript),
            settings or AnalysisSettings(),
            step or (lambda words, share: None),
        )

    def live(self) -> Live:
        """A conversation that is answered turn by turn.

        Raises InputError where the checkpoint looks at later turns; `crossgate-meld-live` does not.
        """
        from crossgate.pipeline.live import Live

        return Live(self.checkpoint)

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


def _text(folder: Path | None, name: str) -> str:
    """A text file of a folder; empty where it is not there."""
    path = None if folder is None else folder / name
    return path.read_text(encoding="utf-8") if path is not None and path.is_file() else ""
