"""What is said, as vectors: a frozen sentence encoder, and the text encoder that is trained here."""
