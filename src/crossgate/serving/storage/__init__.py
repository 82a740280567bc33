"""What is kept: projects, tokens, recordings, attempts, corrections, receipts of deletions, and the files."""
