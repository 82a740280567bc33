"""What a card tells the hub: YAML between two lines of `---` above the Markdown."""

from __future__ import annotations

from typing import Any

import yaml

from crossgate.errors import InputError

CARD_FILE = "README.md"

METADATA: dict[str, Any] = {
    "license": "other",  # what binds the weights follows from the data, and only their trainer can say it
    "library_name": "crossgate",
    "pipeline_tag": "text-classification",
    "tags": ["emotion-recognition", "emotion-recognition-in-conversation", "multimodal", "crossgate"],
}
"""What the hub wants to know of a card that does not say it."""


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """A card's YAML between two lines of `---`, and the Markdown below. Raises InputError where damaged."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    head, mark, body = text.removeprefix("---\n").partition("\n---\n")
    if not text.startswith("---\n") or not mark:
        return {}, text
    try:
        metadata = yaml.safe_load(head) or {}
    except yaml.YAMLError as error:
        raise InputError(f"not YAML: {error}", where="the card's front matter") from error
    if not isinstance(metadata, dict):
        raise InputError("expected entries by name", where="the card's front matter")
    return metadata, body.lstrip("\n")


def with_front_matter(text: str, metadata: dict[str, Any] | None = None) -> str:
    """A card with front matter for the hub; what it says itself stays, then `metadata`, then `METADATA`."""
    own, body = split_front_matter(text)
    head = yaml.safe_dump(METADATA | (metadata or {}) | own, sort_keys=False, allow_unicode=True)
    return f"---\n{head}---\n\n{body}"
