"""One file a format: its text -> the segments it holds, with their places, before any check."""
