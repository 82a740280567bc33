"""A checkpoint in the format of another runtime."""
