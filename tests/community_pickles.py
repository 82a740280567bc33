"""Feature pickles in the community's layouts, in small and in full length."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from crossgate.corpora.known import KNOWN_MELD

SIZES = {
    ("meld", "roberta"): (1024, 300, 342),
    ("iemocap", "roberta"): (1024, 1582, 342),
    ("meld", "one"): (600, 300, 342),
    ("iemocap", "one"): (100, 1582, 342),
}


def community(
    corpus: str,
    layout: str,
    train: dict[Any, list[int]] | None = None,
    test: dict[Any, list[int]] | None = None,
    sizes: tuple[int, int, int] | None = None,
    seed: int = 0,
) -> list[Any]:
    """The elements of the tuple; `train` and `test` give the label numbers of each dialogue."""
    if train is None:
        names = range(4) if corpus == "meld" else ("Ses01F_impro01", "Ses01M_script01_1", "Ses02F_impro02")
        train = {name: [number % 6, 0, 1, 2, 3] for number, name in enumerate(names)}
    if test is None:
        names = (4, 5) if corpus == "meld" else ("Ses05F_impro01", "Ses05M_impro01")
        test = {name: [0, 5, 4] for name in names}
    labels = {**train, **test}
    random = np.random.default_rng(seed)
    text, audio, visual = sizes or SIZES[corpus, layout]

    def vectors(dimension: int) -> dict[Any, Any]:
        return {
            key: random.normal(size=(len(own), dimension)).astype(np.float32) for key, own in labels.items()
        }

    def speakers(own: list[int]) -> list[Any]:
        if corpus == "iemocap":
            return ["MF"[place % 2] for place in range(len(own))]
        return [np.eye(9)[place % 3].tolist() for place in range(len(own))]

    ids = {
        key: [f"{key}_F{place:03d}" for place in range(len(own))] if corpus == "iemocap" else str(key)
        for key, own in labels.items()
    }
    texts = [vectors(text) for _ in range(4 if layout == "roberta" else 1)]
    elements = [ids, {key: speakers(own) for key, own in labels.items()}, labels, *texts]
    elements += [vectors(audio), vectors(visual)]
    elements += [{key: [f"word {key} {place}" for place in range(len(own))] for key, own in labels.items()}]
    lists = (list(train), list(test)) if corpus == "meld" else (set(train), set(test))
    return [*elements, *lists, *([{}] if corpus == "meld" else [])]


def whole_meld(order: list[int] | None = None, gap: bool = True, seed: int = 0) -> list[Any]:
    """A pickle with MELD's known numbers of dialogues, utterances and labels; the labels mean nothing.

    Args:
        order: label number to write for each label of the usual order, for releases that reorder them.
        gap: whether dialogue 60 is skipped, as MELD's CSV skips it.
        seed: of the vectors.
    """
    order = order or list(range(7))
    dialogues: list[list[int]] = []
    for split in ("train", "validation", "test"):
        counts = KNOWN_MELD.counts.get(split, {"neutral": KNOWN_MELD.rows[split]})
        numbers = [
            order[KNOWN_MELD.labels.index(name)] for name, count in counts.items() for _ in range(count)
        ]
        numbers = np.random.default_rng(seed).permutation(numbers).tolist()
        dialogues += [part.tolist() for part in np.array_split(numbers, KNOWN_MELD.conversations[split])]
    keys = [key for key in range(1433) if not (gap and key == 60)][:1432]
    train = dict(zip(keys[:1152], dialogues[:1152], strict=True))
    test = dict(zip(keys[1152:], dialogues[1152:], strict=True))
    return community("meld", "roberta", train, test, sizes=(3, 3, 3), seed=seed)


def write(path: Path, elements: list[Any], protocol: int = 2) -> Path:
    path.write_bytes(pickle.dumps(tuple(elements), protocol=protocol))
    return path
