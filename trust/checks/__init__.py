"""A module a promise: PROMISE in words, LIMIT in seconds, and `check(effort) -> Outcome`."""
