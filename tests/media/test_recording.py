"""Recordings: what they hold, bad files, standard input."""

from __future__ import annotations

import hashlib
import io
import sys
import tempfile
import wave
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from crossgate.errors import InputError
from crossgate.media.clips import Span
from crossgate.media.decoding import standard_input
from crossgate.media.decoding.containers import readable_formats
from crossgate.media.recording import open_recording
from made_media import clicks, make_media

RATE = 16000
TWO_SECONDS = clicks(2, RATE, [1.0])


def test_what_a_file_holds(tmp_path: Path) -> None:
    path = make_media(
        tmp_path / "talk.mp4",
        sound=[np.stack([TWO_SECONDS, TWO_SECONDS])],
        sound_codec="aac",
        times=np.arange(50) / 25,
    )
    with open_recording(path) as recording:
        info = recording.info
        assert (info.name, info.path, info.notes, recording.notes) == ("talk.mp4", path, (), ())
        assert info.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
        assert info.duration == pytest.approx(2, abs=0.1)
        (track,) = info.audio
        assert (track.codec, track.rate, track.channels) == ("aac", RATE, 2)
        assert info.video is not None
        assert (info.video.width, info.video.height) == (64, 48)
        assert info.video.rate == pytest.approx(25, rel=0.05)


def test_the_path_may_be_text(tmp_path: Path) -> None:
    path = make_media(tmp_path / "talk.wav", sound=[TWO_SECONDS])
    with open_recording(str(path)) as recording:
        assert recording.info.video is None
        assert recording.info.duration == pytest.approx(2)


@pytest.mark.parametrize(
    ("name", "codec"), [("a.flac", "flac"), ("a.ogg", "libopus"), ("a.mp3", "libmp3lame"), ("a.aac", "aac")]
)
def test_sound_files(tmp_path: Path, name: str, codec: str) -> None:
    path = make_media(tmp_path / name, sound=[clicks(2, 48000, [1.0])], rate=48000, sound_codec=codec)
    with open_recording(path) as recording:
        assert recording.info.duration == pytest.approx(2, abs=0.1)
        assert sum(block.seconds for block in recording.blocks()) == pytest.approx(2, abs=0.1)


def test_several_sound_tracks_are_told_apart(tmp_path: Path) -> None:
    silent = np.zeros(2 * RATE, np.float32)
    path = make_media(tmp_path / "two.mkv", sound=[silent, TWO_SECONDS])
    with open_recording(path) as recording:
        assert len(recording.info.audio) == 2
        loudest = [
            max(float(np.abs(block.samples).max()) for block in recording.blocks(track=k)) for k in (0, 1)
        ]
        assert loudest[0] == 0
        assert loudest[1] > 0.5
        with pytest.raises(InputError, match="no sound track 2"):
            list(recording.blocks(track=2))


def test_no_sound_and_no_video(tmp_path: Path) -> None:
    with open_recording(make_media(tmp_path / "mute.mp4", times=[0, 0.5])) as recording:
        assert recording.info.audio == ()
        with pytest.raises(InputError, match="no sound"):
            list(recording.sounds([Span(0, 1)]))
    path = make_media(tmp_path / "talk.wav", sound=[TWO_SECONDS])
    with open_recording(path) as recording, pytest.raises(InputError, match="no video"):
        list(recording.frames(5))


def test_a_cover_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    make_media(tmp_path / "plain.mp3", sound=[clicks(2, 44100, [1])], rate=44100, sound_codec="libmp3lame")
    with av.open(str(tmp_path / "plain.mp3")) as source, av.open(str(path), "w") as target:
        sound = target.add_stream_from_template(source.streams.audio[0])
        cover = target.add_stream("png", rate=1)
        cover.width, cover.height, cover.pix_fmt = 32, 32, "rgb24"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        packets = [*cover.encode(picture), *cover.encode(None)]
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = sound
                packets.append(packet)
        for packet in packets:
            target.mux(packet)
    with av.open(str(path)) as made:
        assert made.streams.video
    with open_recording(path) as recording:
        assert recording.info.video is None
        assert len(recording.info.audio) == 1


def test_zero_samples_and_silence_pass(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "none.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", "not compressed"))
    with open_recording(tmp_path / "none.wav") as recording:
        assert recording.info.duration == 0
        assert list(recording.blocks()) == []
        ((index, sound),) = recording.sounds([Span(0, 1)])
        assert (index, len(sound.samples)) == (0, 0)
    with open_recording(make_media(tmp_path / "silent.wav", sound=[np.zeros(RATE, np.float32)])) as recording:
        (block,) = recording.blocks()
        assert len(block.samples) == RATE
        assert not block.samples.any()
        assert recording.notes == ()


def _write(folder: Path, name: str, content: bytes) -> Path:
    (folder / name).write_bytes(content)
    return folder / name


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.jpg")
    Image.new("RGB", (64, 64)).save(tmp_path / "photo.png")
    bad = {
        tmp_path / "absent.mp4": "no such file",
        tmp_path: "folder",
        _write(tmp_path, "empty.mp4", b""): "no bytes",
        _write(tmp_path, "note.txt", b"This is what was said in the meeting.\n" * 50): "no recording",
        _write(tmp_path, "noise.mp4", np.random.default_rng(0).bytes(5000)): "no recording",
        _write(
            tmp_path, "words.srt", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n"
        ): "sound nor video|no record",
        tmp_path / "photo.jpg": "no recording",
        tmp_path / "photo.png": "no recording",
    }
    for path, message in bad.items():
        with pytest.raises(InputError, match=message), open_recording(path):
            pass


