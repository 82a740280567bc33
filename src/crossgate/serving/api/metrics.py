"""What the service tells Prometheus: numbers, and no label that a user could make up."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from crossgate.serving.storage.tables import STATES

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counts of one service, in a registry of their own.

    Args:
        live_sessions: how many live conversations there are; None where there can be none.
    """

    def __init__(self, live_sessions: Callable[[], int] | None = None) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "crossgate_http_requests",
            "Requests that were answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "crossgate_http_request_seconds",
            "From a request's head to the end of its answer.",
            ("route", "method"),
            registry=self.registry,
        )
        self._recordings = Gauge(
            "crossgate_recordings", "Recordings of all projects.", ("state",), registry=self.registry
        )
        self._workers = Gauge(
            "crossgate_workers", "Processes that analyse, ready or at work.", registry=self.registry
        )
        self.streams = Gauge("crossgate_event_streams", "Open streams of progress.", registry=self.registry)
        if live_sessions is not None:
            live = Gauge("crossgate_live_sessions", "Live conversations.", registry=self.registry)
            live.set_function(live_sessions)

    def observe(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count an answer; `route` is the template of its address."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route, method).observe(seconds)

    def text(self, by_state: Mapping[str, int], workers: int) -> bytes:
        """All of it, in Prometheus' text format."""
        for state in STATES:
            self._recordings.labels(state).set(by_state.get(state, 0))
        self._workers.set(workers)
        return generate_latest(self.registry)
