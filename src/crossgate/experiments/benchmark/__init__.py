"""Models x corpora x seeds under one protocol, with the same tuning budget for everybody."""
