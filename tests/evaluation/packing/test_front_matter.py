"""A card keeps what its writer told the hub, and gets what he did not."""

from __future__ import annotations

import pytest
from huggingface_hub import ModelCard

from crossgate.errors import InputError
from crossgate.evaluation.packing.front_matter import METADATA, split_front_matter, with_front_matter


def test_a_plain_text_gets_front_matter() -> None:
    card = with_front_matter("# Mine\n\n---\n\nnot a head\n")
    metadata, body = split_front_matter(card)
    assert metadata == METADATA
    assert body == "# Mine\n\n---\n\nnot a head\n"
    assert ModelCard(card).data.pipeline_tag == "text-classification"


def test_the_writers_own_entries_stay() -> None:
    card = with_front_matter(
        "---\nlicense: mit\ndatasets: [mine]\n---\n# Mine\n", {"license": "x", "language": "en"}
    )
    metadata, body = split_front_matter(card)
    assert metadata == METADATA | {"license": "mit", "datasets": ["mine"], "language": "en"}
    assert body == "# Mine\n"
    assert split_front_matter(with_front_matter(card)) == (metadata, body)


@pytest.mark.parametrize("head", ["a: [", "- a\n- b", "words"])
def test_a_damaged_head_is_said(head: str) -> None:
    with pytest.raises(InputError, match="front matter"):
        split_front_matter(f"---\n{head}\n---\n# Mine\n")


@pytest.mark.parametrize("text", ["", "---\n", "---\nlicense: mit\n", "\ufeff# Mine"])
def test_what_is_no_head_is_text(text: str) -> None:
    assert split_front_matter(text) == ({}, text.removeprefix("\ufeff"))


def test_lines_may_end_as_on_windows() -> None:
    assert split_front_matter("---\r\nlicense: mit\r\n---\r\n# Mine\r\n") == ({"license": "mit"}, "# Mine\n")
