"""Recordings that lie, change in mid-stream, or lead elsewhere."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from crossgate.errors import InputError
from crossgate.media.decoding import containers, probe
from crossgate.media.decoding.containers import readable_formats
from crossgate.media.recording import open_recording
from made_media import clicks, make_media, pictures_of_sizes

RATE = 16000
SECOND = clicks(1, RATE, [0.5])


def wav(path: Path, rate: int) -> Path:
    content = bytes(2000)
    head = struct.pack("<IHHIIHH", 16, 1, 1, rate, 2 * rate, 2, 16)
    inside = b"WAVEfmt " + head + b"data" + struct.pack("<I", len(content)) + content
    path.write_bytes(b"RIFF" + struct.pack("<I", len(inside)) + inside)
    return path


def test_a_track_that_appears_in_mid_stream_does_not_end_in_an_error() -> None:
    class Grown:
        """PyAV at the end of a file in which a track has appeared: it may look for one it does not know."""

        calls = 0

        def demux(self, *streams: object) -> Iterator[str]:
            self.calls += 1
            if self.calls == 1:
                yield "first"
                raise IndexError("list index out of range")
            yield "end"

    assert list(containers.packets(Grown())) == ["first", "end"]


def test_a_picture_may_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = pictures_of_sizes(tmp_path / "film.avi", [(64, 48), (400, 300), (8, 8)])
    with open_recording(path) as recording:
        assert [frame.image.shape[1] for frame in recording.frames(10)] == [64, 400, 8]
    monkeypatch.setattr(containers, "MOST_PIXELS", 10_000)
    monkeypatch.setattr(probe, "MOST_PIXELS", 10_000)
    with open_recording(path) as recording:
        assert [frame.image.shape[1] for frame in recording.frames(10)] == [64, 8]
        assert any("1 damaged packet" in note for note in recording.notes)
    large = pictures_of_sizes(tmp_path / "large.avi", [(400, 300)])
    with pytest.raises(InputError, match="400 x 300 pixels"), open_recording(large):
        pass


@pytest.mark.parametrize("rate", [1, 999, 768_001])
def test_sound_of_an_absurd_rate_is_left_out(tmp_path: Path, rate: int) -> None:
    with (
        pytest.raises(InputError, match=f"of {rate} samples a second is left out"),
        open_recording(wav(tmp_path / "talk.wav", rate)),
    ):
        pass
    with open_recording(wav(tmp_path / "talk.wav", 1000)) as recording:
        assert recording.info.duration == pytest.approx(1)


def test_formats_that_read_what_lies_beside_are_not_tried(tmp_path: Path) -> None:
    for name in ("vobsub", "mlv"):
        assert name in av.formats_available, "nothing would be refused"
        assert name not in readable_formats().split(",")
    (tmp_path / "talk.sub").write_bytes(
        make_media(tmp_path / "a.mpg", sound=[SECOND], sound_codec="mp2").read_bytes()
    )
    (tmp_path / "talk.mp4").write_bytes(
        b"# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\n"
    )
    with (
        pytest.raises(InputError, match="no recording that FFmpeg can read"),
        open_recording(tmp_path / "talk.mp4"),
    ):
        pass
