"""The one checkpoint behind all live conversations of a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from crossgate.conversation import Modality
from crossgate.errors import InputError
from crossgate.models.checkpoint import Checkpoint
from crossgate.pipeline.extractors import VoiceExtractor, face_encoder_for
from crossgate.pipeline.recognizer import Recognizer
from crossgate.serving.live.faces import FaceFinder
from crossgate.serving.logs import take_over_libraries
from crossgate.serving.settings import ServiceSettings


@dataclass(frozen=True)
class LiveModel:
    """A causal checkpoint in memory, with what can be measured for it here.

    Attributes:
        recognizer: whose `live()` gives conversations.
        unmeasured: modalities it reads and nothing here measures -> why.
        faces: looks for faces in whole pictures.
    """

    recognizer: Recognizer
    unmeasured: Mapping[Modality, str]
    faces: FaceFinder

    @property
    def modalities(self) -> tuple[Modality, ...]:
        """What it reads and can be measured."""
        return tuple(m for m in self.recognizer.checkpoint.specs if m not in self.unmeasured)


class SharedModel:
    """Loads the checkpoint when the first conversation begins, and keeps it for all that follow.

    Args:
        settings: name the checkpoint.
        load: how, for tests.
    """

    def __init__(
        self, settings: ServiceSettings, load: Callable[..., Recognizer] = Recognizer.from_pretrained
    ) -> None:
        self._name = settings.live_model
        self._load = load
        self._lock = Lock()
        self._model: LiveModel | None = None

    def get(self) -> LiveModel:
        """The model; whoever comes while it is loaded waits.

        Raises InputError where there is no such checkpoint, or it looks at later turns; the next one who asks
        finds out anew.
        """
        with self._lock:
            if self._model is None:
                recognizer = self._load(self._name)
                # Refuses hindsight, and reads what is read at the first turn: text encoder, graph, languages.
                recognizer.live().add(speaker="A", text="Good morning, everybody.")
                take_over_libraries()  # which came with the model
                unmeasured = unmeasured_of(recognizer.checkpoint)
                self._model = LiveModel(recognizer, unmeasured, FaceFinder())
            return self._model


def unmeasured_of(checkpoint: Checkpoint) -> dict[Modality, str]:
    """The modalities a checkpoint reads and nothing here measures, with the reason in words."""
    tries: dict[Modality, Callable[[], object]] = {
        "audio": lambda: VoiceExtractor(checkpoint.specs["audio"]),
        "visual": lambda: face_encoder_for(checkpoint.specs["visual"]),
    }
    reasons: dict[Modality, str] = {}
    for modality, make in tries.items():
        if checkpoint.specs.get(modality):
            try:
                make()
            except InputError as error:
                reasons[modality] = error.what
    return reasons
