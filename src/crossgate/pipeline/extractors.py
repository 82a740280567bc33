"""The extractors behind the features a checkpoint was trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from crossgate.conversation import FeatureSpec
from crossgate.corpora.table import FeatureColumn
from crossgate.errors import InputError
from crossgate.features.audio.extractors import NAMED, SPEECH, AudioExtractor, audio_extractor
from crossgate.features.visual.faces import FaceEncoder
from crossgate.media.clips import Sound


class VoiceExtractor:
    """Everything that is measured of a voice, side by side.

    Args:
        specs: of the audio features, in their order.
        speech_model: folder or hub's name of the speech model behind those of them that are of one.

    Raises InputError where nothing here makes one of them, or its library is not installed.
    """

    def __init__(self, specs: Sequence[FeatureSpec], speech_model: str = "") -> None:
        named = [spec.name if spec.name in NAMED else f"{SPEECH}{speech_model}" for spec in specs]
        unknown = [str(spec) for spec, name in zip(specs, named, strict=True) if name == SPEECH]
        if unknown:
            raise InputError(
                f"nothing here makes {', '.join(unknown)} of a recording",
                fix="if it is of a speech model, name that (--speech_model)",
            )
        self.extractors: list[AudioExtractor] = [audio_extractor(name) for name in named]
        for spec, extractor in zip(specs, self.extractors, strict=True):
            _refuse_other(spec, extractor.spec)
        rates = {extractor.rate for extractor in self.extractors}
        self.rate = rates.pop() if len(rates) == 1 else None

    def __call__(self, sound: Sound) -> npt.NDArray[np.float32]:
        """The vectors of a sound one after the other, (feature,); NaN where not measured."""
        return np.concatenate([extractor(sound) for extractor in self.extractors])


def face_encoder_for(specs: Sequence[FeatureSpec]) -> FaceEncoder:
    """The face network behind a checkpoint's visual features. Raises InputError where it is not ours."""
    encoder = FaceEncoder.load()
    if len(specs) != 1:
        raise InputError(f"nothing here makes {', '.join(map(str, specs))}")
    _refuse_other(specs[0], encoder.spec)
    return encoder


def _refuse_other(expected: FeatureSpec, found: FeatureSpec) -> None:
    if not expected.matches(found):
        raise InputError(f"the checkpoint was trained on {expected}, and {found} is what can be made here")


def columns_of(specs: Sequence[FeatureSpec], values: npt.NDArray[np.float32]) -> list[FeatureColumn]:
    """Vectors (utterance, feature) cut into the columns they were joined from."""
    columns, at = [], 0
    for spec in specs:
        part = values[:, at : at + spec.dimension]
        columns.append(FeatureColumn(spec, part, np.asarray(np.isfinite(part).any(axis=1))))
        at += spec.dimension
    return columns
