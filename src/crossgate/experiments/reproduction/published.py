"""What others published on IEMOCAP (six emotions) and MELD (seven), to stand beside our own figures.

Accuracy and weighted F1 in percent, as their authors state them, collected and not measured by us. All of
these systems read texts with a fine-tuned RoBERTa-large.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OWN_PAPER = (
    "The paper of the method itself (Zhao, Ren, Zhou, Scientific Reports 15, 30004, 2025) is not in the "
    "table: its figures were not available to us."
)


@dataclass(frozen=True)
class Published:
    """A row of the literature.

    Attributes:
        system: its name.
        figures: accuracy and weighted F1 by corpus, as printed: a number, or a range; None where not given.
        note: how the epoch was chosen; empty where we do not know.
        source: who published it; empty where only the figures are known to us.
    """

    system: str
    figures: Mapping[str, tuple[str | None, str | None]]
    note: str = ""
    source: str = ""


PUBLISHED = (
    Published(
        "SDT, as published",
        {"iemocap": ("73.95", "74.08"), "meld": ("67.55", "66.60")},
        "best epoch chosen on the test set",
        "Ma et al., IEEE Transactions on Multimedia 26 (2024)",
    ),
    Published(
        "SDT, independent re-runs",
        {"iemocap": ("68.5-71.2", "68.8-71.2"), "meld": ("66.2-67.1", "65.1-66.1")},
        "validation selected, or 3-run means",
        "others than SDT's authors",
    ),
    Published(
        "MultiEMO",
        {"iemocap": (None, "72.84"), "meld": (None, "66.74")},
        "best epoch on test",
        "Shi, Huang, ACL 2023",
    ),
    Published(
        "TelME",
        {"iemocap": (None, "70.48"), "meld": (None, "67.37")},
        "dev selected",
        "Yun, Lim, Lee, NAACL 2024",
    ),
    Published(
        "HAUCL",
        {"iemocap": ("70.30", "70.27"), "meld": ("68.05", "66.72")},
        source="Yi et al., ACM Multimedia 2024",
    ),
    Published("BIG-FUSION", {"iemocap": ("72.64", "72.91"), "meld": ("68.24", "67.17")}),
    Published("DF-ERC", {"iemocap": ("71.84", "71.75"), "meld": ("68.28", "67.03")}),
    Published("HCMNet", {"iemocap": ("73.86", "74.62"), "meld": ("68.31", "68.94")}),
)
"""In the order of the table."""
