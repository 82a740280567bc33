"""A conversation as it happens: utterances one at a time, each answered before the next is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from crossgate.conversation import Conversation, FeatureSpec, Modality, Utterance
from crossgate.corpora.table import FeatureColumn
from crossgate.errors import InputError
from crossgate.features.assemble import MINILM, TURNS
from crossgate.features.dataset import Example
from crossgate.features.plausible import mark_of
from crossgate.features.visual.faces import FaceEncoder
from crossgate.media.clips import Pixels, Sound
from crossgate.models.checkpoint import Checkpoint
from crossgate.pipeline.extractors import VoiceExtractor, columns_of, face_encoder_for
from crossgate.pipeline.in_memory import examples_in_memory
from crossgate.pipeline.live_fusion import LiveFusion
from crossgate.pipeline.predictions import in_words
from crossgate.prediction import Prediction

Vector = npt.NDArray[np.float32]

BESIDE = 50
"""Turns before the new one, by whose words a text too short to tell its language is judged: no more, so that
a turn costs the same however long a conversation lasts."""


class Live:
    """Recognises the emotion of each utterance from it and those before, never from one after.

    What it answers is what the same checkpoint says of the whole conversation at once. A turn's text is read
    once, with as much before it as the encoder takes; the fusion reads the turn alone, and attends to what is
    kept of those before (`live_fusion.py`): the thousandth turn takes about as long as the tenth.

    Args:
        checkpoint: a causal one, such as `crossgate-meld-live`.

    Raises InputError where the checkpoint looks at later turns.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        _refuse_hindsight(checkpoint)
        self._checkpoint = checkpoint
        self._speakers: dict[str, int] = {}
        self._utterances: list[Utterance] = []
        self._fusion = LiveFusion(checkpoint)
        self._measured: set[tuple[Modality, bytes]] = set()
        self._texts = _Texts(checkpoint)
        self._voice: VoiceExtractor | None = None
        self._faces: FaceEncoder | None = None

    @property
    def utterances(self) -> tuple[Utterance, ...]:
        """The utterances so far."""
        return tuple(self._utterances)

    def add(
        self,
        *,
        speaker: str,
        text: str | None = None,
        sound: Sound | None = None,
        faces: Sequence[Pixels] = (),
        start: float | None = None,
        end: float | None = None,
        vectors: Mapping[Modality, npt.ArrayLike] | None = None,
    ) -> Prediction:
        """Take the next utterance and say what it expresses.

        Args:
            speaker: who says it.
            text: what is said, None where nobody wrote it down.
            sound: the utterance's, mono.
            faces: crops of the speaker's face, each (height, width) or (height, width, 3) uint8; their
                vectors are averaged. `features.visual.faces` tells how a crop should be cut.
            start: seconds from the start of the conversation; kept with the utterance, not looked at.
            end: seconds.
            vectors: measured already, audio or visual -> (feature,); they go before `sound` and `faces`.

        Raises InputError where a sound or face is none, or a vector has another length than the checkpoint's.
        The conversation then stays as it was.
        """
        utterance = Utterance(str(len(self._utterances)), speaker, text, start, end)
        given: dict[Modality, Any] = dict(vectors or {})
        if "text" in given:
            raise InputError("texts are read by the checkpoint's own encoder", fix="give the text in words")
        if sound is not None and not isinstance(sound, Sound):
            raise InputError(f"sound is {type(sound).__name__}, expected media.clips.Sound")
        if sound is not None and "audio" not in given:
            given["audio"] = self._of_sound(sound)
        if len(faces) and "visual" not in given:
            given["visual"] = self._of_faces(faces)
        marks = _marks(given)
        example = self._without_frozen(self._one(utterance, given), marks)
        with self._fusion.next_turn(example) as found:
            recent = self._utterances[-BESIDE:]
            (prediction,) = in_words(found, self._checkpoint, [example], before=recent)
        self._utterances.append(utterance)
        self._speakers.setdefault(speaker, len(self._speakers))
        self._measured |= marks
        self._texts.keep()
        return prediction

    def _of_sound(self, sound: Sound) -> Vector | None:
        specs = self._checkpoint.specs.get("audio", ())
        if not specs:
            return None
        if self._voice is None:
            self._voice = VoiceExtractor(specs)
        return self._voice(sound)

    def _of_faces(self, faces: Sequence[Pixels]) -> Vector | None:
        specs = self._checkpoint.specs.get("visual", ())
        if not specs:
            return None
        if self._faces is None:
            self._faces = face_encoder_for(specs)
        mean: Vector = self._faces.encode(list(faces)).embedding.mean(axis=0)
        return mean

    def _one(self, utterance: Utterance, given: Mapping[Modality, Any]) -> Example:
        """The new utterance as the network reads it, with its speaker's place in the conversation."""
        columns = [self._texts.column(utterance)]
        for modality, vector in given.items():
            specs = self._checkpoint.specs.get(modality, ())
            if modality != "text" and vector is not None:
                columns += _columns(specs, np.asarray(vector, dtype=np.float32), modality)
        alone = Conversation("live", (utterance,))
        measured = [column for column in columns if column is not None]
        (example,) = examples_in_memory([alone], self._checkpoint, measured)
        place = self._speakers.get(utterance.speaker, len(self._speakers))
        return replace(example, speakers=torch.tensor([place]))

    def _without_frozen(self, example: Example, marks: set[tuple[Modality, bytes]]) -> Example:
        """Without what is, number by number, a measurement of an earlier turn; see `plausible.repeated`."""
        implausible = dict(example.implausible)
        present = example.present.clone()
        for modality, _ in marks & self._measured:
            place = list(example.values).index(modality)
            implausible[modality] = implausible.get(modality, torch.tensor([False])) | present[place]
            present[place] = False
        return replace(example, present=present, implausible=implausible)


