"""The features a model asks for, gathered from a table's columns and from what is computed here."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from crossgate.conversation import FeatureSpec, Modality
from crossgate.corpora.table import FeatureColumn, Split
from crossgate.errors import InputError
from crossgate.features.dataset import Features
from crossgate.features.plausible import implausible, repeated
from crossgate.features.settings import FeatureSettings
from crossgate.features.standardize import Standardizer

MINILM = "minilm"
"""The name under which the frozen sentence encoder is asked for."""

TURNS = "turns"
"""The name under which a trained text encoder is asked for."""

WITHOUT = "_without_"
"""`text_turns_without_Ses01` is the column `text_turns` as made without part Ses01 of the corpus."""

Specs = Mapping[Modality, Sequence[FeatureSpec]]


def assemble(
    split: Split,
    settings: FeatureSettings,
    expected: Specs | None = None,
    *,
    encoder: Path | None = None,
    without: str = "",
    cache: bool = True,
    standardizers: Mapping[Modality, Standardizer] | None = None,
) -> tuple[dict[Modality, Features], dict[Modality, tuple[FeatureSpec, ...]]]:
    """The features of every modality, several columns side by side, and the specs of what is in them.

    Args:
        split: of a corpus table.
        settings: which features.
        expected: the specs a checkpoint was trained on; a mismatch is refused with both names.
        encoder: folder of the trained text encoder, for `turns` where the split has no such column.
        without: a part of the corpus; columns made without it are taken where the split has them.
        cache: keep computed text features on disk, and take them from there the next time.
        standardizers: of a checkpoint; what is implausible by them (`plausible.py`) is taken for missing,
            but for texts, which are read here. None looks at nothing.

    Where `expected` is given, a modality of which the split has none of the features asked for is missing in
    every utterance, with a warning: it was trained to do without. Raises InputError where a column is
    missing, is not what the checkpoint was trained on, or where no utterance has any modality.
    """
    features: dict[Modality, Features] = {}
    specs: dict[Modality, tuple[FeatureSpec, ...]] = {}
    for modality in settings.modalities:
        if expected is not None and _lacks(split, modality, settings.names(modality)):
            columns = [_absent(spec, split) for spec in expected[modality]]
        else:
            columns = [
                _column(split, modality, name, settings, encoder, without, cache)
                for name in settings.names(modality)
            ]
        specs[modality] = tuple(column.spec for column in columns)
        if expected is not None:
            _check(specs[modality], tuple(expected[modality]), split)
        values = _joined(columns, modality in settings.average, f"features.{modality}")
        present = np.logical_or.reduce([column.present for column in columns])
        wrong = None
        if standardizers is not None and modality != "text":
            wrong = present & (
                implausible(values, standardizers[modality])
                | repeated(values, [len(conversation) for conversation in split.conversations])
            )
            # Gone before the speakers' means are taken, which it would spoil for other turns.
            values = np.where(wrong[:, None], np.float32(np.nan), values)
            present = present & ~wrong
        if modality in settings.speaker_relative:
            values = np.concatenate([values, relative_to_speaker(values, split)], axis=1)
        features[modality] = Features(values, present, wrong)
    if not any(
        f.present.any() or (f.implausible is not None and f.implausible.any()) for f in features.values()
    ):
        raise InputError(
            f"no utterance has any of the features asked for ({', '.join(settings.modalities)})",
            where=f"split {split.name}",
            fix="import or extract the features first",
        )
    return features, specs


def _lacks(split: Split, modality: Modality, names: Sequence[str]) -> bool:
    """Whether a split has nothing that is asked of a modality: no such column, no text where that is read.

    Other features of the modality do not count: the network cannot read them.
    """
    if any(f"{modality}_{name}" in split.columns for name in names):
        return False
    read = modality == "text" and {MINILM, TURNS} & set(names)
    return not (read and any(u.text for c in split.conversations for u in c.utterances))


def _absent(spec: FeatureSpec, split: Split) -> FeatureColumn:
    """A column that is missing in every utterance."""
    others = [name for name in split.columns if name.startswith(f"{spec.modality}_")]
    instead = f" (its {', '.join(others)} cannot be read)" if others else ""
    warnings.warn(f"split {split.name} has no {spec}: {spec.modality} is missing{instead}", stacklevel=3)
    nothing = np.full((split.rows, spec.dimension), np.nan, dtype=np.float32)
    return FeatureColumn(spec, nothing, np.zeros(split.rows, dtype=bool))


def relative_to_speaker(
    values: np.ndarray[tuple[int, int], np.dtype[np.float32]], split: Split
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Each value less the mean of its speaker in its conversation, (utterance, feature); NaN stays NaN."""
    relative = np.empty_like(values)
    start = 0
    for conversation in split.conversations:
        rows = values[start : start + len(conversation)]
        speakers = np.asarray(conversation.speaker_indices())
        for speaker in np.unique(speakers):
            own = rows[speakers == speaker]
            measured = np.isfinite(own)
            total = np.where(measured, own, 0).sum(axis=0)
            relative[start : start + len(conversation)][speakers == speaker] = own - total / np.maximum(
                measured.sum(axis=0), 1
            )
        start += len(conversation)
    return relative


