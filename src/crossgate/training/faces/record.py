"""The curves of a run that trains the face network."""

from __future__ import annotations

from crossgate.training.record import EpochLog


class FaceLog(EpochLog):
    """The curves, with accuracy beside the bar."""

    def _figures(self) -> str:
        scores = [row["validation/accuracy"] for row in self._rows]
        loss = self._rows[-1]["train/loss"]
        return f"loss {loss:.3f}  accuracy {100 * scores[-1]:.2f}  best {100 * max(scores):.2f}"
