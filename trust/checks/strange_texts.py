"""What is no English talk is abstained from or said to be so, and what is English talk is hardly ever."""

from __future__ import annotations

from collections import defaultdict

from checks._data import meld
from checks._texts import LANGUAGES, OTHERS, SHORT
from crossgate import load
from crossgate.conversation import Conversation, Utterance
from crossgate.errors import InputError
from crossgate.pipeline.doubts import doubts_of
from crossgate.pipeline.recognizer import Recognizer
from crossgate.prediction import Prediction
from promise import Effort, Outcome

PROMISE = (
    "what is no English talk is abstained from or flagged, with the reason, and hardly any English talk is"
)
LIMIT = 240

MOST_FALSE = 0.01
"""Share of MELD's texts, and of no others, that may be doubted."""

MODELS = ("crossgate-meld", "crossgate-meld-live", "crossgate-iemocap")


def check(effort: Effort) -> Outcome:
    """Every text alone, every kind as one conversation, and then MELD's own texts."""
    outcome = Outcome()
    kinds, confident = LANGUAGES | OTHERS, defaultdict(list)
    for name in MODELS[: effort.cases(len(MODELS))]:
        model = load(name)
        for kind, texts in kinds.items():
            for text in texts:
                (answer,) = _answers(model, [text])
                short = kind in LANGUAGES and len(text.split()) <= SHORT
                if answer is not None and _would_have_said(model, answer):
                    confident[kind].append(answer.confidence)
                _judge(outcome, f"{name}, {kind}, {text[:40]!r}", answer, forgiven=short)
            for place, (text, answer) in enumerate(zip(texts, _answers(model, texts), strict=True)):
                # The first that is said live has nobody's words before it: it is alone.
                alone = kind in LANGUAGES and model.checkpoint.settings.causal and place == 0
                forgiven = alone and len(text.split()) <= SHORT
                what = f"{name}, {kind} among its like, {text[:40]!r}"
                _judge(outcome, what, answer, forgiven=forgiven)
    outcome.said = "without the doubts these would have been labelled with confidence: " + ", ".join(
        f"{kind} {len(found)}" for kind, found in confident.items()
    )
    _false_alarms(outcome)
    return outcome


def _answers(model: Recognizer, texts: list[str]) -> list[Prediction | None]:
    """What is said of texts that one person says; None where there is nothing to say anything of."""
    talk = Conversation("talk", tuple(Utterance(str(n), "A", text) for n, text in enumerate(texts)))
    try:
        return list(model.predict([talk])[0])
    except InputError:  # no text at all, which is refused
        return [None] * len(texts)


def _judge(outcome: Outcome, what: str, answer: Prediction | None, *, forgiven: bool = False) -> None:
    if answer is None or answer.abstained or "text" in answer.notes or forgiven:
        outcome.met()
    else:
        outcome.broken(f"{what}: {answer.emotion}, {answer.confidence:.2f}, and no word of doubt")


def _would_have_said(model: Recognizer, answer: Prediction) -> bool:
    return "text" in answer.notes and answer.confidence >= model.checkpoint.confidence_threshold


def _false_alarms(outcome: Outcome) -> None:
    """How many of MELD's validation texts are doubted."""
    split = meld()
    if split is None:
        outcome.said += "; false alarms were not counted: MELD is not here"
        return
    total = doubted = 0
    for conversation in split.conversations:
        turns = conversation.utterances
        total += len(turns)
        doubted += sum(
            doubt is not None for doubt in doubts_of([u.text for u in turns], [u.speaker for u in turns])
        )
    outcome.said += (
        f"; of MELD's {total} validation texts {doubted} are doubted ({100 * doubted / total:.2f} %)"
    )
    if doubted > MOST_FALSE * total:
        outcome.broken(f"{doubted} of MELD's {total} validation texts are doubted")
    else:
        outcome.met()
