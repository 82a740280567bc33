"""How the speaker looks, as vectors: faces found, followed, chosen and read."""
