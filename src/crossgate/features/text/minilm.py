"""What is said, as vectors: frozen MiniLM sentence embeddings, with the turns around as context if wanted.

The encoder is all-MiniLM-L6-v2 of sentence-transformers (Reimers and Gurevych, EMNLP 2019), run through
`transformers`. It is never trained here. The mean over tokens is not scaled to length 1; scaled, the last
layer's is the embedding that sentence-transformers gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from rich.console import Console
from rich.progress import Progress

from crossgate.conversation import Conversation, FeatureSpec, Utterance
from crossgate.corpora.table import FeatureColumn
from crossgate.errors import InputError
from crossgate.features.cache import Features, cached
from crossgate.features.settings import MiniLMSettings
from crossgate.features.text.weights import REPOSITORY, REVISION, minilm_folder

WIDTH = 384
"""Numbers in one hidden state."""

LONGEST_TEXT = 10_000
"""Characters of one text that are cut into tokens, so that a novel in one cell costs no minutes."""

BATCH = 64
MANY_BATCHES = 16
"""From here on a progress bar is worth its line."""


def minilm_spec(settings: MiniLMSettings) -> FeatureSpec:
    """Names the extractor; every setting that changes a vector changes the name."""
    name = "minilm_l" + "-".join(str(layer) for layer in settings.layers)
    if settings.turns_before:
        name += f"_b{settings.turns_before}"
    if settings.turns_after:
        name += f"_a{settings.turns_after}"
    if settings.max_tokens != MiniLMSettings.max_tokens:
        name += f"_t{settings.max_tokens}"
    source = f"{REPOSITORY}, mean of tokens"
    return FeatureSpec("text", name, REVISION[:8], WIDTH * len(settings.layers), source)


def embed_conversations(
    conversations: Sequence[Conversation],
    settings: MiniLMSettings | None = None,
    *,
    device: str = "cpu",
    cache: bool = True,
    progress: bool = True,
) -> Features:
    """The vectors of all utterances, in order.

    Args:
        conversations: texts; an utterance whose text is None or holds no word is not present.
        settings: what is pooled.
        device: where the encoder runs, for example `cuda`.
        cache: keep the result on disk, and take it from there the next time.
        progress: show a bar on stderr where the work takes long and stderr is a terminal.

    Returns:
        `values (utterance, feature) float32`, NaN where not present, and `present (utterance,) bool`.

    Raises:
        InputError: where the weights or the library that runs them are not to be had.
    """
    settings = settings or MiniLMSettings()

    def compute() -> Features:
        return _encoder(device).embed(conversations, settings, progress=progress)

    return cached(minilm_spec(settings), asdict(settings), conversations, compute) if cache else compute()


def embed_texts(
    texts: Sequence[str | None],
    settings: MiniLMSettings | None = None,
    *,
    device: str = "cpu",
    progress: bool = True,
) -> Features:
    """The vectors of texts that have nothing to do with one another; see `embed_conversations`.

    Raises InputError where the settings ask for context, which single texts do not have.
    """
    settings = settings or MiniLMSettings()
    if settings.turns_before or settings.turns_after:
        raise InputError("single texts have no turns before or after", fix="use embed_conversations")
    alone = [Conversation(str(n), (Utterance("0", "", text),)) for n, text in enumerate(texts)]
    return embed_conversations(alone, settings, device=device, cache=False, progress=progress)


def text_column(
    conversations: Sequence[Conversation],
    settings: MiniLMSettings | None = None,
    *,
    device: str = "cpu",
    cache: bool = True,
    progress: bool = True,
) -> FeatureColumn:
    """The vectors as a column of a table's split, with their spec; see `embed_conversations`."""
    settings = settings or MiniLMSettings()
    values, present = embed_conversations(
        conversations, settings, device=device, cache=cache, progress=progress
    )
    return FeatureColumn(minilm_spec(settings), values, present)


@dataclass(frozen=True)
class _Sequence:
    """Tokens the encoder reads for one utterance, and which of them are averaged (from, up to)."""

    row: int
    tokens: list[int]
    pooled: tuple[int, int]


