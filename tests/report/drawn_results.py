"""Any valid result at all, for properties."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from crossgate.conversation import INITIALS, MODALITIES
from crossgate.report.result import MediaInfo, ModalityUse, ModelInfo, Result, Turn

VIEWS = ("t", "a", "v", "ta", "tv", "av", "tav")

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
seconds = st.floats(0, 1e5)
counts = st.none() | st.integers(1, 10**6)
settings_of_json = st.dictionaries(
    words,
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=3,
)
media = st.builds(
    MediaInfo,
    name=names,
    kind=st.sampled_from(["video", "audio", "text"]),
    duration=st.none() | seconds,
    sha256=words,
    width=counts,
    height=counts,
    frame_rate=st.none() | st.floats(0, 1000),
    sample_rate=counts,
    transcript=st.none() | words,
)
models = st.builds(
    ModelInfo,
    name=words,
    version=words,
    sha256=words,
    causal=st.booleans(),
    temperature=st.floats(0.01, 100),
    confidence_threshold=st.floats(0, 1),
    features=st.dictionaries(st.sampled_from(MODALITIES), words),
)


@st.composite
def distributions(draw: Any, labels: list[str]) -> dict[str, float]:
    weights = [draw(st.floats(0, 1)) for _ in labels]
    weights[draw(st.integers(0, len(labels) - 1))] += 1  # not all of them 0
    return {label: weight / sum(weights) for label, weight in zip(labels, weights, strict=True)}


@st.composite
def turns(draw: Any, labels: list[str], speakers: list[str], identifier: str, timed: bool) -> Turn:
    present = {modality: draw(st.booleans()) for modality in MODALITIES}
    weights = [float(there and draw(st.integers(0, 5))) for there in present.values()]
    total = sum(weights) or 1.0
    start = draw(seconds)
    probabilities = draw(distributions(labels))
    emotion = max(labels, key=lambda label: probabilities[label])
    letters = {INITIALS[modality] for modality in MODALITIES if present[modality]}
    return Turn(
        id=identifier,
        speaker=draw(st.sampled_from(speakers)),
        start=start if timed else None,
        end=start + draw(st.floats(0, 100)) if timed else None,
        text=draw(st.none() | words),
        emotion=emotion,
        confidence=probabilities[emotion],
        abstained=draw(st.booleans()),
        probabilities=probabilities,
        modalities={
            modality: ModalityUse(present[modality], weight / total, draw(st.none() | words))
            for modality, weight in zip(MODALITIES, weights, strict=True)
        },
        views={view: draw(distributions(labels)) for view in VIEWS if set(view) <= letters},
    )


@st.composite
def results(draw: Any, timed: bool | None = None) -> Result:
    """Any result; `timed` says whether its turns have times, None leaves it open."""
    labels = draw(st.lists(names, min_size=2, max_size=4, unique=True))
    speakers = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    identifiers = draw(st.lists(names, max_size=5, unique=True))
    has_times = draw(st.booleans()) if timed is None else timed
    return Result(
        media=draw(media),
        model=draw(models),
        labels=tuple(labels),
        utterances=tuple(draw(turns(labels, speakers, one, has_times)) for one in identifiers),
        warnings=tuple(draw(st.lists(words, max_size=2))),
        settings=draw(settings_of_json),
        policy=draw(st.none() | names),
    )
