"""What runs in a process of its own, with the model in memory; it knows nothing of the database."""
