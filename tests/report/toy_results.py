"""Results made up for tests: as many turns, speakers and troubles as a test asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from crossgate.conversation import INITIALS, MODALITIES, Modality
from crossgate.emotions import MELD
from crossgate.report.result import MediaInfo, ModalityUse, ModelInfo, Result, Turn

VIEWS = ("t", "a", "v", "ta", "tv", "av", "tav")

SENTENCES = (
    "You did what?",
    "I told you last week, and you said it was fine.",
    "No, I never said that.",
    "Well, look at this letter then.",
    "Oh my God, we won!",
    "I am so sorry.",
)

ODD_SENTENCES = (
    '=1+1 & <b>bold</b> --> "quoted", it\'s; comma,\nnew line\tand a tab',
    "-->\n\nNOTE two empty lines\r\nand Windows' ones",
    "@home \N{FACE WITH TEARS OF JOY} שלום مرحبا 你好 \u2028 a bell \x07 and {\\an8} </v> &amp; \ufeff",
    "   ",
    "",
    "-5 °C, “typographic” <00:00:01.000> STYLE",
)

ODD_SPEAKERS = ('Zoë "Z" <Q&A>', "=cmd|' /C calc'!A0", "María  José\tde la O", "李 雷")


def toy_result(
    turns: int = 6,
    speakers: Sequence[str] = ("Ann", "Ben"),
    labels: Sequence[str] = MELD.labels,
    *,
    kind: str = "video",
    timed: bool = True,
    missing: Sequence[Modality] = (),
    gaps: float = 0.2,
    abstained: float = 0.2,
    overlapping: bool = False,
    odd: bool = False,
    texts: bool = True,
    warnings: Sequence[str] = ("the face was not found in 2 of 6 turns",),
    seed: int = 0,
) -> Result:
    """A valid result.

    Args:
        turns: how many; three seconds each, half a second apart; 0 is allowed.
        speakers: take turns in this order, every fifth turn goes to the one who spoke last.
        labels: the emotions.
        kind: `video`, `audio` or `text`; `audio` has no visual modality, `text` has the text alone.
        timed: whether turns have times; without, the kind should be `text`.
        missing: modalities that no turn has.
        gaps: share of turns that lack a modality others have; one modality at least stays where `gaps` < 1.
        abstained: share of turns at which the model abstains.
        overlapping: whether a turn starts while the last two, hence the same speaker's too, still run.
        odd: whether names and texts are full of characters that file formats give a meaning to.
        texts: whether turns have texts; without, the modality text is missing too.
        warnings: of the result.
        seed: of all that is drawn.
    """
    random = np.random.default_rng(seed)
    absent = {*missing, *({"audio", "visual"} if kind == "text" else {"visual"} if kind == "audio" else ())}
    absent |= set() if texts else {"text"}
    names = tuple(ODD_SPEAKERS[k % 4] for k in range(len(speakers))) if odd else tuple(speakers)
    sentences = ODD_SENTENCES if odd else SENTENCES
    made: list[Turn] = []
    for turn in range(turns):
        start = turn * (1.0 if overlapping else 3.5) + 0.25
        present = {
            modality: modality not in absent and (gaps <= 0 or random.random() >= gaps)
            for modality in MODALITIES
        }
        if gaps < 1 and not any(present.values()) and len(absent) < len(MODALITIES):
            present[next(modality for modality in MODALITIES if modality not in absent)] = True
        shares = random.dirichlet([2.0 + position for position in range(sum(present.values()))] or [1.0])
        given = iter(shares.tolist())
        letters = {INITIALS[modality] for modality, there in present.items() if there}
        probabilities = distribution(labels, random)
        emotion = max(probabilities, key=lambda label: probabilities[label])
        speaker = names[(turn - (turn % 5 == 4)) % len(names)]
        made.append(
            Turn(
                id=f"u{turn + 1:03d}",
                speaker=speaker,
                start=round(start, 3) if timed else None,
                end=round(start + 3.0, 3) if timed else None,
                text=sentences[turn % len(sentences)] if texts else None,
                emotion=emotion,
                confidence=probabilities[emotion],
                abstained=bool(random.random() < abstained),
                probabilities=probabilities,
                modalities={
                    modality: ModalityUse(
                        there,
                        next(given) if there else 0.0,
                        None if there else f"no {modality} in this turn",
                    )
                    for modality, there in present.items()
                },
                views={view: distribution(labels, random) for view in VIEWS if set(view) <= letters},
            )
        )
    length = made[-1].end if timed and made else None
    return Result(
        media=MediaInfo(
            name="talk.mp4" if kind == "video" else "call.wav" if kind == "audio" else "chat.csv",
            kind=kind,
            duration=None if length is None else round(length + 1.0, 3),
            sha256="0" * 64,
            width=640 if kind == "video" else None,
            height=360 if kind == "video" else None,
            frame_rate=25.0 if kind == "video" else None,
            sample_rate=48000 if kind in ("video", "audio") else None,
            transcript="talk.vtt" if texts else None,
        ),
        model=ModelInfo(
            name="crossgate-toy",
            version="0.1.0",
            sha256="1" * 64,
            causal=False,
            temperature=1.25,
            confidence_threshold=0.4,
            features={"text": "turns 1.0 (384)", "audio": "praat8 1 (8)", "visual": "ferplus 1 (342)"},
        ),
        labels=tuple(labels),
        utterances=tuple(made),
        warnings=tuple(warnings),
        settings={"faces": {"detector": "yunet", "rate": 5.0}, "turns": "transcript"},
    )


def distribution(labels: Sequence[str], random: np.random.Generator) -> dict[str, float]:
    """Probabilities of the labels, that sum to 1, the likeliest well ahead more often than not."""
    weights = random.dirichlet([0.5] * len(labels)).tolist()
    return dict(zip(labels, weights, strict=True))


RESULTS = {
    "usual": toy_result(12),
    "odd": toy_result(12, ("A", "B", "C", "D"), odd=True, overlapping=True),
    "overlapping": toy_result(9, ("Ann",), overlapping=True),
    "wordless": toy_result(4, texts=False, kind="audio"),
    "policy": replace(toy_result(3, missing=("audio", "visual")), policy="eu-work-education"),
}
"""A few kinds, for tests that go through all of them."""