def test_a_playlist_cannot_make_us_read_another_file(tmp_path: Path) -> None:
    secret = make_media(tmp_path / "secret.ts", sound=[TWO_SECONDS], sound_codec="aac")
    playlists = {
        "list.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n",
        "list.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n",
        "list.ffconcat": f"ffconcat version 1.0\nfile '{secret.name}'\n",
    }
    for name, content in playlists.items():
        path = _write(tmp_path, name, content.encode())
        with pytest.raises(InputError, match="no recording"), open_recording(path):
            pass
    assert "hls" not in readable_formats().split(",")
    assert "matroska" in readable_formats()


def test_an_mp4_without_its_index_is_named_so(tmp_path: Path) -> None:
    path = make_media(tmp_path / "talk.mp4", sound=[TWO_SECONDS], sound_codec="aac", times=[0, 1, 2])
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"moov") - 4])
    with pytest.raises(InputError, match="index"), open_recording(path):
        pass


def test_an_mp4_cut_short_gives_what_is_there(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32)
    path = make_media(
        tmp_path / "talk.mp4",
        sound=[noise],
        sound_codec="aac",
        times=np.arange(0, 10, 0.04),
        options={"movflags": "faststart"},
    )
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    with open_recording(path) as recording:
        heard = sum(block.seconds for block in recording.blocks())
        seen = [frame.time for frame in recording.frames(5)]
        assert 1 < heard < 9
        assert 1 < seen[-1] < 9
        assert any("the sound breaks off" in note for note in recording.notes)
        assert any("the video breaks off" in note for note in recording.notes)
        notes = recording.notes
        list(recording.blocks())
        assert recording.notes == notes, "a second pass says nothing twice"


def test_damaged_packets_are_skipped_and_noted(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(10 * RATE).astype(np.float32)
    path = make_media(tmp_path / "talk.mkv", sound=[noise], sound_codec="flac", times=np.arange(0, 10, 0.04))
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = np.random.default_rng(1).bytes(3000)
    path.write_bytes(bytes(content))
    with open_recording(path) as recording:
        blocks = list(recording.blocks())
        assert sum(block.seconds for block in blocks) == pytest.approx(10, abs=1)
        assert any("damaged" in note for note in recording.notes)
        assert list(recording.frames(5))[-1].time > 9


def test_every_cut_of_a_file_gives_a_recording_or_a_clear_error(tmp_path: Path) -> None:
    whole = make_media(
        tmp_path / "whole.mkv", sound=[TWO_SECONDS], sound_codec="aac", times=np.arange(0, 2, 0.1)
    ).read_bytes()
    random = np.random.default_rng(2)
    for k in range(40):
        content = bytearray(whole[: int(random.integers(1, len(whole)))])
        if k % 2:
            for place in random.integers(0, len(content), 20):
                content[place] = int(random.integers(256))
        path = _write(tmp_path, "part.mkv", bytes(content))
        try:
            with open_recording(path) as recording:
                if recording.info.audio:
                    assert all(np.isfinite(block.samples).all() for block in recording.blocks())
                if recording.info.video:
                    assert all(frame.image.dtype == np.uint8 for frame in recording.frames(5))
        except InputError:
            pass


def test_absurd_files_are_refused(tmp_path: Path) -> None:
    path = make_media(tmp_path / "long.mkv", sound=[TWO_SECONDS], gap=(1.024, 90_000))
    with pytest.raises(InputError, match=r"25\.0 hours"), open_recording(path):
        pass
    path = make_media(tmp_path / "many.mkv", sound=[TWO_SECONDS] * 17)
    with pytest.raises(InputError, match="17 sound tracks"), open_recording(path):
        pass


def test_standard_input_is_kept_and_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "kept"))
    (tmp_path / "kept").mkdir()
    content = make_media(tmp_path / "talk.wav", sound=[TWO_SECONDS]).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    with open_recording("-") as recording:
        assert recording.info.name == "standard input"
        assert recording.info.sha256 == hashlib.sha256(content).hexdigest()
        assert sum(block.seconds for block in recording.blocks()) == pytest.approx(2)
        assert len(list((tmp_path / "kept").iterdir())) == 1
    assert list((tmp_path / "kept").iterdir()) == []
    with pytest.raises(InputError, match="no bytes"), open_recording(io.BytesIO(b"")):
        pass
    assert list((tmp_path / "kept").iterdir()) == []


def test_standard_input_stops_before_the_disk_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standard_input, "SPARE", 1 << 62)
    with pytest.raises(InputError, match="disk is full"), open_recording(io.BytesIO(b"x" * 5000)):
        pass


@pytest.mark.parametrize(
    ("name", "seconds", "video"),
    [
        ("grid_meeting.mp4", 23.36, (360, 288)),
        ("debate_5s.mp4", 5.02, (640, 360)),
        ("face_noface.mov", 6.42, (960, 540)),
        ("no_face.mp4", 3.95, (960, 540)),
        ("meld_test_dia0_utt0.wav", 2.27, None),
    ],
)
def test_real_recordings(
    shared_media: Path, name: str, seconds: float, video: tuple[int, int] | None
) -> None:
    with open_recording(shared_media / name) as recording:
        info = recording.info
        assert info.duration == pytest.approx(seconds, abs=0.01)
        assert sum(block.seconds for block in recording.blocks()) == pytest.approx(seconds, abs=0.05)
        assert (info.video and (info.video.width, info.video.height)) == video
        if video:
            frames = list(recording.frames(5, longest_side=160))
            assert len(frames) == pytest.approx(5 * seconds, abs=1.5)
            assert max(frames[0].image.shape) == 160
        assert recording.notes == ()
