"""What is wrong with a corpus, found before a model is trained on it."""

from crossgate.corpora.audit.inspect import audit

__all__ = ["audit"]
