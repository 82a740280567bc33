"""Makes the sample that ships with the package: a short conversation of two people who do not exist.

    .venv/bin/python examples/make_sample.py src/crossgate/sample

The words were written for it, the voices are espeak-ng's (Debian package `espeak-ng`), the faces are drawn
below. It shows what the program does and says nothing of how well: nobody speaks or looks like that.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import wave
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

WIDTH, HEIGHT, FRAMES, RATE = 480, 272, 15, 22050
PAUSE = 0.45
SHARP = 3  # pictures are drawn this many times larger


@dataclass(frozen=True)
class Turn:
    """A turn: who, what, how it is spoken (pitch 0-99, words a minute, loudness 0-200) and looked."""

    speaker: str
    words: str
    mood: str
    pitch: int
    pace: int
    loudness: int


TALK = (
    Turn("Mara", "Hello Jonas. Did you read the letter?", "neutral", 50, 165, 100),
    Turn("Jonas", "Not yet. What does it say?", "neutral", 40, 165, 95),
    Turn("Mara", "We got the house! They said yes!", "joy", 75, 190, 140),
    Turn("Jonas", "What? I can't believe it!", "surprise", 70, 185, 140),
    Turn("Mara", "I am so happy, this is wonderful!", "joy", 78, 185, 140),
    Turn("Jonas", "But they want the money by Friday. That is just not fair!", "anger", 45, 195, 170),
    Turn("Mara", "Oh no. I am sorry, I thought we had more time.", "sadness", 35, 130, 75),
    Turn("Jonas", "We will find a way. Let us have dinner first.", "neutral", 40, 155, 90),
)
VOICES = {"Mara": "en-us+f3", "Jonas": "en-us+m3"}
SKINS = {"Mara": (216, 172, 144), "Jonas": (216, 174, 146)}
HAIRS = {"Mara": (70, 42, 28), "Jonas": (36, 32, 30)}
# Brows up and tilted (inner end up), eyes open, corners of the mouth up: shares of what is drawn at most.
LOOKS = {
    "neutral": (0.0, 0.0, 0.5, 0.0),
    "joy": (0.2, 0.0, 0.35, 1.0),
    "surprise": (1.0, 0.2, 1.0, 0.0),
    "anger": (-0.5, -1.0, 0.4, -0.7),
    "sadness": (0.1, 1.0, 0.3, -0.8),
}


def spoken(turn: Turn, folder: Path) -> np.ndarray:
    """The sound of a turn, (sample,) float, by espeak-ng."""
    path = folder / "turn.wav"
    options = ["-v", VOICES[turn.speaker], "-p", turn.pitch, "-s", turn.pace, "-a", turn.loudness]
    subprocess.run(["espeak-ng", *map(str, options), "-w", str(path), turn.words], check=True)
    with wave.open(str(path)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (RATE, 2, 1)
        return np.frombuffer(file.readframes(file.getnframes()), dtype="<i2") / 32768


def loudness(sound: np.ndarray, time: float) -> float:
    """How loud it is around a time, 0 to 1: what opens the mouth."""
    middle, half = int(time * RATE), RATE // FRAMES // 2
    piece = sound[max(0, middle - half) : middle + half]
    return min(1.0, 5 * float(np.sqrt(np.mean(piece**2)))) if len(piece) else 0.0


def face(name: str, mood: str, mouth: float, time: float) -> Image.Image:
    """A face of 200 x 240 pixels on the wall, drawn large and made small."""
    lift, tilt, eyes, corners = LOOKS[mood]
    s = SHARP
    width, height = 200 * s, 240 * s
    picture = Image.new("RGB", (width, height), (196, 201, 206))
    draw = ImageDraw.Draw(picture)
    sway = 3 * math.sin(1.3 * time + len(name)) * s
    x, y = width / 2 + sway, height * 0.50
    skin, hair = SKINS[name], HAIRS[name]
    dark = tuple(int(0.72 * c) for c in skin)

    def oval(cx: float, cy: float, rx: float, ry: float, fill: tuple[int, ...]) -> None:
        draw.ellipse((cx - rx * s, cy - ry * s, cx + rx * s, cy + ry * s), fill=fill)

    draw.rectangle((x - 24 * s, y + 50 * s, x + 24 * s, height), fill=dark)  # neck
    oval(x, height + 40 * s, 92, 75, (70, 90, 125) if name == "Jonas" else (140, 70, 80))  # shoulders
    if name == "Jonas":
        oval(x, y - 30 * s, 58, 60, hair)
    else:
        oval(x, y - 14 * s, 68, 84, hair)
        draw.rectangle((x - 66 * s, y - 14 * s, x + 66 * s, y + 60 * s), fill=hair)
    oval(x, y + 4 * s, 54, 72, skin)
    for side in (-1, 1):  # shade at the sides gives the face its depth
        shade = Image.new("L", (width, height), 0)
        ImageDraw.Draw(shade).ellipse(
            (x + side * 40 * s - 24 * s, y - 40 * s, x + side * 40 * s + 24 * s, y + 60 * s), fill=70
        )
        inside = Image.new("L", (width, height), 0)
        ImageDraw.Draw(inside).ellipse((x - 54 * s, y - 68 * s, x + 54 * s, y + 76 * s), fill=255)
        shade = Image.fromarray(np.minimum(np.asarray(shade.filter(ImageFilter.GaussianBlur(9 * s))), inside))
        picture.paste(Image.new("RGB", (width, height), dark), (0, 0), shade)
    draw = ImageDraw.Draw(picture)
    blink = 0.1 if (time + 0.37 * len(name)) % 3.4 < 0.12 else 1.0
    for side in (-1, 1):
        ex, ey = x + side * 22 * s, y - 12 * s
        oval(ex, ey - 2 * s, 15, 11, tuple(int(0.7 * c) for c in skin))  # socket
        opened = (3 + 4.5 * eyes) * blink
        oval(ex, ey, 10.5, opened, (238, 236, 232))
        oval(ex, ey, min(4.6, opened), min(4.6, opened), (52, 40, 34))
        draw.arc((ex - 11 * s, ey - (opened + 1) * s, ex + 11 * s, ey + 8 * s), 190, 350, (50, 36, 30), 2 * s)
        inner, outer = (
            (ex - side * 12 * s, ey - (15 + 6 * lift + 4 * tilt) * s),
            (ex + side * 14 * s, ey - (15 + 6 * lift - 3 * tilt) * s),
        )
        draw.line([inner, ((inner[0] + outer[0]) / 2, min(inner[1], outer[1]) - 2 * s), outer], hair, 5 * s)
    draw.line([(x - 3 * s, y - 6 * s), (x - 6 * s, y + 20 * s)], dark, 2 * s)  # nose
    draw.arc((x - 10 * s, y + 13 * s, x + 10 * s, y + 26 * s), 10, 170, dark, 3 * s)
    mx, my, half = x, y + 42 * s, (20 + 3 * corners) * s
    bend, gape = 9 * corners * s, (1.5 + 13 * mouth) * s
    steps = np.linspace(-1, 1, 25)
    curve = [my - bend * (t**2 - 0.4) for t in steps]
    top = [(mx + t * half, c - gape * (1 - t**2) / 2) for t, c in zip(steps, curve, strict=True)]
    bottom = [(mx + t * half, c + gape * (1 - t**2)) for t, c in zip(steps, curve, strict=True)]
    draw.polygon([*top, *reversed(bottom)], fill=(90, 30, 34))
    draw.line(top, (150, 70, 70), 4 * s)
    draw.line(bottom, (165, 82, 80), 4 * s)
    return picture.filter(ImageFilter.GaussianBlur(0.8 * s)).resize((200, 240), Image.Resampling.LANCZOS)


def main(folder: Path) -> None:
    """Write talk.mp4 and talk.vtt."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        sounds = [spoken(turn, Path(work)) for turn in TALK]
    starts, at = [], 0.5
    for sound in sounds:
        starts.append(at)
        at += len(sound) / RATE + PAUSE
    length = at + 0.3
    track = np.zeros(int(length * RATE))
    for start, sound in zip(starts, sounds, strict=True):
        first = int(start * RATE)
        track[first : first + len(sound)] += sound
    random = np.random.default_rng(0)
    track += 0.0008 * random.normal(size=len(track))  # a room is never silent
    noise = random.normal(scale=2.0, size=(8, HEIGHT, WIDTH, 3))  # nor a camera

    with av.open(str(folder / "talk.mp4"), "w") as file:
        picture = file.add_stream("libx264", rate=FRAMES, options={"crf": "29", "preset": "slow"})
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound_stream = file.add_stream("aac", rate=RATE, layout="mono")
        sound_stream.bit_rate = 48_000
        for number in range(int(length * FRAMES)):
            time = number / FRAMES
            image = Image.new("RGB", (WIDTH, HEIGHT), (196, 201, 206))
            for place, name in enumerate(VOICES):
                mood, mouth = "neutral", 0.0
                for turn, start, sound in zip(TALK, starts, sounds, strict=True):
                    if turn.speaker == name and start - 0.2 <= time < start + len(sound) / RATE + 0.3:
                        mood, mouth = turn.mood, loudness(sound, time - start)
                image.paste(face(name, mood, mouth, time), (25 + 230 * place, 32))
            pixels = np.clip(np.asarray(image) + noise[number % 8], 0, 255).astype(np.uint8)
            for packet in picture.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
                file.mux(packet)
        file.mux(picture.encode())
        samples = (np.clip(track, -1, 1) * 32767).astype(np.int16)
        for first in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[None, first : first + 1024], "s16", "mono")
            frame.sample_rate, frame.pts, frame.time_base = RATE, first, Fraction(1, RATE)
            for packet in sound_stream.encode(frame):
                file.mux(packet)
        file.mux(sound_stream.encode())

    cues = ["WEBVTT", ""]
    for turn, start, sound in zip(TALK, starts, sounds, strict=True):
        times = f"{clock(start)} --> {clock(start + len(sound) / RATE)}"
        cues += [times, f"<v {turn.speaker}>{turn.words}", ""]
    (folder / "talk.vtt").write_text("\n".join(cues), encoding="utf-8")


def clock(seconds: float) -> str:
    """`00:00:01.500`."""
    minutes, rest = divmod(seconds, 60)
    return f"00:{int(minutes):02}:{rest:06.3f}"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
