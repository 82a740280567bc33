"""What a benchmark came to: scores and tests, tables, pictures."""
