"""A text encoder that reads a stretch of a conversation at once and gives a vector for every turn.

`[CLS] Ann : you did what ? [SEP] Ben : i sold it . [SEP] ...`: a turn's vector is the mean of the last hidden
states of its words and its mark. One pass serves every turn of the window, where the usual way (EmoBERTa,
Kim and Vossen 2021; SPCL, Song et al. 2022) reads a window anew for each turn. For live use a turn's tokens
attend to that turn and the ones before it, never to later ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from crossgate.features.text.turn_settings import TurnEncoderSettings

TARGETS = ("query", "key", "value", "dense")
"""Names of the linear layers of BERT and RoBERTa that are adapted: attention and feed-forward."""

NAME_TOKENS = 6
"""Tokens of a speaker's name and its colon that are kept."""


@dataclass(frozen=True)
class Tokens:
    """Windows as a network reads them.

    Attributes:
        ids: (batch, token) token numbers.
        turns: (batch, token) the turn a token belongs to, counted in its window; -1 for the first mark, which
            everything may see, and -2 for padding.
        words: (batch, token) bool, tokens that are averaged for their turn.
        count: most turns of a window.
    """

    ids: Tensor
    turns: Tensor
    words: Tensor
    count: int

    def to(self, device: torch.device) -> Tokens:
        """The same on another device."""
        return Tokens(self.ids.to(device), self.turns.to(device), self.words.to(device), self.count)


@dataclass(frozen=True)
class Turn:
    """The tokens of one turn; the last `spoken` of them are its words and mark, not the speaker's name."""

    tokens: tuple[int, ...]
    spoken: int


class TurnEncoder(nn.Module):
    """The adapted base and a head for every label set it was trained on."""

    def __init__(
        self, settings: TurnEncoderSettings, base: nn.Module, width: int, heads: Mapping[str, int]
    ) -> None:
        """`base` is a transformers encoder without pooler; `heads` gives the number of labels by name."""
        super().__init__()
        self.settings = settings
        for parameter in base.parameters():
            parameter.requires_grad = not settings.rank
        if settings.rank:
            from peft import LoraConfig, inject_adapter_in_model

            config = LoraConfig(
                r=settings.rank,
                lora_alpha=settings.alpha,
                lora_dropout=settings.lora_dropout,
                target_modules=list(TARGETS),
            )
            base = inject_adapter_in_model(config, base)
        else:
            for parameter in base.get_input_embeddings().parameters():  # type: ignore[operator]
                parameter.requires_grad = False
        self.base = base
        self.width = width * len(settings.layers)
        self.dropout = nn.Dropout(settings.dropout)
        self.heads = nn.ModuleDict({name: nn.Linear(self.width, size) for name, size in heads.items()})

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    def train(self, mode: bool = True) -> TurnEncoder:
        """Training writes the attention out: forward and back in bfloat16 that is twice as fast on a CPU as
        the fused attention, which in turn is faster where nothing goes back."""
        super().train(mode)
        self.base.set_attn_implementation("eager" if mode else "sdpa")  # type: ignore[operator]
        return self

    def forward(self, tokens: Tokens) -> Tensor:
        """The vectors of the turns, (batch, turn, feature); zeros beyond a window's turns."""
        mask = attention_mask(tokens, self.settings.causal)
        found = self.base(
            input_ids=tokens.ids,
            attention_mask=_as_addend(mask) if self.training else mask,
            output_hidden_states=True,
        ).hidden_states
        return mean_of_turns(torch.cat([found[layer] for layer in self.settings.layers], dim=-1), tokens)

    def classify(self, vectors: Tensor, head: str) -> Tensor:
        """Logits of a label set, (..., label)."""
        logits: Tensor = self.heads[head](self.dropout(vectors))
        return logits


def attention_mask(tokens: Tokens, causal: bool) -> Tensor:
    """Who may look at whom, (batch, 1, query token, key token) bool."""
    seen = (tokens.turns > -2)[:, None, :].expand(-1, tokens.turns.shape[1], -1)
    if causal:
        seen = seen & (tokens.turns[:, None, :] <= tokens.turns[:, :, None])
    # A padding token looks at the first mark, so that no row of the mask is empty.
    first = torch.zeros_like(seen)
    first[:, :, 0] = True
    return (seen | first)[:, None]


def _as_addend(mask: Tensor) -> Tensor:
    """What the attention that is written out adds to its scores, in the precision it computes in."""
    kind = mask.device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else torch.get_default_dtype()
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(
        ~mask, torch.finfo(dtype).min
    )


def mean_of_turns(states: Tensor, tokens: Tokens) -> Tensor:
    """Mean over the words of each turn: (batch, token, feature) to (batch, turn, feature)."""
    numbers = torch.arange(tokens.count, device=states.device)
    own = (tokens.turns[:, None, :] == numbers[None, :, None]) & tokens.words[:, None, :]
    weights = own.to(states.dtype) / own.sum(dim=-1, keepdim=True).clamp(min=1).to(states.dtype)
    return weights @ states


def pack(windows: Sequence[Sequence[Turn]], first: int, padding: int) -> Tokens:
    """Windows of turns as padded tensors; `first` and `padding` are the numbers of those tokens."""
    longest = 1 + max(sum(len(turn.tokens) for turn in window) for window in windows)
    ids = torch.full((len(windows), longest), padding)
    turns = torch.full((len(windows), longest), -2)
    words = torch.zeros((len(windows), longest), dtype=torch.bool)
    ids[:, 0], turns[:, 0] = first, -1
    for row, window in enumerate(windows):
        at = 1
        for number, turn in enumerate(window):
            end = at + len(turn.tokens)
            ids[row, at:end] = torch.tensor(turn.tokens)
            turns[row, at:end] = number
            words[row, end - turn.spoken : end] = True
            at = end
    return Tokens(ids, turns, words, max(len(window) for window in windows))


class Tokenizer:
    """Cuts turns into the tokens of a base."""

    def __init__(self, tokenizer: Any, settings: TurnEncoderSettings) -> None:
        self._tokenizer, self._settings = tokenizer, settings
        self.first: int = tokenizer.cls_token_id
        self.mark: int = tokenizer.sep_token_id
        self.padding: int = tokenizer.pad_token_id
        self.mask: int = tokenizer.mask_token_id
        self._names: dict[str, list[int]] = {}

    def words(self, texts: Sequence[str | None]) -> list[list[int]]:
        """The tokens of texts, at most `turn_tokens` each; none where there is no text."""
        if not texts:
            return []
        cut = [(text or "")[: 12 * self._settings.turn_tokens] for text in texts]
        tokens: list[list[int]] = self._tokenizer(cut, add_special_tokens=False, verbose=False)["input_ids"]
        return [own[: self._settings.turn_tokens - NAME_TOKENS - 1] for own in tokens]

    def turn(self, speaker: str, words: Sequence[int]) -> Turn:
        """A turn: who speaks, the words, the mark."""
        name = self._name(speaker) if self._settings.names and speaker else []
        return Turn((*name, *words, self.mark), len(words) + 1)

    def _name(self, speaker: str) -> list[int]:
        if speaker not in self._names:
            tokens: list[int] = self._tokenizer(f"{speaker}:", add_special_tokens=False)["input_ids"]
            self._names[speaker] = tokens[-NAME_TOKENS:]
        return self._names[speaker]
