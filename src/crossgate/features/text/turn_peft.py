"""Names and settings of an adapter as `peft` writes them, so that its own loader takes our folders."""

from __future__ import annotations

from typing import Any

from crossgate.features.text.turn_encoder import TARGETS
from crossgate.features.text.turn_settings import TurnEncoderSettings


def peft_name(name: str) -> str:
    """`base.encoder...lora_A.default.weight` as peft's files call it; heads keep their names."""
    if name.startswith("heads."):
        return name
    return "base_model.model." + name.removeprefix("base.").replace(".default.", ".")


def peft_config(settings: TurnEncoderSettings) -> dict[str, Any]:
    """What `peft` needs to load the adapter onto the base."""
    return {
        "peft_type": "LORA",
        "task_type": "FEATURE_EXTRACTION",
        "base_model_name_or_path": settings.base,
        "r": settings.rank,
        "lora_alpha": settings.alpha,
        "lora_dropout": settings.lora_dropout,
        "target_modules": list(TARGETS),
        "bias": "none",
        "inference_mode": True,
    }
