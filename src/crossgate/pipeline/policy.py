"""Usage policies: what may be looked at where the law draws a line. No legal advice; docs/intended-use.md."""

from __future__ import annotations

from dataclasses import dataclass

from crossgate.conversation import Modality
from crossgate.errors import InputError


@dataclass(frozen=True)
class Policy:
    """A rule that holds for a whole analysis and is stated in everything that comes of it.

    Attributes:
        name: as users write it.
        modalities: the only ones that are measured.
        notice: the sentence every output carries.
    """

    name: str
    modalities: tuple[Modality, ...]
    notice: str


EU_WORK_EDUCATION = Policy(
    "eu-work-education",
    ("text",),
    "Policy eu-work-education: emotions were read from text alone, not from voice or face. The EU AI Act "
    "(Regulation 2024/1689, Article 5(1)(f)) bans inferring emotions from biometric data at work and in "
    "education, but for medical and safety reasons.",
)

POLICIES = (EU_WORK_EDUCATION,)


def find_policy(name: str) -> Policy:
    """The policy of a name. Raises InputError naming those there are."""
    for policy in POLICIES:
        if policy.name == name:
            return policy
    raise InputError(f"policy is {name!r}, expected {', '.join(policy.name for policy in POLICIES)}")
