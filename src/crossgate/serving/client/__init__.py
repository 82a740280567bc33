"""The service from Python: `crossgate.Client`. Needs the extra `serve`."""
