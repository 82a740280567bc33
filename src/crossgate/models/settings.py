"""The settings of the network; no torch here, so that `--help` stays quick."""

from __future__ import annotations

from dataclasses import dataclass

from crossgate.conversation import MODALITIES, Modality, refuse_unknown_modalities
from crossgate.errors import InputError

KINDS = (
    "crossgate",
    "text-only",
    "early-fusion",
    "bc-lstm",
    "dialoguernn",
    "mmgcn",
    "sdt",
    "telme",
    "multiemo",
)
"""Our network, and the rivals it is compared with."""

MOST = {"hidden": 65_536, "layers": 256, "gate_rank": 65_536, "speakers": 100_000}
"""More would be a damaged file; what is between costs the memory it costs."""


@dataclass(frozen=True)
class ModelSettings:
    """Size and switches of the network. The defaults are the `paper` preset of CrossGate."""

    kind: str = "crossgate"
    """Which network: crossgate, or a rival to compare it with (models/baselines). Rivals read `hidden`,
    `heads`, `layers`, `feedforward`, `dropout` and `speakers`; what else they have is their authors'."""
    hidden: int = 256
    """Width of every representation."""
    heads: int = 8
    """Attention heads; must divide `hidden`."""
    layers: int = 1
    """Transformer layers of each modality's context encoder."""
    feedforward: float = 0.5
    """Inner width of the feed-forward blocks, as a multiple of `hidden` (SDT's public code uses 1)."""
    gate_rank: int = 32
    """Width of the bottleneck inside every guided gate."""
    dropout: float = 0.5
    """Dropout on attention inputs, residual branches and before the heads."""
    drop_inside: bool = False
    """The same dropout on attention weights and inside the feed-forward blocks, as in PyTorch's own
    transformer layer. Ours, for small corpora: docs/findings.md has what it gave."""
    input_dropout: float = 0.0
    """Dropout on the standardised input features."""
    normalize_inputs: tuple[Modality, ...] = MODALITIES
    """Modalities whose feature vector is set to mean 0 and variance 1 over its own features before it is
    projected. A vector of a few measurements loses its level by it: high on all of them is then like low."""
    normalize_steps: bool = True
    """Layer normalisation of what context, guides and pairs end with, as in the formulas. It makes a modality
    that says little as loud as one that says much: likelihood and calibration are better without, weighted
    F1 is level, with heavier class weights (docs/findings.md)."""
    speakers: int = 9
    """Distinct speaker embeddings; the speakers of a conversation beyond this number share the last."""
    causal: bool = False
    """Attend only to the past and the present turn, for live use."""
    relations: bool = False
    """Add a learned bias to attention for the distance between two turns and for whether the speaker is the
    same. Not in the abstract; ours."""
    unimodal_guide: bool = True
    """First duty of the guided gate: other modalities strengthen each single one."""
    third_guide: bool = True
    """Second duty of the guided gate: the third modality steers the fusion of the other two."""
    mix_singles: bool = False
    """Let the three single modalities take part in the final mixture beside the three pairs."""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"model.kind is {self.kind!r}, expected {', '.join(KINDS)}")
        if self.kind != "crossgate" and self.causal:
            raise InputError(f"model.causal is on, and {self.kind} reads whole conversations")
        refuse_unknown_modalities("model.normalize_inputs", self.normalize_inputs)
        if self.hidden < 2:
            raise InputError(f"model.hidden is {self.hidden}, expected 2 or more")
        if self.heads < 1 or self.hidden % self.heads:
            raise InputError(f"model.heads ({self.heads}) must divide model.hidden ({self.hidden})")
        for name, most in MOST.items():
            value = getattr(self, name)
            if value < 1:
                raise InputError(f"model.{name} is {value}, expected 1 or more")
            if value > most:
                raise InputError(f"model.{name} is {value}, expected {most:,} at most")
        for name in ("dropout", "input_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise InputError(f"model.{name} is {getattr(self, name)}, expected 0 or more and less than 1")
        if not 0 < self.feedforward <= 64:
            raise InputError(f"model.feedforward is {self.feedforward}, expected more than 0, 64 at most")
