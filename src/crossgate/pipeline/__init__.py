"""What a user calls: from conversations to predictions."""
