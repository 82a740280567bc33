"""Examples and padded batches."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from crossgate.conversation import Conversation, Modality, Utterance
from crossgate.emotions import MELD, UNLABELLED
from crossgate.errors import InputError
from crossgate.features.dataset import Batch, Example, Features, collate, make_examples
from crossgate.features.standardize import Standardizer

SIZES: dict[Modality, int] = {"text": 3, "visual": 2}


def conversation(name: str, speakers: str, emotions: list[str | None]) -> Conversation:
    return Conversation(
        name,
        tuple(
            Utterance(f"{name}{turn}", speaker, emotion=emotion)
            for turn, (speaker, emotion) in enumerate(zip(speakers, emotions, strict=True))
        ),
    )


def three() -> tuple[list[Conversation], dict[Modality, Features], list[Example]]:
    """Conversations of 3, 1 and 2 turns, their raw features and what is made of them."""
    conversations = [
        conversation("long", "BAB", ["joy", None, "neutral"]),
        conversation("short", "Z", ["anger"]),
        conversation("middle", "AB", [None, "fear"]),
    ]
    random = np.random.default_rng(0)
    features = {
        m: Features(random.normal(size=(6, size)).astype(np.float32), np.arange(6) != position)
        for position, (m, size) in enumerate(SIZES.items())
    }
    features["text"].values[0] = np.nan  # not present, and as such not looked at
    features["text"].values[4, 1] = np.inf
    rules = {m: Standardizer.fit(raw.values, raw.present) for m, raw in features.items()}
    return conversations, features, make_examples(conversations, features, rules, MELD)


def test_examples_hold_the_rows_of_their_conversation() -> None:
    conversations, features, examples = three()
    assert [len(example) for example in examples] == [3, 1, 2]
    assert [example.conversation for example in examples] == conversations
    for modality, raw in features.items():
        rule = Standardizer.fit(raw.values, raw.present)
        joined = torch.cat([example.values[modality] for example in examples]).numpy()
        assert np.array_equal(joined, np.where(raw.present[:, None], rule(raw.values), 0))
    there = torch.cat([example.present for example in examples], dim=1).numpy()
    assert np.array_equal(there, np.stack([raw.present for raw in features.values()]))


def test_speakers_count_from_their_first_appearance_and_labels_from_the_label_set() -> None:
    _, _, examples = three()
    assert [example.speakers.tolist() for example in examples] == [[0, 1, 0], [0], [0, 1]]
    assert [example.labels.tolist() for example in examples] == [
        [MELD.index("joy"), UNLABELLED, MELD.index("neutral")],
        [MELD.index("anger")],
        [UNLABELLED, MELD.index("fear")],
    ]


def test_an_unknown_emotion_is_refused() -> None:
    features = {"text": Features(np.ones((1, 3), dtype=np.float32), np.ones(1, dtype=bool))}
    rules = {"text": Standardizer(np.zeros(3, dtype=np.float32), np.ones(3, dtype=np.float32))}
    with pytest.raises(InputError, match="boredom"):
        make_examples([conversation("c", "A", ["boredom"])], features, rules, MELD)


def test_nothing_that_is_not_finite_gets_through() -> None:
    _, _, examples = three()
    assert all(values.isfinite().all() for example in examples for values in example.values.values())


def check_row(batch: Batch, row: int, example: Example) -> None:
    end, length = len(example), batch.turns.shape[1]
    for modality, values in batch.values.items():
        assert torch.equal(values[row, :end], example.values[modality])
        assert not values[row, end:].any()
    assert torch.equal(batch.present[:, row, :end], example.present)
    assert not batch.present[:, row, end:].any()
    assert torch.equal(batch.speakers[row, :end], example.speakers)
    assert torch.equal(batch.labels[row, :end], example.labels)
    assert (batch.labels[row, end:] == UNLABELLED).all()
    assert batch.turns[row].tolist() == [True] * end + [False] * (length - end)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 0], [1], [1, 1]])
def test_a_batch_is_its_examples_and_padding(order: list[int]) -> None:
    _, _, examples = three()
    chosen = [examples[index] for index in order]
    batch = collate(chosen)
    assert list(batch.values) == list(SIZES)
    assert batch.turns.shape == (len(chosen), max(map(len, chosen)))
    assert batch.conversations == tuple(example.conversation.id for example in chosen)
    for row, example in enumerate(chosen):
        check_row(batch, row, example)
    moved = batch.to(torch.device("cpu"))
    assert torch.equal(moved.present, batch.present)
    assert moved.conversations == batch.conversations
