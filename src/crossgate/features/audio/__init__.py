"""How it is said, as vectors: prosody and other measurements of a voice."""