class MiniLM:
    """The encoder in memory. Raises InputError where the weights or `transformers` are not to be had."""

    def __init__(self, device: str = "cpu") -> None:
        try:
            from transformers import AutoModel, AutoTokenizer
            from transformers.utils import logging
        except ImportError as error:
            raise InputError(
                "text features need the library transformers", fix="pip install 'crossgate[offline]'"
            ) from error
        folder = str(minilm_folder())
        bar = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            self._model: Any = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype=torch.float32
            )
        finally:
            if bar:
                logging.enable_progress_bar()
        self._model.to(device).eval()
        self._device = device

    def embed(
        self, conversations: Sequence[Conversation], settings: MiniLMSettings, *, progress: bool = False
    ) -> Features:
        """`values (utterance, feature)` and `present (utterance,)`; see `embed_conversations`."""
        sequences = self._sequences(conversations, settings)
        rows = sum(len(conversation) for conversation in conversations)
        values = np.full((rows, WIDTH * len(settings.layers)), np.nan, dtype=np.float32)
        present = np.zeros(rows, dtype=bool)
        # Neighbours in length share a batch, so that little is spent on padding.
        sequences.sort(key=lambda sequence: (len(sequence.tokens), sequence.row))
        batches = [sequences[first : first + BATCH] for first in range(0, len(sequences), BATCH)]
        console = Console(stderr=True)
        shown = progress and console.is_terminal and len(batches) >= MANY_BATCHES
        with Progress(console=console, transient=True, disable=not shown) as bar:
            for batch in bar.track(batches, description="text features"):
                where = [sequence.row for sequence in batch]
                values[where] = self._vectors(batch, settings)
                present[where] = True
        return values, present

    def _sequences(self, conversations: Sequence[Conversation], settings: MiniLMSettings) -> list[_Sequence]:
        texts = [utterance.text or "" for c in conversations for utterance in c.utterances]
        if not texts:
            return []
        tokens: list[list[int]] = self._tokenizer(
            [text[:LONGEST_TEXT] for text in texts], add_special_tokens=False, truncation=False, verbose=False
        )["input_ids"]
        sequences = []
        first = 0
        for conversation in conversations:
            turns = tokens[first : first + len(conversation)]
            for turn, own in enumerate(turns):
                if own:
                    before = turns[max(0, turn - settings.turns_before) : turn]
                    after = turns[turn + 1 : turn + 1 + settings.turns_after]
                    sequences.append(self._sequence(first + turn, before, own, after, settings))
            first += len(conversation)
        return sequences

    def _sequence(
        self,
        row: int,
        before: list[list[int]],
        own: list[int],
        after: list[list[int]],
        settings: MiniLMSettings,
    ) -> _Sequence:
        """`[CLS] before [SEP] own [SEP] after [SEP]`: where it is too long, the furthest tokens go first.

        Without context everything is averaged, the marks too, as sentence-transformers does; with context
        only the utterance's own tokens, which have read the others through attention.
        """
        start, mark = self._tokenizer.cls_token_id, self._tokenizer.sep_token_id
        own = own[: settings.max_tokens - 2]
        if not (settings.turns_before or settings.turns_after):
            return _Sequence(row, [start, *own, mark], (0, len(own) + 2))
        room = settings.max_tokens - 2 - len(own)
        past = [token for turn in before if turn for token in (*turn, mark)]
        future = [token for turn in after if turn for token in (*turn, mark)]
        future = future[: max(room // 2, room - len(past))]
        past = past[max(0, len(past) - (room - len(future))) :]
        return _Sequence(
            row,
            [start, *past, *own, mark, *future],
            (1 + len(past), 1 + len(past) + len(own)),
        )

    @torch.inference_mode()
    def _vectors(self, batch: list[_Sequence], settings: MiniLMSettings) -> npt.NDArray[np.float32]:
        longest = max(len(sequence.tokens) for sequence in batch)
        tokens = torch.full((len(batch), longest), self._tokenizer.pad_token_id)
        attended = torch.zeros(len(batch), longest, dtype=torch.long)
        pooled = torch.zeros(len(batch), longest, 1)
        for n, sequence in enumerate(batch):
            tokens[n, : len(sequence.tokens)] = torch.tensor(sequence.tokens)
            attended[n, : len(sequence.tokens)] = 1
            pooled[n, slice(*sequence.pooled)] = 1
        pooled = pooled.to(self._device)
        states = self._model(
            input_ids=tokens.to(self._device),
            attention_mask=attended.to(self._device),
            output_hidden_states=True,
        ).hidden_states
        means = [(states[layer] * pooled).sum(dim=1) / pooled.sum(dim=1) for layer in settings.layers]
        vectors: npt.NDArray[np.float32] = torch.cat(means, dim=-1).float().cpu().numpy()
        return vectors


@lru_cache(maxsize=2)
def _encoder(device: str) -> MiniLM:
    return MiniLM(device)
