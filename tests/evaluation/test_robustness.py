from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score
from toy_networks import Reader, talks

from crossgate.conversation import MODALITIES
from crossgate.evaluation.robustness import (
    FAILURES,
    MISSING,
    NOISE,
    SHARES,
    SHUFFLED,
    failing,
    mean_loss,
    robustness_of,
)
from crossgate.evaluation.subsets import predict_subsets
from crossgate.features.dataset import Example
from crossgate.features.standardize import LIMIT


def rows(examples: list[Example], modality: str = "text") -> np.ndarray:
    return np.concatenate([example.values[modality].numpy() for example in examples])  # type: ignore[index]


def there(examples: list[Example], place: int = 0) -> np.ndarray:
    return np.concatenate([example.present[place].numpy() for example in examples])


def test_what_a_network_does_not_read_may_fail() -> None:
    curves = robustness_of(Reader("text"), talks(), seed=0)
    assert list(curves) == list(FAILURES)
    for failure in FAILURES:
        for modality in ("audio", "visual"):
            assert len(set(curves[failure][modality])) == 1
            assert mean_loss(curves[failure][modality]) == pytest.approx(0)
        text = curves[failure]["text"]
        assert len(text) == len(SHARES)
        assert text[0] > 0.95
        assert text[-1] < 0.6
        assert mean_loss(text) > 0.15
        assert all(text[k + 1] < text[k] + 0.1 for k in range(len(text) - 1))


def test_wholly_missing_is_a_subset_of_modalities() -> None:
    examples = talks(missing=0.2)
    curves = robustness_of(Reader("audio"), examples, seed=3)
    found = predict_subsets(Reader("audio"), examples, ["av"])["av"]
    expected = f1_score(found.labels, found.probabilities.argmax(axis=1), average="weighted", zero_division=0)
    assert curves[MISSING]["text"][-1] == pytest.approx(expected)


@given(
    failure=st.sampled_from(FAILURES),
    modality=st.sampled_from(MODALITIES),
    share=st.sampled_from(SHARES),
    seed=st.integers(0, 50),
    missing=st.sampled_from([0.0, 0.3, 1.0]),
)
@settings(max_examples=40, deadline=None)
def test_only_present_turns_of_one_modality_fail(
    failure: str, modality: str, share: float, seed: int, missing: float
) -> None:
    examples = talks(4, missing=missing)
    before = [example.values["text"].clone() for example in examples]
    changed = failing(examples, modality, failure, share, seed)  # type: ignore[arg-type]
    place = MODALITIES.index(modality)  # type: ignore[arg-type]
    was, now = there(examples, place), there(changed, place)
    differs = (rows(examples, modality) != rows(changed, modality)).any(axis=1) | (was != now)
    assert differs.sum() == round(share * was.sum())
    assert not (differs & ~was).any()
    for other in set(MODALITIES) - {modality}:
        assert np.array_equal(rows(examples, other), rows(changed, other))
    assert np.abs(rows(changed, modality)).max() <= LIMIT
    assert (failure == MISSING) or np.array_equal(was, now)
    # What was handed in is as it was, and the same draws come again.
    assert all(torch.equal(a, b.values["text"]) for a, b in zip(before, examples, strict=True))
    again = failing(examples, modality, failure, share, seed)  # type: ignore[arg-type]
    assert np.array_equal(rows(again, modality), rows(changed, modality))


def test_shuffling_all_turns_keeps_every_value() -> None:
    examples = talks(missing=0.2)
    changed = failing(examples, "audio", SHUFFLED, 1.0, seed=0)
    was = there(examples, 1)
    before, after = rows(examples, "audio")[was], rows(changed, "audio")[was]
    assert np.array_equal(np.sort(before, axis=0), np.sort(after, axis=0))
    assert (before != after).any(axis=1).all()


def test_turns_that_fail_go_on_failing_and_are_the_same_for_all_failures() -> None:
    examples = talks()

    def hit(failure: str, share: float) -> set[int]:
        changed = failing(examples, "text", failure, share, seed=1)
        return set(np.flatnonzero((rows(examples) != rows(changed)).any(axis=1)))

    for failure in FAILURES:
        assert hit(failure, 0.2) < hit(failure, 0.4) < hit(failure, 1.0)
        assert hit(failure, 0.4) == hit(MISSING, 0.4)


def test_noise_is_as_large_as_said_and_spares_what_never_varies() -> None:
    examples = talks(60)
    for example in examples:
        example.values["audio"][:, 2] = 0.0
    changed = failing(examples, "audio", NOISE, 1.0, seed=0)
    noise = rows(changed, "audio") - rows(examples, "audio")
    assert (noise[:, 2] == 0).all()
    assert noise[:, [0, 1, 3, 4]].std() == pytest.approx(3.0, rel=0.06)  # a little is cut off at LIMIT


def test_an_unknown_failure_is_refused() -> None:
    with pytest.raises(ValueError, match="none of missing"):
        failing(talks(1), "text", "tired", 0.5, 0)
