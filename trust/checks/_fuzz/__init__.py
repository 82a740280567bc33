"""Fuzzing: what is read, what it is fed, what it may not do, and the processes it is done in."""
