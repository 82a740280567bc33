"""A trained text encoder as a feature: its folder, its name, and the vectors of conversations.

A folder holds `adapter_model.safetensors` and `adapter_config.json`, which `peft` loads onto the base, beside
`heads.safetensors` and `encoder.json`. Nothing in it is code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from crossgate.conversation import Conversation, FeatureSpec
from crossgate.corpora.manifest import sha256_of
from crossgate.corpora.table import FeatureColumn
from crossgate.errors import InputError
from crossgate.features.cache import Features, cached
from crossgate.features.stored import shapes_of
from crossgate.features.text.turn_base import base_and_tokenizer, check_layers
from crossgate.features.text.turn_encoder import Tokenizer, Tokens, Turn, TurnEncoder, pack
from crossgate.features.text.turn_peft import peft_config, peft_name
from crossgate.features.text.turn_settings import TurnEncoderSettings
from crossgate.features.text.turn_windows import causal_windows, centred_windows
from crossgate.files import new_file, read_json, whole_folder, write_json

CONFIG_FILE = "encoder.json"
ADAPTER_FILE = "adapter_model.safetensors"
ADAPTER_CONFIG = "adapter_config.json"
HEADS_FILE = "heads.safetensors"
FORMAT = "crossgate-text-encoder"
FORMAT_VERSION = 1
BATCH_TOKENS = 2048
"""Tokens read at once."""

Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class TurnEmbedder:
    """An encoder in memory.

    Attributes:
        encoder: in evaluation mode.
        tokenizer: of its base.
        labels: names of the labels of every head.
        version: first eight digits of the SHA-256 of its adapter and heads; empty before it was saved.
        reader: gives vectors (batch, turn, feature) in the encoder's place, where another runtime does.
    """

    encoder: TurnEncoder
    tokenizer: Tokenizer
    labels: Mapping[str, tuple[str, ...]]
    version: str = ""
    reader: Callable[[Tokens], Array] | None = None

    @classmethod
    def fresh(cls, settings: TurnEncoderSettings, labels: Mapping[str, tuple[str, ...]]) -> TurnEmbedder:
        """An untrained encoder; adapters start at zero, heads from torch's global generator."""
        base, tokenizer, width = base_and_tokenizer(settings.base, settings.attention_dropout)
        check_layers(base, settings)
        encoder = TurnEncoder(settings, base, width, {name: len(found) for name, found in labels.items()})
        return cls(encoder, Tokenizer(tokenizer, settings), dict(labels))

    @classmethod
    def load(cls, folder: Path) -> TurnEmbedder:
        """Load a folder. Raises InputError where a file is missing, damaged or does not fit the others."""
        try:
            if not (folder / CONFIG_FILE).exists():
                raise FileNotFoundError
            config = read_json(folder / CONFIG_FILE)
            if (config["format"], config["version"]) != (FORMAT, FORMAT_VERSION):
                raise ValueError(f"not of format {FORMAT!r} version {FORMAT_VERSION}")
            settings = TurnEncoderSettings(**config["encoder"])
            labels = {name: tuple(found) for name, found in config["labels"].items()}
        except FileNotFoundError:
            raise InputError(
                "no text encoder here",
                where=str(folder),
                fix="`crossgate encoder train-text` writes one to its folder `all`",
            ) from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError, InputError) as error:
            raise InputError(
                f"the encoder's settings cannot be read: {error}", where=str(folder / CONFIG_FILE)
            ) from error
        _refuse_other_sizes(folder, settings, labels)
        made = cls.fresh(settings, labels)
        try:
            made._take(load_file(folder / ADAPTER_FILE) | load_file(folder / HEADS_FILE))
        except (SafetensorError, OSError, KeyError, RuntimeError) as error:
            raise InputError(
                f"the weights do not fit the settings beside them: {str(error).splitlines()[0]}",
                where=str(folder),
                fix="a file may be damaged, or comes from another encoder",
            ) from error
        made.encoder.eval()
        return cls(made.encoder, made.tokenizer, labels, version_of(folder))

    def save(self, folder: Path) -> None:
        """Write the four files; weights in half precision."""
        settings = self.encoder.settings
        tensors = {peft_name(name): value for name, value in self._trained().items()}
        config = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "encoder": asdict(settings),
            "labels": {name: list(found) for name, found in self.labels.items()},
        }
        with whole_folder(folder, CONFIG_FILE) as draft:
            for file, heads in ((ADAPTER_FILE, False), (HEADS_FILE, True)):
                part = {n: v.half() for n, v in tensors.items() if n.startswith("heads.") == heads}
                with new_file(draft / file) as weights:
                    save_file({n: v.contiguous() for n, v in part.items()}, weights, {"format": "pt"})
            write_json(draft / ADAPTER_CONFIG, peft_config(settings))
            write_json(draft / CONFIG_FILE, config)

    def take_from(self, other: TurnEmbedder) -> None:
        """Begin with another encoder's adapter, and with those of its heads that have the same labels and
        read as many numbers.

        Raises InputError where it has another base, rank or alpha.
        """
        mine, its = self.encoder.settings, other.encoder.settings
        if mine.rank and mine.rank == its.rank and mine.alpha != its.alpha:
            raise InputError(
                f"an adapter made with alpha {its.alpha} would count {mine.alpha / its.alpha:g} times as "
                f"much with {mine.alpha}",
                fix=f"set encoder.alpha to {its.alpha}, or begin with none",
            )
        heads = {
            name
            for name, labels in self.labels.items()
            if other.labels.get(name) == labels and other.encoder.width == self.encoder.width
        }
        taken = {
            peft_name(name): value
            for name, value in other._trained().items()
            if not name.startswith("heads.") or name.split(".")[1] in heads
        }
        try:
            self._take(taken, all_of_them=False)
        except RuntimeError as error:
            raise InputError(
                f"an encoder of base {its.base!r}, rank {its.rank} cannot begin one of base {mine.base!r}, "
                f"rank {mine.rank}",
                fix="begin with one of the same base and rank, or with none",
            ) from error

    def become_mean_of(self, others: Sequence[TurnEmbedder]) -> None:
        """Take the mean of several encoders' weights, all begun with the same ones (model soups)."""
        each = [other._trained() for other in others]
        mean = {name: torch.stack([one[name] for one in each]).mean(dim=0) for name in each[0]}
        self._take({peft_name(name): value for name, value in mean.items()})

    def spec(self, head: str) -> FeatureSpec:
        """Names what `column` gives: the head's log-probabilities.

        Not the vectors behind them: encoders that left different parts out agree on what a label means and
        not on what a dimension does; a fusion that learned from their vectors did worse (docs/findings.md).
        """
        if head not in self.labels:
            raise InputError(
                f"the text encoder has no head {head!r}; it has {', '.join(self.labels)}",
                fix="name one of them as features.turns",
            )
        source = f"text encoder, log-probabilities of head {head}"
        return FeatureSpec("text", "turns", self.version, len(self.labels[head]), source)

    def column(
        self, conversations: Sequence[Conversation], head: str, *, cache: bool = True
    ) -> FeatureColumn:
        """The features of all utterances with their spec; a text that holds no word is not present."""
        spec = self.spec(head)

        def compute() -> Features:
            return self.embed(conversations, head)

        if cache and self.version:
            settings = asdict(self.encoder.settings) | {
                "head": head,
                "speakers": [[u.speaker for u in c.utterances] for c in conversations],
            }
            values, present = cached(spec, settings, conversations, compute)
        else:
            values, present = compute()
        return FeatureColumn(spec, values, present)

    @torch.inference_mode()
    def embed(self, conversations: Sequence[Conversation], head: str) -> Features:
        """Log-probabilities `values (utterance, label)`, NaN without text, and `present (utterance,)`."""
        own = [
            self.turns([u.speaker for u in c.utterances], [u.text for u in c.utterances])
            for c in conversations
        ]
        values = self.answers(self.vectors(own), head)
        present = np.array([bool(u.text and u.text.strip()) for c in conversations for u in c.utterances])
        values[~present] = np.nan
        return values, present

    def turns(self, speakers: Sequence[str], texts: Sequence[str | None]) -> list[Turn]:
        """The turns of one conversation, cut into tokens."""
        words = self.tokenizer.words(texts)
        return [self.tokenizer.turn(s, w) for s, w in zip(speakers, words, strict=True)]

    @torch.inference_mode()
    def vectors(self, conversations: Sequence[Sequence[Turn]]) -> Array:
        """Vectors of all turns of conversations, (turn, feature), in order."""
        settings = self.encoder.settings
        cut = causal_windows if settings.causal else centred_windows
        jobs: list[_Job] = []
        first = 0
        for turns in conversations:
            for window in cut([len(turn.tokens) for turn in turns], settings.max_tokens):
                read = list(turns[window.first : window.end])
                jobs.append(
                    _Job(read, [t - window.first for t in window.taken], [first + t for t in window.taken])
                )
            first += len(turns)
        # Neighbours in length share a batch, so that little is spent on padding.
        jobs.sort(key=lambda job: job.size)
        vectors = np.zeros((first, self.encoder.width), dtype=np.float32)
        for batch in _batches(jobs):
            tokens = pack([job.turns for job in batch], self.tokenizer.first, self.tokenizer.padding)
            found = self._read(tokens)
            for row, job in enumerate(batch):
                vectors[job.rows] = found[row, job.taken]
        return vectors

    @torch.inference_mode()
    def newest(self, turns: Sequence[Turn]) -> Array:
        """The vector of the last of some turns, (1, feature), as `vectors` has it for a causal encoder.

        Takes as long as one window, however many turns went before. Raises InputError where the encoder
        looks at later turns: what it says of a turn is then not known before they are there.
        """
        if not self.encoder.settings.causal:
            raise InputError("the text encoder looks at later turns", fix="load one that is causal")
        read = self.last_window(turns)
        tokens = pack([read], self.tokenizer.first, self.tokenizer.padding)
        return self._read(tokens)[0, len(read) - 1 :]

    def last_window(self, turns: Sequence[Turn]) -> list[Turn]:
        """The turns that the last one is read with. Those before them have no part in any later window."""
        window = causal_windows([len(turn.tokens) for turn in turns], self.encoder.settings.max_tokens)[-1]
        return list(turns[window.first :])

    def _read(self, tokens: Tokens) -> Array:
        """Vectors (batch, turn, feature) of windows."""
        if self.reader is not None:
            return self.reader(tokens)
        self.encoder.eval()
        found: Array = self.encoder(tokens.to(self.encoder.device)).float().cpu().numpy()
        return found

    @torch.inference_mode()
    def answers(self, vectors: Array, head: str) -> Array:
        """Log-probabilities of a head, (turn, feature) to (turn, label)."""
        logits = self.encoder.classify(torch.from_numpy(vectors).to(self.encoder.device), head)
        found: Array = logits.float().log_softmax(dim=-1).cpu().numpy()
        return found

    def _trained(self) -> dict[str, Tensor]:
        return {n: p.detach() for n, p in self.encoder.named_parameters() if p.requires_grad}

    def _take(self, tensors: Mapping[str, Tensor], *, all_of_them: bool = True) -> None:
        own = {peft_name(name): value for name, value in self._trained().items()}
        if all_of_them and own.keys() != tensors.keys():
            raise KeyError(f"other tensors than expected: {sorted(own.keys() ^ tensors.keys())[:3]}")
        for name, value in tensors.items():
            if name not in own or own[name].shape != value.shape:
                raise RuntimeError(f"{name} has shape {tuple(value.shape)}")
            own[name].copy_(value)


