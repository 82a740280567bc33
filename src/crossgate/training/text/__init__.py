"""The trainer of the text encoder."""
