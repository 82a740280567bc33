"""Transcripts in the formats of other tools -> segments."""
