"""Corpora and the table they are stored in: readers, importers, audit, surrogate."""
