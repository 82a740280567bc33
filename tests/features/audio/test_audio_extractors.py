"""Audio features by name."""

from __future__ import annotations

import sys

import pytest

from crossgate.errors import InputError
from crossgate.features.audio.extractors import audio_extractor


@pytest.mark.parametrize("name", ["pratt8", "", "speech:"])
def test_an_unknown_name_gets_the_known_ones(name: str) -> None:
    with pytest.raises(InputError, match=r"praat8, is10, egemaps88, speech:FOLDER"):
        audio_extractor(name)


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("praat8", "parselmouth", "prosody"),
        ("is10", "opensmile", "opensmile"),
        ("egemaps88", "opensmile", "opensmile"),
        ("speech:some/model", "transformers", "text"),
    ],
)
def test_a_missing_extra_is_named(
    name: str, module: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=rf"pip install 'crossgate\[{extra}\]'"):
        audio_extractor(name)


def test_praat8_by_its_name() -> None:
    pytest.importorskip("parselmouth", reason="praat-parselmouth is not installed")
    extract = audio_extractor("praat8")
    assert (str(extract.spec), extract.rate) == ("audio_praat8 (version 1, 8 dimensions)", None)