def _joined(columns: list[FeatureColumn], average: bool, where: str) -> np.ndarray[tuple[int, int], Any]:
    """Columns side by side, or their mean over those present, (utterance, feature)."""
    if not average:
        return np.concatenate([column.values for column in columns], axis=1)
    if len({column.spec.dimension for column in columns}) > 1:
        raise InputError(
            f"only vectors of one length can be averaged, got {', '.join(str(c.spec) for c in columns)}",
            where=where,
        )
    stacked = np.stack([column.values for column in columns])
    counts = np.isfinite(stacked).sum(axis=0)
    sums = np.where(np.isfinite(stacked), stacked, 0).sum(axis=0)
    mean = sums / np.maximum(counts, 1)
    return np.where(counts > 0, mean, np.nan).astype(np.float32)


def _column(
    split: Split,
    modality: Modality,
    name: str,
    settings: FeatureSettings,
    encoder: Path | None,
    without: str,
    cache: bool,
) -> FeatureColumn:
    """A feature by name, read or computed."""
    column = split.columns.get(f"{modality}_{name}")
    if column is not None:
        other = split.columns.get(f"{modality}_{name}{WITHOUT}{without}")
        return replace(other, spec=column.spec) if other is not None else column
    if modality == "text" and name == TURNS:
        return _turns(split, settings, encoder, cache)
    if modality == "text" and name == MINILM:
        if not any(utterance.text for c in split.conversations for utterance in c.utterances):
            raise InputError(
                "no utterance has a text, so there is nothing for `minilm` to read",
                where=f"split {split.name}",
                fix="name a text column of the table under features.text",
            )
        from crossgate.features.text.minilm import text_column  # transformers is an extra

        return text_column(split.conversations, settings.minilm, cache=cache)
    known = [key for key in split.columns if key.startswith(f"{modality}_")]
    raise InputError(
        f"no column {modality}_{name}; the {modality} features here are {', '.join(known) or 'none'}",
        where=f"split {split.name}",
        fix=f"correct features.{modality} in the configuration, or import the features",
    )


def _turns(split: Split, settings: FeatureSettings, encoder: Path | None, cache: bool) -> FeatureColumn:
    """The vectors of the trained text encoder."""
    if encoder is None:
        raise InputError(
            "no column text_turns, and no text encoder to compute it with",
            where=f"split {split.name}",
            fix="`crossgate encoder embed` writes a table with that column",
        )
    from crossgate.features.text.turn_embedder import turn_embedder  # transformers is an extra

    return turn_embedder(encoder).column(split.conversations, settings.turns, cache=cache)


def _check(found: tuple[FeatureSpec, ...], expected: tuple[FeatureSpec, ...], split: Split) -> None:
    """Refuse features the network was not trained on."""
    fits = len(found) == len(expected) and all(e.matches(f) for e, f in zip(expected, found, strict=True))
    if not fits:
        raise InputError(
            f"the checkpoint was trained on {', '.join(map(str, expected))}, "
            f"but the table has {', '.join(map(str, found))}",
            where=f"split {split.name}",
            fix="extract the same features, or train on these",
        )
