"""Files of strangers, fuzzed: transcripts, results, manifests, tables, pickles and settings."""

from __future__ import annotations

from checks._fuzz.drive import fuzz
from checks._fuzz.seeds import TRANSCRIPTS
from promise import Effort, Outcome

PROMISE = (
    "whatever a file holds that is read, it is read or refused in words: no crash, no case of over 2 s "
    "or 500 MB, nothing written elsewhere, nothing started"
)
LIMIT = 1500


def check(effort: Effort) -> Outcome:
    """25,000 damaged files a reader, 200,000 at share 8; of settings, slow to read, fewer."""
    return fuzz(effort, (*TRANSCRIPTS, "result", "manifest", "table", "pickle", "experiment", "benchmark"))
