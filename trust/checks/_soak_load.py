"""The load of the soak: people who send, look, correct, talk and delete, and some who do it wrongly."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import httpx2

from checks._service import TALK, Service
from crossgate.errors import InputError
from crossgate.sample import RECORDING, TRANSCRIPT
from crossgate.serving.client.client import Client

MOST_KEPT = 60
"""Recordings that are kept at a time; beyond, the oldest is deleted."""

LARGEST_TALK = 12
"""Turns of a live conversation."""

EXPORTS = ("json", "csv", "parquet", "html", "png")
"""Of a text, which has no times."""


class Load:
    """Draws what is done next, and keeps account of it.

    Attributes:
        accepted: recording -> whether it can be analysed.
        deleted: recordings.
        tried: requests.
        statuses: of the answers.
        wrong: a line for each answer that should not have been.
        talks: turns of live conversations.
    """

    def __init__(self, running: Service, draw: random.Random) -> None:
        self._draw = draw
        self._token = running.token("soak")
        self._other = running.token("other")
        self._url = running.url
        self._client = running.client(self._token)
        self._stranger = running.client(self._other)
        self.accepted: dict[str, bool] = {}
        self.deleted: set[str] = set()
        self.tried = self.talks = 0
        self.statuses: list[int] = []
        self.wrong: list[str] = []
        self._acts: dict[Callable[[], None], float] = {
            self.send_text: 5,
            self.look: 8,
            self.follow: 2,
            self.export: 4,
            self.correct: 3,
            self.get_corpus: 0.5,
            self.talk: 1,
            self.delete: 3,
            self.misbehave: 4,
            self.send_recording: 0.15,
            self.send_broken: 1,
        }

    def one(self) -> None:
        """One thing somebody does."""
        if len(self.accepted) - len(self.deleted) > MOST_KEPT:
            self.delete()
        else:
            self._draw.choices(list(self._acts), list(self._acts.values()))[0]()

    def warm_up(self) -> None:
        """Each of them some times, so that every cache is full and every library loaded."""
        for act in self._acts:
            for _ in range(1 if act == self.send_recording else 6):
                act()

    def send_text(self) -> None:
        """A transcript, which is analysed within a second."""
        lines = self._draw.randint(1, 40)
        content = TALK + "".join(f"Ben,It is {self._draw.random()} of what I had.\n" for _ in range(lines))
        self._sent(True, {"transcript": ("talk.csv", content)})

    def send_recording(self) -> None:
        """The sample of 25 seconds with sound and faces."""
        files = {
            "recording": ("talk.mp4", RECORDING.read_bytes()),
            "transcript": ("talk.vtt", TRANSCRIPT.read_bytes()),
        }
        self._sent(True, files)

    def send_broken(self) -> None:
        """No recording; not random bytes, of which FFmpeg takes some for sound."""
        self._sent(
            False, {"recording": ("talk.mp4", b"no recording at all\n" * self._draw.randint(1, 10_000))}
        )

    def look(self) -> None:
        """Lists and single ones."""
        self._ask("GET", "/v1/recordings", 200, params={"limit": 20})
        if (id := self._some()) is not None:
            self._ask("GET", f"/v1/recordings/{id}", 200)

    def follow(self) -> None:
        """The first events of a stream, broken off."""
        if (id := self._some()) is None:
            return
        self.tried += 1
        with self._client.stream("GET", f"/v1/recordings/{id}/events") as answer:
            self._note("GET events", answer.status_code, (200,))
            next(answer.iter_raw(), None)

    def export(self) -> None:
        """A result in some format, or that there is none yet."""
        if (id := self._some()) is not None:
            format = self._draw.choice(EXPORTS)
            self._ask("GET", f"/v1/recordings/{id}/exports/{format}", 200, 409)
            self._ask("GET", f"/v1/recordings/{id}/view", 200, 409)

    def correct(self) -> None:
        """A turn of a result, and sometimes take that back."""
        if (id := self._some()) is None:
            return
        answer = self._ask("GET", f"/v1/recordings/{id}/result", 200, 409)
        if answer.status_code == 200:
            content = answer.json()
            turn, label = self._draw.choice(content["utterances"])["id"], self._draw.choice(content["labels"])
            path = f"/v1/recordings/{id}/corrections/{turn}"
            self._ask("PUT", path, 200, json={"emotion": label})
            if self._draw.random() < 0.3:
                self._ask("DELETE", path, 204, 200)

    def get_corpus(self) -> None:
        """All that was corrected."""
        self._ask("GET", "/v1/corpus", 200, 409)

    def talk(self) -> None:
        """A live conversation."""
        self.tried += 1
        with Client(self._url, self._token) as client:
            try:
                with client.live(consent=True) as live:
                    for number in range(self._draw.randint(1, LARGEST_TALK)):
                        live.add(speaker="AB"[number % 2], text=f"I have {number} of them, and I hate it.")
                        self.talks += 1
            except InputError as error:
                self.wrong.append(f"live: {error.what}")

    def delete(self) -> None:
        """A recording, whatever its state."""
        if (id := self._some()) is not None:
            self.deleted.add(id)
            answer = self._ask("DELETE", f"/v1/recordings/{id}", 200, 202)
            if answer.status_code == 200 and answer.json()["remaining"] != {"files": 0, "rows": 0}:
                self.wrong.append(f"deleted, and left {answer.json()['remaining']}")

    def misbehave(self) -> None:
        """What is to be refused."""
        id = self._some() or "0" * 32
        wrong: list[tuple[str, str, int, dict[str, Any]]] = [
            ("GET", "/v1/recordings/../../etc/passwd", 404, {}),
            ("GET", "/v1/recordings?cursor=%00", 422, {}),
            ("POST", "/v1/recordings", 422, {"json": {"url": "http://169.254.169.254/latest"}}),
            ("POST", "/v1/recordings", 422, {"files": {"wrong": ("a", b"b")}}),
            ("POST", "/v1/recordings", 415, {"content": b"{}"}),
            ("PUT", f"/v1/recordings/{id}/corrections/none", 422, {"json": {"emotion": 3}}),
            ("GET", "/v1/me", 401, {"headers": {"Authorization": "Basic x"}}),
        ]
        method, path, status, more = self._draw.choice(wrong)
        # Of wrong tokens an address has 30 a minute.
        self._ask(method, path, status, *([429] if status == 401 else []), **more)
        self.tried += 1
        self._note("another's", self._stranger.get(f"/v1/recordings/{id}").status_code, (404,))

    def waiting(self) -> list[str]:
        """Recordings whose analysis is not over."""
        return [id for id, one in self.all_listed().items() if one["state"] in ("QUEUED", "IN_PROGRESS")]

    def all_listed(self) -> dict[str, dict[str, Any]]:
        """Recording -> what the service says of it."""
        found: dict[str, dict[str, Any]] = {}
        cursor: dict[str, Any] = {"limit": 200}
        while True:
            page = self._client.get("/v1/recordings", params=cursor).json()
            found |= {item["id"]: item for item in page["items"]}
            if page["next"] is None:
                return found
            cursor["cursor"] = page["next"]

    def delete_everything(self) -> None:
        """All that is left."""
        for id in self.accepted.keys() - self.deleted:
            self.deleted.add(id)
            self._ask("DELETE", f"/v1/recordings/{id}", 200)

    def let_go(self) -> None:
        """Close connections that are kept for later."""
        self.close()
        self._client = httpx2.Client(base_url=self._url, headers=self._client.headers, timeout=60)
        self._stranger = httpx2.Client(base_url=self._url, headers=self._stranger.headers, timeout=60)

    def close(self) -> None:
        """End the connections."""
        self._client.close()
        self._stranger.close()

    def _some(self) -> str | None:
        there = [id for id in self.accepted if id not in self.deleted]
        return self._draw.choice(there) if there else None

    def _sent(self, good: bool, files: dict[str, Any]) -> None:
        answer = self._ask("POST", "/v1/recordings", 202, files=files)
        if answer.status_code == 202:
            self.accepted[answer.json()["id"]] = good

    def _ask(self, method: str, path: str, *expected: int, **more: Any) -> httpx2.Response:
        self.tried += 1
        answer = self._client.request(method, path, **more)
        self._note(f"{method} {path}", answer.status_code, expected)
        return answer

    def _note(self, what: str, status: int, expected: tuple[int, ...]) -> None:
        self.statuses.append(status)
        if status not in expected:
            self.wrong.append(f"{what}: {status}, expected {' or '.join(map(str, expected))}")
