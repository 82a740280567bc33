"""Calibration by what is given of a turn."""

from __future__ import annotations

import math

import pytest
import torch
from drawn_inputs import draw, small

from crossgate.errors import InputError
from crossgate.models.temperature import Temperature

OWN = Temperature(2.0, {"t": 0.5, "ta": 3.0})


def test_a_turn_is_divided_by_the_temperature_of_what_it_has() -> None:
    given = draw(turns=4)
    present = torch.tensor([[1, 1, 0, 0], [0, 1, 0, 1], [0, 0, 0, 0]]).bool()[:, None].expand(3, 2, 4)
    views = given.with_present(present).through(small())
    divided = OWN.divide(views.names, views.logits, views.valid)
    for turn, temperature in enumerate((0.5, 3.0, 2.0, 2.0)):  # text; text and audio; nothing; audio
        assert torch.allclose(divided[:, :, turn], views.logits[:, :, turn] / temperature)


def test_a_network_of_fewer_modalities_is_read_by_its_own_views() -> None:
    views = draw(modalities=("text", "visual")).through(small(("text", "visual")))
    divided = Temperature(2.0, {"tv": 4.0}).divide(views.names, views.logits, views.valid)
    assert torch.allclose(divided, views.logits / 4)


def test_without_others_and_without_single_views_the_usual_one_divides_all() -> None:
    views = draw(missing=0.5).through(small())
    assert torch.equal(Temperature(2.0).divide(views.names, views.logits, views.valid), views.logits / 2)
    assert torch.equal(OWN.divide(("tav",), views.logits[-1:], views.valid[-1:]), views.logits[-1:] / 2)


def test_the_likeliest_emotion_stays() -> None:
    views = draw(missing=0.5).through(small())
    divided = OWN.divide(views.names, views.logits, views.valid)
    assert torch.equal(divided.argmax(dim=-1), views.logits.argmax(dim=-1))


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-46, math.inf, math.nan])
def test_what_divides_into_nothing_is_refused(value: float) -> None:
    with pytest.raises(InputError, match=r"calibration\.temperature is"):
        Temperature(value)
    with pytest.raises(InputError, match=r"calibration\.temperatures: 'ta' is"):
        Temperature(1.0, {"ta": value})
