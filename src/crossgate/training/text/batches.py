"""What is read in a round: windows of conversations, in batches of about equal size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from crossgate.features.text.turn_encoder import Tokenizer, Turn
from crossgate.features.text.turn_settings import TurnEncoderSettings
from crossgate.features.text.turn_windows import training_windows
from crossgate.training.randomness import Purpose, generator
from crossgate.training.text.sources import Dialogue, Source

POOL = 24
"""Batches whose windows are sorted by length together: little padding, and still a mixture."""

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True)
class Piece:
    """A window to read: its turns, and where its labels stand."""

    source: int
    dialogue: Dialogue
    first: int
    turns: tuple[Turn, ...]

    @property
    def size(self) -> int:
        """Tokens."""
        return 1 + sum(len(turn.tokens) for turn in self.turns)


def pieces_of_round(
    sources: Sequence[Source],
    shares: Sequence[float],
    tokenizer: Tokenizer,
    settings: TurnEncoderSettings,
    *,
    letters: float,
    seed: int,
    number: int,
) -> list[Piece]:
    """The windows of a round, source by source; over the rounds every conversation is read equally often."""
    pieces = []
    for index, (source, share) in enumerate(zip(sources, shares, strict=True)):
        for place in _drawn(len(source.dialogues), share, seed, number, index):
            dialogue = source.dialogues[place]
            draw = generator(seed, Purpose.ORDER, number, index, place)
            turns = with_names(dialogue, tokenizer, anonymous=draw.random() < letters)
            lengths = [len(turn.tokens) for turn in turns]
            limit = settings.max_tokens
            # Conversations that fit are read whole.
            offset = limit if sum(lengths) <= limit else int(draw.integers(limit // 4, limit + 1))
            for window in training_windows(lengths, limit, offset):
                if dialogue.targets[window.first : window.end].any():
                    pieces.append(
                        Piece(index, dialogue, window.first, tuple(turns[window.first : window.end]))
                    )
    return pieces


def with_names(dialogue: Dialogue, tokenizer: Tokenizer, *, anonymous: bool = False) -> list[Turn]:
    """The turns of a dialogue with their speakers' names, or with A, B, C in the order of appearance."""
    names = dict.fromkeys(dialogue.speakers)
    if anonymous:
        called = {name: LETTERS[n % len(LETTERS)] for n, name in enumerate(names)}
    else:
        called = {name: name for name in names}
    return [
        tokenizer.turn(called[s] if s else "", w)
        for s, w in zip(dialogue.speakers, dialogue.words, strict=True)
    ]


def batches(pieces: Sequence[Piece], tokens: int, seed: int, number: int) -> list[list[Piece]]:
    """Shuffle, sort by length within pools, cut so that a batch has at most `tokens` with its padding."""
    draw = generator(seed, Purpose.ORDER, number)
    order = draw.permutation(len(pieces))
    mean = sum(piece.size for piece in pieces) / max(1, len(pieces))
    pool = max(1, int(POOL * tokens / mean))
    made: list[list[Piece]] = []
    for start in range(0, len(order), pool):
        chosen = sorted((pieces[i] for i in order[start : start + pool]), key=lambda piece: piece.size)
        current: list[Piece] = []
        for piece in chosen:
            if current and (len(current) + 1) * piece.size > tokens:
                made.append(current)
                current = []
            current.append(piece)
        made.append(current)
    return [made[i] for i in draw.permutation(len(made))]


def _drawn(count: int, share: float, seed: int, number: int, index: int) -> list[int]:
    """The places read in a round: the next stretch of an endless row of permutations."""
    start, end = round(count * share * number), round(count * share * (number + 1))
    chosen: list[int] = []
    for cycle in range(start // count, (end - 1) // count + 1 if end > start else start // count):
        order = generator(seed, Purpose.ORDER, 1_000_000 + cycle, index).permutation(count)
        low, high = max(start - cycle * count, 0), min(end - cycle * count, count)
        chosen.extend(int(place) for place in order[low:high])
    return chosen


def hide_words(
    ids: np.ndarray, words: np.ndarray, probability: float, mask: int, draw: np.random.Generator
) -> np.ndarray:
    """Replace words' tokens (batch, token) by the mask token at random."""
    return np.where(words & (draw.random(ids.shape) < probability), mask, ids)
