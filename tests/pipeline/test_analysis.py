"""A recording in, emotions out: what is measured, what is said to be missing, what is refused."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import crossgate
from crossgate.errors import InputError
from crossgate.pipeline.recognizer import Recognizer
from crossgate.pipeline.settings import AnalysisSettings
from crossgate.report.result import Result
from crossgate.sample import RECORDING, TRANSCRIPT
from made_media import make_media

RATE = 16000
CHAT = "speaker,text\nAnn,I got the job!\nBen,Oh my God!\nAnn,\n"


@pytest.fixture(scope="module")
def model() -> Recognizer:
    return crossgate.load("crossgate-meld")


@pytest.fixture(scope="module")
def sample(model: Recognizer) -> Result:
    return model.analyze(RECORDING, TRANSCRIPT)


def tone(seconds: float) -> np.ndarray:
    """A buzz of 150 Hz with overtones, which Praat takes for a voice and silero does not take for speech."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.1 * sum(np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 12))).astype(np.float32)


def vtt(folder: Path, *cues: tuple[float, float, str]) -> Path:
    path = folder / "talk.vtt"
    lines = ["WEBVTT", ""]
    for start, end, words in cues:
        lines += [f"00:00:{start:06.3f} --> 00:00:{end:06.3f}", words, ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def present(result: Result, modality: Any) -> list[bool]:
    return [turn.modalities[modality].present for turn in result.utterances]


def test_the_sample_has_all_three_modalities_in_every_utterance(sample: Result) -> None:
    assert len(sample.utterances) == 8
    assert [speaker.name for speaker in sample.speakers] == ["Mara", "Jonas"]
    for modality in ("text", "audio", "visual"):
        assert all(present(sample, modality))
    for turn in sample.utterances:
        assert sum(turn.probabilities.values()) == pytest.approx(1, abs=1e-4)
        assert sum(use.share for use in turn.modalities.values()) == pytest.approx(1, abs=1e-4)
        assert set(turn.views) == {"t", "a", "v", "ta", "tv", "av", "tav"}
    # Two faces are in the picture, and the one whose mouth moves is the speaker's. Where YuNet's file is not
    # to be had, OpenCV's Haar cascade finds them less steadily, which drowns the motion of mouths at times.
    notes = [str(turn.modalities["visual"].note) for turn in sample.utterances]
    moving = sum(note.startswith("mouth motion") for note in notes)
    assert moving >= (8 if sample.settings["face_detector"] == "yunet" else 4)
    assert (sample.media.kind, sample.media.width, sample.media.transcript) == ("video", 480, "talk.vtt")
    assert sample.model.name == "crossgate-meld"
    assert sample.settings["frames_with_face"] == sample.settings["frames_sampled"] > 100


def test_the_same_recording_gives_the_same_result(model: Recognizer, sample: Result) -> None:
    with RECORDING.open("rb") as stream:
        again = model.analyze(stream, TRANSCRIPT)
    assert again.media.name == "standard input"
    assert again.to_json()["utterances"] == sample.to_json()["utterances"]


def test_it_is_read_back_from_its_file(sample: Result, tmp_path: Path) -> None:
    from crossgate.report.reading import read_result

    written = sample.write(tmp_path / "out", ["json", "csv"])
    assert [path.name for path in written] == ["result.json", "turns.csv"]
    assert read_result(tmp_path / "out").to_json() == sample.to_json()


def test_a_chat_is_read_by_its_words(model: Recognizer, tmp_path: Path) -> None:
    (tmp_path / "chat.csv").write_text(CHAT, encoding="utf-8")
    result = model.analyze(tmp_path / "chat.csv")
    assert (result.media.kind, result.media.duration) == ("text", None)
    assert present(result, "text") == [True] * len(result.utterances)
    assert not any(present(result, "audio") + present(result, "visual"))
    assert [turn.start for turn in result.utterances] == [None] * len(result.utterances)
    assert result.utterances[0].emotion == "joy"
    assert result.utterances[0].modalities["audio"].note == "there is no recording"


def test_the_policy_for_work_and_education_measures_no_voice_and_no_face(
    model: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("measure_voices", "measure_faces"):
        monkeypatch.setattr(f"crossgate.pipeline.analysis.{name}", lambda *_: pytest.fail("measured"))
    result = model.analyze(RECORDING, TRANSCRIPT, AnalysisSettings(policy="eu-work-education"))
    assert all(present(result, "text"))
    assert not any(present(result, "audio") + present(result, "visual"))
    assert result.policy == "eu-work-education"
    assert "text alone" in result.warnings[0]
    assert all(set(turn.views) == {"t"} for turn in result.utterances)
    alone = model.analyze(TRANSCRIPT)
    for with_recording, without in zip(result.utterances, alone.utterances, strict=True):
        assert with_recording.probabilities == pytest.approx(without.probabilities, abs=1e-6)


def test_modalities_that_are_not_asked_for_are_not_used(model: Recognizer) -> None:
    result = model.analyze(RECORDING, TRANSCRIPT, AnalysisSettings(modalities="a"))
    assert all(present(result, "audio"))
    assert not any(present(result, "text") + present(result, "visual"))
    assert result.utterances[0].text  # it is still shown
    assert result.utterances[0].modalities["text"].note == "not used, as asked"
    with pytest.raises(InputError, match="nothing is left to analyse"):
        model.analyze(TRANSCRIPT, None, AnalysisSettings(modalities="a", policy="eu-work-education"))


def test_without_a_transcript_speech_is_found_and_speakers_are_guessed(model: Recognizer) -> None:
    result = model.analyze(RECORDING, None, AnalysisSettings(speakers=2))
    assert len(result.utterances) >= 4
    assert not any(present(result, "text"))
    assert all(present(result, "audio"))
    assert any("no words" in warning for warning in result.warnings)
    assert any("guessed" in warning for warning in result.warnings)
    assert {turn.speaker for turn in result.utterances} == {"Speaker 1", "Speaker 2"}
    assert all(0.4 < (turn.start or 0) < (turn.end or 99) < 25.6 for turn in result.utterances)


def test_a_recording_of_nothing_says_so(model: Recognizer, tmp_path: Path) -> None:
    path = make_media(tmp_path / "quiet.wav", sound=[np.zeros(3 * RATE, np.float32)])
    result = model.analyze(path)
    assert result.utterances == ()
    assert "no speech was found" in result.warnings


def test_a_silent_film_is_cut_into_stretches_of_nobody(model: Recognizer, tmp_path: Path) -> None:
    path = make_media(tmp_path / "film.mp4", times=np.arange(0, 6, 0.1).tolist())
    result = model.analyze(path)
    assert {turn.speaker for turn in result.utterances} == {"Nobody"}
    assert result.utterances[-1].end == pytest.approx(result.media.duration, abs=1e-6)
    assert not any(present(result, "visual") + present(result, "audio") + present(result, "text"))
    assert all(turn.abstained for turn in result.utterances)
    assert any("no face" in warning for warning in result.warnings)
    assert any("guess" in warning for warning in result.warnings)


def test_silence_under_words_marks_the_voice_absent(model: Recognizer, tmp_path: Path) -> None:
    sound = np.concatenate([tone(2.0), np.zeros(2 * RATE, np.float32)])
    path = make_media(tmp_path / "half.wav", sound=[sound])
    cues = vtt(tmp_path, (0.2, 1.8, "<v Ann>Hello"), (2.2, 3.8, "<v Ben>Hello?"))
    result = model.analyze(path, cues, AnalysisSettings(doubt=False))  # a tone is no voice
    assert present(result, "audio") == [True, False]
    assert result.utterances[1].modalities["audio"].note == "silence"
    assert not any(present(result, "visual"))
    assert any("no picture" in warning for warning in result.warnings)


def test_a_transcript_that_runs_past_the_end_is_cut_with_a_note(model: Recognizer, tmp_path: Path) -> None:
    path = make_media(tmp_path / "short.wav", sound=[tone(3.0)])
    cues = ((0.5, 1.5, "One."), (2.0, 9.0, "Two."), (10.0, 11.0, "Three."))
    result = model.analyze(path, vtt(tmp_path, *cues))
    assert [turn.text for turn in result.utterances] == ["One.", "Two."]
    assert result.utterances[-1].end == pytest.approx(3.0, abs=0.05)
    assert any("left out" in warning for warning in result.warnings)


def test_another_recordings_transcript_is_refused(model: Recognizer, tmp_path: Path) -> None:
    path = make_media(tmp_path / "short.wav", sound=[tone(2.0)])
    with pytest.raises(InputError, match="another recording"):
        model.analyze(path, vtt(tmp_path, (30.0, 31.0, "One."), (40.0, 41.0, "Two.")))


def test_a_transcript_without_times_cannot_be_laid_over_a_recording(
    model: Recognizer, tmp_path: Path
) -> None:
    (tmp_path / "chat.csv").write_text(CHAT, encoding="utf-8")
    with pytest.raises(InputError, match="has no times"):
        model.analyze(RECORDING, tmp_path / "chat.csv")


def test_names_come_from_the_speakers_file(model: Recognizer, tmp_path: Path) -> None:
    path = make_media(tmp_path / "call.wav", sound=[tone(4.0)])
    rttm = tmp_path / "who.rttm"
    rttm.write_text(
        "SPEAKER call 1 0.0 2.0 <NA> <NA> ann <NA> <NA>\nSPEAKER call 1 2.0 2.0 <NA> <NA> ben <NA> <NA>\n"
    )
    settings = AnalysisSettings(speakers_file=rttm)
    with_words = model.analyze(path, vtt(tmp_path, (0.2, 1.8, "One."), (2.2, 3.8, "Two.")), settings)
    assert [(turn.speaker, turn.text) for turn in with_words.utterances] == [("ann", "One."), ("ben", "Two.")]
    alone = model.analyze(path, None, settings)
    assert [turn.speaker for turn in alone.utterances] == ["ann", "ben"]
    assert alone.settings["speakers"] == "speakers' file"
    assert not any("keeps the speaker" in warning for warning in alone.warnings)
    with pytest.raises(InputError, match="not what is said"):
        model.analyze(rttm)


def test_progress_is_told_and_never_goes_back(model: Recognizer) -> None:
    told: dict[str, list[float]] = {}

    def step(words: str, share: float | None) -> None:
        told.setdefault(words, []).append(share or 0)

    model.analyze(RECORDING, TRANSCRIPT, step=step)
    assert {"listening to the voices", "looking at the faces"} <= set(told)
    for shares in told.values():
        assert shares == sorted(shares)
        assert 0 <= shares[0] <= shares[-1] <= 1


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"policy": "mars"}, "policy is 'mars'"),
        ({"face_rate": 0.0}, "face_rate is 0.0"),
        ({"face_rate": float("nan")}, "face_rate is nan"),
        ({"detector": "eye"}, "detector is 'eye'"),
        ({"speakers": 0}, "speakers is 0"),
        ({"audio_track": -1}, "audio_track is -1"),
        ({"modalities": ""}, "modalities is empty"),
        ({"language": "en"}, "only whisper asks for it"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        AnalysisSettings(**settings)


def test_sound_tracks_are_chosen_by_number(model: Recognizer, tmp_path: Path) -> None:
    quiet = np.zeros(2 * RATE, np.float32)
    path = make_media(tmp_path / "two.mkv", sound=[quiet, tone(2.0)])
    cues = vtt(tmp_path, (0.2, 1.8, "Hello."))
    for track, there in ((0, False), (1, True)):
        assert present(
            model.analyze(path, cues, AnalysisSettings(audio_track=track, doubt=False)), "audio"
        ) == [there]
    with pytest.raises(InputError, match="no sound track 2"):
        model.analyze(path, cues, AnalysisSettings(audio_track=2))


def test_an_open_stream_that_is_no_recording_is_refused(model: Recognizer) -> None:
    with pytest.raises(InputError):
        model.analyze(io.BytesIO(b"this is no recording" * 100))


@pytest.mark.real
def test_the_meeting_has_eight_turns_of_seven_speakers_in_three_modalities(
    model: Recognizer, shared_media: Path
) -> None:
    result = model.analyze(shared_media / "grid_meeting.mp4", shared_media / "grid_meeting.vtt")
    assert (len(result.utterances), len(result.speakers)) == (8, 7)
    for modality in ("text", "audio", "visual"):
        assert all(present(result, modality))
    assert result.settings["frames_with_face"] >= 0.95 * result.settings["frames_sampled"]
    json.dumps(result.to_json(), allow_nan=False)


@pytest.mark.real
def test_the_debate_is_heard_within_its_turns_and_seen_in_its_close_up(
    model: Recognizer, shared_media: Path
) -> None:
    lines = (shared_media / "debate_5s.rttm").read_text().splitlines()
    reference = [(float(x[3]), float(x[3]) + float(x[4])) for x in (line.split() for line in lines)]
    result = model.analyze(shared_media / "debate_5s.mp4")
    assert result.utterances
    for turn in result.utterances:
        assert any(a - 0.25 <= (turn.start or 0) and (turn.end or 99) <= b + 0.25 for a, b in reference)
    assert any(present(result, "visual"))


@pytest.mark.real
def test_faces_are_absent_where_there_are_none(model: Recognizer, shared_media: Path) -> None:
    nobody = model.analyze(shared_media / "no_face.mp4")
    assert nobody.utterances
    assert not any(present(nobody, "visual"))
    leaving = model.analyze(shared_media / "face_noface.mov")
    assert present(leaving, "visual")[0]
    assert not present(leaving, "visual")[-1]


def test_one_modality_alone_has_a_share_of_one_at_most(model: Recognizer, tmp_path: Path) -> None:
    lines = "".join(f"A,This is turn {k} and we go on\n" for k in range(500))
    (tmp_path / "chat.csv").write_text("speaker,text\n" + lines, encoding="utf-8")
    result = model.analyze(tmp_path / "chat.csv")
    assert {turn.modalities["text"].share for turn in result.utterances} == {1.0}
    result.write(str(tmp_path / "out"), ["csv"])


@pytest.mark.parametrize(
    ("words", "warned"),
    [
        ("Das ist doch nicht wahr! Ich habe dir gestern gesagt, dass wir am Freitag kommen.", True),
        ("まあ、いいよ。昨日言ったじゃないか、金曜日に来るって。", True),
        ("Oui, non.", False),  # too few words to tell
        ("No, that is not true, I told you yesterday that we would come on Friday!", False),
    ],
)
def test_words_that_are_not_english_are_warned_of(
    model: Recognizer, tmp_path: Path, words: str, warned: bool
) -> None:
    result = model.analyze(vtt(tmp_path, (0.0, 5.0, words)))
    assert any("English" in warning for warning in result.warnings) is warned


def test_words_alone_may_be_used_and_there_are_none(model: Recognizer) -> None:
    for settings in (AnalysisSettings(modalities="t"), AnalysisSettings(policy="eu-work-education")):
        with pytest.raises(InputError, match="there are no words"):
            model.analyze(RECORDING, None, settings)


def test_how_it_was_done_is_told(model: Recognizer, sample: Result) -> None:
    assert sample.settings["modalities"] == "tav"
    assert sample.settings["face_rate"] == 5.0
    assert sample.settings["sound_track"] == 0
    assert model.analyze(TRANSCRIPT).settings["modalities"] == "tav"


def test_the_voice_helps_to_choose_the_face_with_a_transcript_too(
    model: Recognizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crossgate.pipeline import analysis

    given: list[object] = []
    whole = analysis.measure_faces

    def spy(*arguments: Any, voice: object, **named: Any) -> Any:
        given.append(voice)
        return whole(*arguments, voice=voice, **named)

    monkeypatch.setattr(analysis, "measure_faces", spy)
    model.analyze(RECORDING, TRANSCRIPT)
    assert given != [None]


def test_of_a_very_long_turn_the_first_minute_is_listened_to(model: Recognizer, tmp_path: Path) -> None:
    path = make_media(tmp_path / "long.wav", sound=[np.tile(tone(10.0), 7)])
    lines = "WEBVTT\n\n00:00:00.000 --> 00:01:10.000\n<v Ann>Hello\n"
    (tmp_path / "long.vtt").write_text(lines, encoding="utf-8")
    (turn,) = model.analyze(path, tmp_path / "long.vtt", AnalysisSettings(doubt=False)).utterances
    assert turn.modalities["audio"] == replace(turn.modalities["audio"], present=True, note="its first 60 s")


def test_under_a_policy_voices_are_not_told_apart_unasked(model: Recognizer, tmp_path: Path) -> None:
    path = make_media(tmp_path / "call.wav", sound=[tone(4.0)])
    cues = vtt(tmp_path, (0.2, 1.8, "One."), (2.2, 3.8, "Two."))
    result = model.analyze(path, cues, AnalysisSettings(policy="eu-work-education"))
    assert {turn.speaker for turn in result.utterances} == {"Speaker 1"}
    assert not any("sound of the voices" in warning for warning in result.warnings)
    assert any("not told apart" in warning for warning in result.warnings)
