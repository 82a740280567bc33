"""A corpus that is generated, with known ceilings: for the demo and the tests, never presented as data."""

from crossgate.corpora.surrogate.generate import (
    CEILINGS_FILE,
    generate_surrogate,
    is_generated,
    read_ceilings,
)
from crossgate.corpora.surrogate.settings import SurrogateSettings

__all__ = ["CEILINGS_FILE", "SurrogateSettings", "generate_surrogate", "is_generated", "read_ceilings"]