def _marks(given: Mapping[Modality, Any]) -> set[tuple[Modality, bytes]]:
    """By what each vector is known again."""
    marks = {m: mark_of(np.asarray(v, dtype=np.float32)) for m, v in given.items() if v is not None}
    return {(modality, mark) for modality, mark in marks.items() if mark is not None}


class _Texts:
    """The trained text encoder's answers, turn by turn; other text features depend on the turn alone."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self._head = checkpoint.features.turns
        self._turns: list[Any] = []  # of the window that the next turn may still be read with
        self._new: list[Any] = []
        self._embedder = None
        if TURNS in checkpoint.features.text and checkpoint.encoder is not None:
            from crossgate.features.text.turn_graph import quick_embedder  # transformers is an extra

            self._embedder = quick_embedder(checkpoint.encoder, self._head)

    def column(self, utterance: Utterance) -> FeatureColumn | None:
        """The encoder's column of one utterance, after those that were kept."""
        if self._embedder is None:
            return None
        own = self._embedder.turns([utterance.speaker], [utterance.text])
        self._new = self._embedder.last_window([*self._turns, *own])
        spec = self._embedder.spec(self._head)
        present = bool(utterance.text and utterance.text.strip())
        if present:
            values = self._embedder.answers(self._embedder.newest(self._new), self._head)
        else:  # later turns are read with it; of itself there is nothing to say
            values = np.full((1, spec.dimension), np.nan, dtype=np.float32)
        return FeatureColumn(spec, values, np.array([present]))

    def keep(self) -> None:
        """The last utterance has become part of the conversation."""
        self._turns = self._new


def _refuse_hindsight(checkpoint: Checkpoint) -> None:
    """Raise InputError where anything a checkpoint reads of a turn depends on later ones."""
    features = checkpoint.features
    reasons = [
        reason
        for reason, true in (
            ("its network reads the whole conversation", not checkpoint.settings.causal),
            ("it compares a turn with its speaker's mean", bool(features.speaker_relative)),
            (
                "its sentence encoder is given other turns",
                MINILM in features.text and bool(features.minilm.turns_after or features.minilm.turns_before),
            ),
        )
        if true
    ]
    if reasons:
        raise InputError(
            f"the checkpoint cannot be used live: {'; '.join(reasons)}",
            fix="load crossgate-meld-live, or train one with model.causal=true",
        )


def _columns(specs: Sequence[FeatureSpec], vector: Vector, modality: Modality) -> list[FeatureColumn]:
    """One utterance's vector as the columns it is made of. Raises InputError for another length."""
    expected = sum(spec.dimension for spec in specs)
    if not specs:
        raise InputError(f"the checkpoint reads no {modality}")
    if vector.shape != (expected,):
        raise InputError(
            f"the {modality} vector has shape {vector.shape}, expected ({expected},): "
            f"{', '.join(map(str, specs))}"
        )
    return columns_of(specs, vector[None])
