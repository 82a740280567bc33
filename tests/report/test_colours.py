"""Colours, letters and hatches of emotions."""

from __future__ import annotations

import re
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossgate.emotions import IEMOCAP, MELD, LabelSet
from crossgate.report.colours import PALETTE, colours, hatches, ink, letters, pale

labels_of_any_kind = st.lists(
    st.sampled_from([*MELD.labels, *IEMOCAP.labels, "Joy"]) | st.text(min_size=1, max_size=5),
    min_size=1,
    max_size=24,
    unique=True,
)


@given(labels_of_any_kind)
def test_labels_look_different(labels: list[str]) -> None:
    look, marks, signs = colours(labels), hatches(labels), letters(labels)
    assert list(look) == list(marks) == list(signs) == labels
    assert all(re.fullmatch("#[0-9A-F]{6}", colour) for colour in look.values())
    looks = [(look[label], marks[label]) for label in labels]
    assert len(set(looks)) == len(looks)
    assert len(set(signs.values())) == len(labels)


@given(st.lists(st.text(min_size=1), min_size=1, max_size=10, unique=True))
def test_ten_strangers_need_no_hatch(labels: list[str]) -> None:
    strangers = [f"_{label}" for label in labels]
    assert len(set(colours(strangers).values())) == len(strangers)
    assert set(hatches(strangers).values()) == {""}


def test_known_emotions_have_their_colour_in_every_set() -> None:
    meld, iemocap = colours(MELD.labels), colours(IEMOCAP.labels)
    assert meld["joy"] == iemocap["happy"]
    assert meld["sadness"] == iemocap["sad"]
    assert meld["anger"] == iemocap["angry"]
    assert meld["neutral"] == iemocap["neutral"]
    assert colours(["envy", "joy"])["joy"] == meld["joy"]
    for known in (meld, iemocap):
        assert len(set(known.values())) == len(known)


def test_letters_are_as_short_as_they_can_be() -> None:
    assert letters(MELD.labels) == {
        "neutral": "N",
        "surprise": "Su",
        "fear": "F",
        "sadness": "Sa",
        "joy": "J",
        "disgust": "D",
        "anger": "A",
    }
    assert letters(["label 1", "label 2"]) == {"label 1": "1", "label 2": "2"}


@pytest.mark.parametrize("colour", PALETTE)
def test_letters_can_be_read_on_every_colour(colour: str) -> None:
    """WCAG 2.2 asks for a contrast of 4.5 for text; here the formula is its own, not the module's."""

    def luminance(code: str) -> float:
        parts = [int(code[k : k + 2], 16) / 255 for k in (1, 3, 5)]
        red, green, blue = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for ground in (colour, pale(colour)):
        dark, light = sorted((luminance(ground), luminance(ink(ground))))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


DEFICIENCIES = {
    "protanopia": [
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ],
    "deuteranopia": [
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.01182, 0.04294, 0.968881),
    ],
    "tritanopia": [
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.3039),
    ],
}
"""Linear RGB as people without one kind of cone see it (Machado, Oliveira, Fernandes, 2009, severity 1)."""

TO_XYZ = np.array([(0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)])


def seen(colour: str, deficiency: str) -> np.ndarray:
    """CIE L*a*b* of a colour, as it is seen."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(np.array(DEFICIENCIES[deficiency]) @ linear, 0, 1) / (0.9505, 1, 1.089)
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
@pytest.mark.parametrize("known", [MELD, IEMOCAP], ids=["meld", "iemocap"])
def test_colours_are_told_apart_by_the_colour_blind(known: LabelSet, deficiency: str) -> None:
    """A difference of 2.3 is just noticeable side by side; fifteen can be told apart across a page."""
    looks = [seen(colour, deficiency) for colour in colours(known.labels).values()]
    assert min(float(np.linalg.norm(one - two)) for one, two in combinations(looks, 2)) > 15
