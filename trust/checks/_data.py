"""The corpora that checks measure on, where they are at hand."""

from __future__ import annotations

import os
from pathlib import Path

from crossgate.corpora.table import Split, open_table

ROOT = Path(__file__).resolve().parents[2]


def data() -> Path | None:
    """The folder of the corpora: CROSSGATE_DATA, or shared/data beside the project; None where none is."""
    places = [os.environ.get("CROSSGATE_DATA", ""), ROOT.parent / "shared" / "data"]
    return next((Path(place) for place in places if place and (Path(place) / "meld").is_dir()), None)


def meld() -> Split | None:
    """MELD's validation split."""
    folder = data()
    return None if folder is None else open_table(folder / "meld").split("validation")
