"""What may be asked of an analysis that the service does."""

from __future__ import annotations

import pytest

from crossgate.errors import InputError
from crossgate.serving.settings import ServiceSettings
from crossgate.serving.wishes import Wishes, analysis_settings, wishes_of

POLICY = "eu-work-education"


def test_a_wish_reaches_the_analysis():
    wishes = wishes_of({"modalities": "ta", "speakers": 2, "face_rate": 2.0})
    settings = analysis_settings(wishes, ServiceSettings())
    assert (settings.modalities, settings.speakers, settings.face_rate) == ("ta", 2, 2.0)


@pytest.mark.parametrize("name", ["speakers_file", "openface", "whisper", "nonsense"])
def test_what_names_a_file_or_is_the_services_is_refused(name: str):
    with pytest.raises(InputError, match="is no setting"):
        wishes_of({name: "/etc/passwd"})


def test_the_services_policy_holds_for_everybody():
    service = ServiceSettings(policy=POLICY)
    assert analysis_settings(Wishes(), service).policy == POLICY
    assert analysis_settings(Wishes(policy=POLICY), service).policy == POLICY


def test_a_policy_may_be_wished_where_the_service_has_none():
    assert analysis_settings(Wishes(policy=POLICY), ServiceSettings()).policy == POLICY
    with pytest.raises(InputError, match="policy is 'mine'"):
        analysis_settings(Wishes(policy="mine"), ServiceSettings())


def test_a_language_needs_whisper():
    with pytest.raises(InputError, match="whisper"):
        analysis_settings(Wishes(language="en"), ServiceSettings())
    assert analysis_settings(Wishes(language="en"), ServiceSettings(whisper="base")).language == "en"
