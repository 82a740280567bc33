"""A released corpus with its recordings -> a corpus table with features."""