@dataclass(frozen=True)
class _Job:
    """A window to read: its turns, which of them are taken, and the rows those go to."""

    turns: list[Turn]
    taken: list[int]
    rows: list[int]

    @property
    def size(self) -> int:
        return sum(len(turn.tokens) for turn in self.turns)


def settings_in(folder: Path) -> TurnEncoderSettings:
    """The settings of a saved encoder that was loaded before: its file is read, no weights."""
    return TurnEncoderSettings(**read_json(folder / CONFIG_FILE)["encoder"])


def turn_embedder(folder: Path) -> TurnEmbedder:
    """A folder's encoder, in memory from the second time on; see `TurnEmbedder.load`."""
    if not (folder / CONFIG_FILE).is_file():
        return TurnEmbedder.load(folder)  # says what is missing
    return _kept(folder.resolve(), sha256_of(folder / CONFIG_FILE) + version_of(folder))


@lru_cache(maxsize=4)
def _kept(folder: Path, _: str) -> TurnEmbedder:
    return TurnEmbedder.load(folder)


def version_of(folder: Path) -> str:
    """The version of a saved encoder: eight digits that change with any weight."""
    return sha256_of(folder / ADAPTER_FILE)[:4] + sha256_of(folder / HEADS_FILE)[:4]


def _refuse_other_sizes(
    folder: Path, settings: TurnEncoderSettings, labels: Mapping[str, tuple[str, ...]]
) -> None:
    """Refuse settings that ask for more memory than the files beside them hold, before it is asked for."""
    adapter, heads = shapes_of(folder / ADAPTER_FILE), shapes_of(folder / HEADS_FILE)
    ranks = {shape[0] for name, shape in adapter.items() if "lora_A" in name and shape}
    if settings.rank and ranks != {settings.rank}:
        raise InputError(
            f"the weights do not fit the settings beside them: rank {sorted(ranks)}, not {settings.rank}",
            where=str(folder / ADAPTER_FILE),
            fix="a file may be damaged, or comes from another encoder",
        )
    for name, found in labels.items():
        if heads.get(f"heads.{name}.bias") != (len(found),):
            raise InputError(
                f"the weights do not fit the settings beside them: head {name!r:.80} of {len(found)} labels",
                where=str(folder / HEADS_FILE),
                fix="a file may be damaged, or comes from another encoder",
            )


def _batches(jobs: Sequence[_Job]) -> list[list[_Job]]:
    made: list[list[_Job]] = []
    for job in jobs:
        if made and (len(made[-1]) + 1) * job.size <= BATCH_TOKENS:
            made[-1].append(job)
        else:
            made.append([job])
    return made
