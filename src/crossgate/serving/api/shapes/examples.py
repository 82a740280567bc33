"""Examples of what is sent and answered."""

from __future__ import annotations

from typing import Any

ID = "5f0c8a1e9b7d4c2f8a6b3d1e0f9c7a5b"
CURSOR = "WyIyMDI2LTAxLTMxVDEyOjAwOjAwKzAwOjAwIiwgIjVmMGM4YTFlOWI3ZDRjMmY4YTZiM2QxZTBmOWM3YTViIl0"
RECORDING_PATH = f"/v1/recordings/{ID}"

SETTINGS = {"policy": "eu-work-education", "speakers": 2}
NAMED = {"url": "s3://talks/incoming/meeting.mp4", "transcript_url": "s3://talks/incoming/meeting.vtt"}
VERDICT = {"emotion": "sadness", "note": "she is being ironic"}

PROBLEM = {
    "type": "about:blank",
    "title": "There is no such recording",
    "status": 404,
    "instance": RECORDING_PATH,
}
INVALID = {
    "type": "about:blank",
    "title": "This cannot be used",
    "status": 422,
    "instance": "/v1/recordings",
    "errors": [{"loc": ["query", "limit"], "msg": "Input should be less than or equal to 200"}],
}

RECORDING: dict[str, Any] = {
    "id": ID,
    "name": "Weekly meeting",
    "kind": "video",
    "duration": 61.5,
    "bytes": 4_200_000,
    "has_transcript": True,
    "state": "COMPLETED",
    "progress": {"step": None, "share": 1.0},
    "created": "2026-01-31T12:00:00Z",
    "started": "2026-01-31T12:00:01Z",
    "finished": "2026-01-31T12:00:31Z",
    "expires": "2026-03-02T12:00:00Z",
    "attempts": 1,
    "error": None,
    "model": "crossgate-meld",
    "policy": None,
    "turns": 3,
    "corrections": 1,
    "emotions": {"neutral": 2, "joy": 1},
    "speakers": ["Ann", "Ben"],
}
EVENTS = (
    ": here\n\n"
    "event: progress\n"
    f'data: {{"id":"{ID}","state":"IN_PROGRESS","progress":{{"step":"looking for faces","share":0.4}}}}\n\n'
    "event: gone\ndata: {}\n\n"
)
CORRECTION = {
    "utterance_id": "u001",
    "predicted": "neutral",
    "emotion": "sadness",
    "note": "she is being ironic",
    "author": "Ann's token",
    "created": "2026-01-31T13:00:00Z",
}
RECEIPT = {
    "id": ID,
    "deleted": "2026-01-31T14:00:00Z",
    "removed": {"files": ["media", "result-1", "transcript.vtt"], "bytes": 4_250_000, "rows": 9},
    "remaining": {"files": 0, "rows": 0},
}
PENDING = {"id": ID, "deleted": None, "receipt": f"/v1/deletions/{ID}"}
LABELS = ["neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger"]
ME = {
    "project": "default",
    "scopes": ["read", "write", "admin"],
    "labels": LABELS,
    "colours": {"neutral": "#D0D0D0", "joy": "#F0E442"},
    "model": "crossgate-meld",
    "live_model": "crossgate-meld-live",
    "policy": None,
    "limits": {"bytes": 2_000_000_000, "seconds": 14_400},
    "retention_days": 30,
    "version": "0.1.0",
}
HEALTH = {"status": "ok", "database": "ok", "workers": 1}

_PROBABILITIES = {"neutral": 0.7, "joy": 0.3}
_USE = {"present": True, "share": 1.0, "note": None}
_NO_USE = {"present": False, "share": 0.0, "note": "the recording is a text"}
RESULT = {
    "schema_version": "1.0",
    "media": {"name": "chat.csv", "kind": "text", "duration": None, "sha256": "0" * 64},
    "model": {
        "name": "crossgate-meld",
        "version": "0.1.0",
        "sha256": "1" * 64,
        "causal": False,
        "temperature": 1.2,
        "confidence_threshold": 0.4,
        "features": {"text": "turns 1.0 (384)"},
    },
    "labels": ["neutral", "joy"],
    "policy": None,
    "settings": {"turns": "transcript"},
    "speakers": [{"name": "Ann", "turns": 1, "seconds": None}],
    "utterances": [
        {
            "id": "u001",
            "speaker": "Ann",
            "start": None,
            "end": None,
            "text": "You did what?",
            "emotion": "neutral",
            "confidence": 0.7,
            "abstained": False,
            "probabilities": _PROBABILITIES,
            "modalities": {"text": _USE, "audio": _NO_USE, "visual": _NO_USE},
            "views": {"t": _PROBABILITIES},
        }
    ],
    "warnings": [],
    "summary": None,
}
VIEW = {
    "result": RESULT,
    "colours": {"neutral": "#D0D0D0", "joy": "#F0E442"},
    "letters": {"neutral": "n", "joy": "j"},
    "media": None,
}
METRICS = 'crossgate_recordings{state="COMPLETED"} 12.0\ncrossgate_workers 1.0\n'
