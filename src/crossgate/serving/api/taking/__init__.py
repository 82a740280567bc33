"""Taking recordings in: forms as they stream, URLs of allowed stores, names, settings."""
